namespace Xen2Kvm.Browser.Tests;

/// <summary>Serves the demo for a person to look at: X2K_DEMO_PORT=5080 and X2K_DEMO_STOP=FILE; it ends when the file appears.</summary>
public sealed class DemoServer(DashboardFixture dashboard)
{
    [Fact]
    public async Task It_serves_until_told_to_stop()
    {
        var stop = Environment.GetEnvironmentVariable("X2K_DEMO_STOP");
        Assert.SkipWhen(stop is null, "Only when asked for, with X2K_DEMO_STOP.");
        await dashboard.FillAsync();
        while (!File.Exists(stop))
        {
            await Task.Delay(500, TestContext.Current.CancellationToken);
        }
    }
}
