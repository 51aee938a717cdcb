using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Xen2Kvm.Domain.Inventory;
using Xen2Kvm.Engine.Ports;

namespace Xen2Kvm.Bench;

/// <summary>Takes the inventory of every host, as the worker does by itself, and again as a person asks for it.</summary>
internal static class InventorySteps
{
    /// <summary>Measures.</summary>
    public static async Task RunAsync(Places places, Dashboard dashboard)
    {
        await using var installation = await Installation.OpenAsync(places);
        var hosts = installation.Services.GetRequiredService<IHostStore>();
        Numbers.Say("waits for the worker's first look, a minute after the start");
        var idle = dashboard.Cpu();
        await UntilAsync(hosts, all => all.Any(host => host.LastSeenAt is not null));
        var (clock, begin, children) = (Stopwatch.StartNew(), dashboard.Cpu(), dashboard.CpuOfChildren());
        var all = await UntilAsync(hosts, all => all.All(host => host.LastSeenAt is not null || host.LastError is not null));
        Write("all hosts for the first time, by the worker", clock, begin, children);
        Numbers.Say($"{all.Count(host => host.LastError is null)} of {all.Count} hosts answered; {(begin - idle).TotalSeconds:0.0} s of processor before. {all.FirstOrDefault(host => host.LastError is not null)?.LastError}");
        (clock, begin, children) = (Stopwatch.StartNew(), dashboard.Cpu(), dashboard.CpuOfChildren());
        await Parallel.ForEachAsync(all, new ParallelOptions { MaxDegreeOfParallelism = 4 }, async (host, token) =>
        {
            using var answer = await dashboard.Api.PostAsync(new Uri($"/api/v1/hosts/{host.Name}/refresh", UriKind.Relative), null, token);
            answer.EnsureSuccessStatusCode();
        });
        Write("all hosts again, asked for by the API, four at a time", clock, begin, children);

        void Write(string what, Stopwatch time, TimeSpan from, TimeSpan fromChildren) => Numbers.Row(
            what, (dashboard.Cpu() - from).TotalSeconds, (dashboard.CpuOfChildren() - fromChildren).TotalSeconds, time.Elapsed.TotalSeconds, dashboard.ResidentMiB(), dashboard.PeakMiB());
    }

    // Asked of the database: the dashboard's own answer would cost it the very time that is measured.
    private static async Task<IReadOnlyList<Host>> UntilAsync(IHostStore hosts, Predicate<IReadOnlyList<Host>> done)
    {
        while (true)
        {
            var all = await hosts.ListAsync(default);
            if (done(all))
            {
                return all;
            }

            await Task.Delay(500);
        }
    }
}
