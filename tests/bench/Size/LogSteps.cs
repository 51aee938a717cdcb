using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json;

namespace Xen2Kvm.Bench;

/// <summary>Opens a log of a million lines at its end, and searches it.</summary>
internal static class LogSteps
{
    private const int Rounds = 20;

    /// <summary>Measures.</summary>
    public static async Task RunAsync(Places places, Dashboard dashboard)
    {
        var run = (await File.ReadAllTextAsync(places.Ids)).Split(' ')[1];
        await ApiAsync("the last 1000 lines", _ => "before=9223372036854775807&most=1000", lines => lines.GetArrayLength() == 1000 && Last(lines) == Installation.LogLines);
        await ApiAsync("search: found once", number => $"before=9223372036854775807&most=1000&q=from%20{999_995 - (number * 50_004)}", lines => lines.GetArrayLength() >= 1);
        await ApiAsync("search: found 200 times", _ => "before=9223372036854775807&most=1000&q=CONNECTION%20broke", lines => lines.GetArrayLength() is > 150 and < 250);
        await ApiAsync("search: found nowhere", number => $"before=9223372036854775807&most=1000&q=nowhere{number}", lines => lines.GetArrayLength() == 0);

        await using var browsing = await Browsing.StartAsync(dashboard.Address);
        var page = await browsing.OpenAsync();
        var (open, search) = (new List<double>(), new List<double>());
        for (var round = 0; round < Rounds; round++)
        {
            await page.GotoAsync("/settings");
            await page.WaitForSelectorAsync("main h1");
            open.Add(await Browsing.TimeAsync(
                page, $"Blazor.navigateTo('/runs/{run}?level=debug')", $"[...document.querySelectorAll('.log-line .text')].some(line => line.textContent.endsWith('from {Installation.LogLines}'))"));
            search.Add(await Browsing.TimeAsync(
                page, $"const i = document.querySelector('.log-search'); i.value = 'at block {5003 * (150 - round)};'; i.dispatchEvent(new Event('input', {{ bubbles: true }}))",
                $"document.querySelectorAll('.log-line').length == 1 && document.querySelector('.log-line .text').textContent.includes('at block {5003 * (150 - round)};')"));
        }

        Write("Chromium: the run's page, from the click until the last line is drawn", open);
        Write("Chromium: search for a line of the first three quarters, until it is drawn", search);

        async Task ApiAsync(string what, Func<int, string> query, Predicate<JsonElement> right)
        {
            var times = new List<double>();
            for (var round = 0; round < Rounds; round++)
            {
                var clock = Stopwatch.StartNew();
                var answer = await dashboard.Api.GetFromJsonAsync<JsonElement>(new Uri($"/api/v1/runs/{run}/log?{query(round)}", UriKind.Relative));
                times.Add(clock.Elapsed.TotalMilliseconds);
                if (!right(answer.GetProperty("lines")))
                {
                    throw new InvalidOperationException($"{what}: {answer.GetProperty("lines").GetArrayLength()} lines are not what was asked for.");
                }
            }

            Write($"API: {what}", times);
        }

        static void Write(string what, List<double> times) => Numbers.Row(what, times.Count, Numbers.Median(times), Numbers.P95(times), times.Max());
    }

    private static long Last(JsonElement lines) => lines[lines.GetArrayLength() - 1].GetProperty("sequence").GetInt64();
}
