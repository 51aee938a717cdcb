using System.Diagnostics;
using Microsoft.Playwright;

namespace Xen2Kvm.Bench;

/// <summary>Opens, sorts, filters, searches and scrolls the guests, by the API and in Chromium.</summary>
internal static class GuestSteps
{
    private const int Requests = 200;

    /// <summary>Measures.</summary>
    public static async Task RunAsync(Places places, Dashboard dashboard)
    {
        await ApiAsync(dashboard, "first rows", _ => "");
        await ApiAsync(dashboard, "sorted by memory, last first", _ => "&sort=-MemoryMiB");
        await ApiAsync(dashboard, "guests of one host", number => $"&host=xen{number:000}");
        await ApiAsync(dashboard, "without concerns, page by page", number => $"&concerns=neither&skip={number * 40}");
        await ApiAsync(dashboard, "search", number => $"&q=shop-{number:000}");
        await BrowserAsync(dashboard);
    }

    private static async Task ApiAsync(Dashboard dashboard, string what, Func<int, string> query)
    {
        var times = new List<double>();
        var begin = dashboard.Cpu();
        long bytes = 0;
        for (var number = 0; number < Requests && (number < 5 || times.Sum() < 60_000); number++)
        {
            var clock = Stopwatch.StartNew();
            bytes = (await dashboard.Api.GetByteArrayAsync(new Uri($"/api/v1/guests?most=100{query(number)}", UriKind.Relative))).Length;
            times.Add(clock.Elapsed.TotalMilliseconds);
        }

        Numbers.Row($"API: {what}", times.Count, Numbers.Median(times), Numbers.P95(times), times.Max(), (dashboard.Cpu() - begin).TotalMilliseconds / times.Count, $"{bytes / 1024} KiB");
    }

    private static async Task BrowserAsync(Dashboard dashboard)
    {
        await using var browsing = await Browsing.StartAsync(dashboard.Address);
        var page = await browsing.OpenAsync();
        const string first = "document.querySelector('.guest-table tbody tr td a')?.textContent";
        const string count = "document.querySelector('.page-head [role=status]')?.textContent ?? ''";
        await RepeatAsync("first rows, from a click on the menu", 20, async _ =>
        {
            await page.GotoAsync("/settings");
            await page.WaitForSelectorAsync("main h1");
            return await Browsing.TimeAsync(page, "document.querySelector('a[href=\"/guests\"], a[href=\"guests\"]').click()", $"location.pathname == '/guests' && !!({first})");
        });
        await RepeatAsync("sort", 60, number => Browsing.TimeAsync(
            page, $"window.before = document.querySelector('.guest-table tbody').textContent; document.querySelectorAll('.guest-table th button.sort')[{number % 2 * 6}].click()",
            "document.querySelector('.guest-table tbody').textContent != window.before"));
        await RepeatAsync("filter by host", 60, async number =>
        {
            var time = await Browsing.TimeAsync(
                page, $"const s = document.querySelectorAll('.filters select')[0]; window.before = {count}; s.value = [...s.options].find(o => o.textContent.includes('xen{number:000}')).value; s.dispatchEvent(new Event('change', {{ bubbles: true }}))",
                $"({count}) != window.before && ({first})?.includes('-{number:000}-')");
            await Browsing.TimeAsync(page, "[...document.querySelectorAll('.filters button')].find(b => b.textContent.includes('Show all')).click()", $"!({count}).includes(' of ')");
            return time;
        });
        await RepeatAsync("search, one letter after the other", 60, async number =>
        {
            var time = await Browsing.TimeAsync(
                page, $"const i = document.querySelector('.filters input[type=search]'); i.value = 'shop-{number:000}'; i.dispatchEvent(new Event('input', {{ bubbles: true }}))",
                $"({first})?.startsWith('shop-{number:000}') && ({count}).startsWith('5 of')");
            await Browsing.TimeAsync(page, "[...document.querySelectorAll('.filters button')].find(b => b.textContent.includes('Show all')).click()", $"!({count}).includes(' of ')");
            return time;
        });
        await ScrollAsync(page);

        async Task RepeatAsync(string what, int rounds, Func<int, Task<double>> measure)
        {
            var times = new List<double>();
            var begin = dashboard.Cpu();
            for (var number = 0; number < rounds; number++)
            {
                times.Add(await measure(number));
            }

            Numbers.Row($"Chromium: {what}", times.Count, Numbers.Median(times), Numbers.P95(times), times.Max(), (dashboard.Cpu() - begin).TotalMilliseconds / times.Count, "");
        }
    }

    // Jumps through the whole table, and looks until the rows of the place are there: how long it stayed without them.
    private static async Task ScrollAsync(IPage page)
    {
        var times = await page.EvaluateAsync<double[]>("""
            async () => {
                const box = document.querySelector('.guest-table'), times = [];
                const filled = () => {
                    const frame = box.getBoundingClientRect(), head = box.querySelector('thead').getBoundingClientRect().height;
                    const rows = [...box.querySelectorAll('tbody tr')].filter(r => r.cells.length > 1).map(r => r.getBoundingClientRect());
                    return rows.some(r => r.top <= frame.top + head + 38) && rows.some(r => r.bottom >= frame.bottom - 38);
                };
                for (let step = 1; step <= 100; step++) {
                    box.scrollTop = step * 3500;
                    const begin = performance.now();
                    do { await new Promise(requestAnimationFrame); } while (!filled() && performance.now() - begin < 20000);
                    times.push(performance.now() - begin);
                }
                return times;
            }
            """);
        Numbers.Row("Chromium: a jump of 95 rows while scrolling, until no row is missing", times.Length, Numbers.Median(times), Numbers.P95(times), times.Max(), "", "");
    }
}
