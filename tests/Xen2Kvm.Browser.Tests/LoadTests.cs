using System.Diagnostics.Metrics;
using Microsoft.Playwright;

namespace Xen2Kvm.Browser.Tests;

/// <summary>What open pages cost the database.</summary>
public sealed class LoadTests(DashboardFixture dashboard)
{
    private static readonly TimeSpan _measured = TimeSpan.FromSeconds(8);

    [Fact]
    public async Task Ten_open_pages_of_a_run_ask_the_database_hardly_more_than_one()
    {
        await dashboard.FillAsync();
        var pages = new List<IPage> { await OpenAsync() };
        var one = await CommandsPerSecondAsync();
        while (pages.Count < 10)
        {
            pages.Add(await OpenAsync());
        }

        var ten = await CommandsPerSecondAsync();
        TestContext.Current.TestOutputHelper!.WriteLine($"Database commands a second: {one:0.0} with one page, {ten:0.0} with ten; the demo's own writes included.");
        foreach (var page in pages)
        {
            await page.Context.CloseAsync();
        }

        ten.ShouldBeLessThan(one + 4, "each page reads for itself");
        dashboard.ShouldNotHaveComplaints();
    }

    private async Task<IPage> OpenAsync()
    {
        var page = await dashboard.OpenAsync();
        await page.GotoAsync($"/runs/{dashboard.World.Runs["running"]}");
        await Assertions.Expect(page.Locator(".log-line").First).ToBeVisibleAsync();
        return page;
    }

    // The database driver counts its commands itself.
    private static async Task<double> CommandsPerSecondAsync()
    {
        var commands = 0;
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, listening) =>
            {
                if (instrument.Meter.Name == "Npgsql" && instrument.Name is "db.client.commands.duration" or "db.client.operation.duration")
                {
                    listening.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<double>((_, _, _, _) => Interlocked.Increment(ref commands));
        listener.Start();
        await Task.Delay(_measured, TestContext.Current.CancellationToken);
        commands.ShouldBeGreaterThan(0, "the driver's own count was not found");
        return commands / _measured.TotalSeconds;
    }
}
