using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Playwright;
using Xen2Kvm.Domain.Planning;
using Xen2Kvm.Domain.Runs;
using Xen2Kvm.Engine.Ports;

namespace Xen2Kvm.Bench;

/// <summary>500 runs that all go on, and 50 browsers on the page of their wave: three real ones, and 47 circuits without a screen.</summary>
internal static class WaveSteps
{
    private const int Screens = 3;
    private const int Circuits = 47;

    // What is drawn, and when: each text of a row that has a rate. Kept in the page, so that watching costs no traffic.
    private const string Watch = """
        () => {
            window.seen = [];
            const last = new Map();
            const look = () => {
                const now = Date.now();
                for (const row of document.querySelectorAll('.wave-table tr[data-guest]')) {
                    const rate = row.querySelector('.where-why')?.textContent.match(/([\d,]+) MB\/s/)?.[1].replace(',', '');
                    if (rate && last.get(row.dataset.guest) !== rate) {
                        if (last.has(row.dataset.guest)) { window.seen.push([row.dataset.guest, rate, String(now)]); }
                        last.set(row.dataset.guest, rate);
                    }
                }
            };
            new MutationObserver(look).observe(document.querySelector('.wave-table tbody'), { childList: true, subtree: true, characterData: true });
        }
        """;

    /// <summary>Measures for so many minutes.</summary>
    public static async Task RunAsync(Places places, Dashboard dashboard, int minutes)
    {
        var wave = Guid.Parse((await File.ReadAllTextAsync(places.Ids)).Split(' ')[0]);
        await using var installation = await Installation.OpenAsync(places);
        var writer = new RunWriter(installation.Services, await RunsAsync(installation.Services, wave));
        using var end = new CancellationTokenSource();
        var writing = writer.RunAsync(end.Token);

        await using var browsing = await Browsing.StartAsync(dashboard.Address);
        var (pages, circuits) = (new List<IPage>(), new List<CircuitClient>());
        while (pages.Count < Screens)
        {
            var page = await browsing.OpenAsync();
            await page.GotoAsync($"/waves/{wave}");
            await page.WaitForSelectorAsync(".wave-table tr[data-guest]");
            await page.EvaluateAsync(Watch);
            pages.Add(page);
        }

        var server = new ProcessTree(int.Parse(File.ReadLines(Path.Combine(places.Database, "data", "postmaster.pid")).First(), CultureInfo.InvariantCulture));
        var chromium = ProcessTree.Of("chromium");
        await MeasureAsync($"{Screens} Chromium", 1);
        var cookies = string.Join("; ", (await pages[0].Context.CookiesAsync()).Select(cookie => $"{cookie.Name}={cookie.Value}"));
        while (circuits.Count < Circuits)
        {
            circuits.Add(await CircuitClient.OpenAsync(dashboard.Address, $"/waves/{wave}", cookies));
        }

        await MeasureAsync($"{Screens} Chromium and {Circuits} circuits", minutes);
        await end.CancelAsync();
        await writing;
        if (circuits.FirstOrDefault(circuit => circuit.Fault is not null) is { } broken)
        {
            throw new InvalidOperationException($"{circuits.Count(circuit => circuit.Fault is not null)} circuits broke: {broken.Fault}");
        }

        foreach (var circuit in circuits)
        {
            await circuit.DisposeAsync();
        }

        async Task MeasureAsync(string what, int length)
        {
            await Task.Delay(15_000);
            foreach (var page in pages)
            {
                await page.EvaluateAsync("() => { window.seen = []; }");
            }

            var (drawing, clock, cpu, events, postgres, own) = (chromium.Cpu(), Stopwatch.StartNew(), dashboard.Cpu(), writer.Events, server.Cpu(), Process.GetCurrentProcess().TotalProcessorTime);
            var (renders, bytes) = (circuits.Sum(circuit => circuit.Renders), circuits.Sum(circuit => circuit.Bytes));
            var memory = new List<long>();
            while (clock.Elapsed < TimeSpan.FromMinutes(length))
            {
                await Task.Delay(10_000);
                memory.Add(dashboard.ResidentMiB());
                if (memory.Count % 6 == 0)
                {
                    Numbers.Say($"{clock.Elapsed.TotalMinutes:0} min: {memory[^1]} MiB, {(dashboard.Cpu() - cpu) / clock.Elapsed:0.00} cores, {(writer.Events - events) / clock.Elapsed.TotalSeconds:0} events/s, {circuits.Count(circuit => circuit.Fault is not null)} broken");
                }
            }

            var (seconds, used) = (clock.Elapsed.TotalSeconds, (dashboard.Cpu() - cpu) / clock.Elapsed);
            var (database, browsers, bench) = ((server.Cpu() - postgres) / clock.Elapsed, (chromium.Cpu() - drawing) / clock.Elapsed, (Process.GetCurrentProcess().TotalProcessorTime - own) / clock.Elapsed);
            var late = new List<double>();
            foreach (var page in pages)
            {
                var seen = await page.EvaluateAsync<string[][]>("() => window.seen");
                late.AddRange(seen.Select(row => (Drawn: long.Parse(row[2], CultureInfo.InvariantCulture), Written: writer.WrittenAt(row[0], int.Parse(row[1], CultureInfo.InvariantCulture))))
                    .Where(pair => pair.Written is not null).Select(pair => (double)(pair.Drawn - pair.Written!.Value)));
            }

            var shown = circuits.Count == 0 ? "" : $"{(circuits.Sum(circuit => circuit.Renders) - renders) / seconds / circuits.Count:0.0}, {(circuits.Sum(circuit => circuit.Bytes) - bytes) / seconds / circuits.Count / 1024:0} KiB";
            Numbers.Row(
                what, $"{clock.Elapsed.TotalMinutes:0}", (writer.Events - events) / seconds, late.Count, Numbers.Median(late), Numbers.P95(late), late.DefaultIfEmpty(double.NaN).Max(), used, database, browsers, bench, shown,
                $"{memory[0]} – {memory[^1]}, most {memory.Max()}");
        }
    }

    private static async Task<IReadOnlyList<(Run, Plan)>> RunsAsync(IServiceProvider services, Guid wave)
    {
        var runs = new List<(Run, Plan)>();
        foreach (var run in (await services.GetRequiredService<IWaveStore>().ListRunsAsync(wave, default)).Where(run => run.State == RunState.Running))
        {
            runs.Add((run, (await services.GetRequiredService<IPlanStore>().FindAsync(run.PlanId, default))!));
        }

        return runs;
    }
}
