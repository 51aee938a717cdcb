using Xen2Kvm.Bench;

// size DASHBOARD.dll WORK SSH STEP…: each step prints rows of a Markdown table.
var places = new Places(args[0], args[1], args[2]);
foreach (var step in args[3..])
{
    Numbers.Say(step);
    await (step.Split('=') switch
    {
        ["hosts"] => HostsAsync(),
        ["inventory"] => WithDashboardAsync(InventorySteps.RunAsync),
        ["moves"] => MovesAsync(),
        ["start"] => StartsAsync(),
        ["guests"] => WithDashboardAsync(GuestSteps.RunAsync),
        ["log"] => WithDashboardAsync(LogSteps.RunAsync),
        ["wave", var minutes] => WithDashboardAsync((at, dashboard) => WaveSteps.RunAsync(at, dashboard, int.Parse(minutes, System.Globalization.CultureInfo.InvariantCulture))),
        ["serve"] => WithDashboardAsync(async (_, dashboard) =>
        {
            Numbers.Say($"{dashboard.Address}; ends with Enter");
            await Console.In.ReadLineAsync();
        }),
        _ => throw new ArgumentException($"There is no step {step}."),
    });
}

return 0;

async Task HostsAsync()
{
    await using var installation = await Installation.OpenAsync(places);
    await installation.AddHostsAsync(places.Hosts);
}

async Task MovesAsync()
{
    await using var installation = await Installation.OpenAsync(places);
    var (wave, log) = await installation.AddMovesAsync();
    await File.WriteAllTextAsync(places.Ids, $"{wave} {log}");
}

async Task WithDashboardAsync(Func<Places, Dashboard, Task> work)
{
    await using var dashboard = await Dashboard.StartAsync(places, Port());
    await work(places, dashboard);
}

async Task StartsAsync()
{
    var (page, cpu) = (new List<double>(), new List<double>());
    for (var round = 0; round < 5; round++)
    {
        await using var dashboard = await Dashboard.StartAsync(places, Port());
        page.Add(dashboard.FirstPage.TotalSeconds);
        cpu.Add(dashboard.Cpu().TotalSeconds);
    }

    Numbers.Row("until the page to sign in", Numbers.Median(page), page.Max(), Numbers.Median(cpu));
}

static int Port() => Random.Shared.Next(20000, 30000);
