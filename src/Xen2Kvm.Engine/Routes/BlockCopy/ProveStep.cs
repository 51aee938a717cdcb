using System.Globalization;
using System.Text.RegularExpressions;
using Xen2Kvm.Domain.Planning;
using Xen2Kvm.Domain.Runs;
using Xen2Kvm.Engine.Runs;

namespace Xen2Kvm.Engine.Routes.BlockCopy;

/// <summary>What was seen of the guest on its new host.</summary>
internal sealed record ProofOutput
{
    /// <summary>A login prompt came up on the serial console.</summary>
    public required bool LoginPrompt { get; init; }

    /// <summary>The host name in that prompt, or null.</summary>
    public string? Hostname { get; init; }

    /// <summary>It answers a ping; null when no address was given.</summary>
    public bool? Ping { get; init; }

    /// <summary>It accepts a connection on the port; null when none was given.</summary>
    public bool? Tcp { get; init; }

    /// <summary>A screenshot was taken.</summary>
    public bool Screenshot { get; init; }

    /// <summary>Seconds from the shutdown request until it answered; null when it was off before.</summary>
    public double? DowntimeSeconds { get; init; }
}

/// <summary>Waits until the guest is proven to work: login prompt, ping, port. Keeps console and screenshot.</summary>
internal sealed partial class ProveStep : StepBase
{
    public override string Id => "prove";

    public override string Title(Plan plan) => "Prove that it works";

    public override Task<StepOutcome> ProbeAsync(StepContext context, CancellationToken cancellationToken) =>
        Task.FromResult<StepOutcome>(new StepOutcome.NotStarted());

    public override Task<StepOutcome> StartAsync(StepContext context, CancellationToken cancellationToken) =>
        ObserveAsync(context, context.Time.GetUtcNow().ToString("O", CultureInfo.InvariantCulture), cancellationToken);

    public override async Task<StepOutcome> ObserveAsync(StepContext context, string handle, CancellationToken cancellationToken)
    {
        var proof = context.Plan.Proof;
        var console = await context.Kvm.ReadConsoleAsync(context.Plan.Target.Name, cancellationToken).ConfigureAwait(false);
        var login = LoginPrompt().Matches(console).LastOrDefault();
        var ping = proof.PingAddress is { } address ? await context.Kvm.PingAsync(address, cancellationToken).ConfigureAwait(false) : (bool?)null;
        var tcp = proof is { PingAddress: { } at, TcpPort: { } port }
            ? await context.Kvm.ConnectTcpAsync(at, port, cancellationToken).ConfigureAwait(false)
            : (bool?)null;
        if (context.Run.UpAgainAt is null && (tcp ?? ping ?? login is not null))
        {
            context.UpAgainAt = context.Time.GetUtcNow();
        }

        var proven = login is not null && ping is not false && tcp is not false;
        var waited = context.Time.GetUtcNow() - DateTimeOffset.Parse(handle, CultureInfo.InvariantCulture);
        if (!proven && waited < TimeSpan.FromSeconds(proof.TimeoutSeconds))
        {
            return new StepOutcome.Running(handle, new StepProgress
            {
                Text = $"Waiting for {Missing(login, ping, tcp, proof)}", At = context.Time.GetUtcNow(),
            });
        }

        await context.KeepAsync("console.txt", console, cancellationToken).ConfigureAwait(false);
        var picture = await context.Kvm.ScreenshotAsync(context.Plan.Target.Name, cancellationToken).ConfigureAwait(false);
        if (picture is not null)
        {
            await context.Runs.SaveEvidenceAsync(
                context.Run.Id, new RunEvidence("screen.png", "image/png", picture, context.Time.GetUtcNow()), cancellationToken).ConfigureAwait(false);
        }

        if (!proven)
        {
            return new StepOutcome.Failed(
                $"{context.Plan.Target.Name} started on {context.TargetHost.Name} but within {proof.TimeoutSeconds} s there was no {Missing(login, ping, tcp, proof)}. Look at its console and screenshot below; then resume to check again, or roll back.");
        }

        var up = context.UpAgainAt ?? context.Run.UpAgainAt;
        return new StepOutcome.Done(new ProofOutput
        {
            LoginPrompt = true,
            Hostname = login!.Groups["host"].Value is { Length: > 0 } host ? host : null,
            Ping = ping,
            Tcp = tcp,
            Screenshot = picture is not null,
            DowntimeSeconds = (up - context.Run.DownSince)?.TotalSeconds,
        });
    }

    public override async Task<StepRehearsal> RehearseAsync(StepContext context, CancellationToken cancellationToken)
    {
        var proof = context.Plan.Proof;
        if (proof.PingAddress is { } address)
        {
            await context.Kvm.PingAsync(address, cancellationToken).ConfigureAwait(false);
            if (proof.TcpPort is { } port)
            {
                await context.Kvm.ConnectTcpAsync(address, port, cancellationToken).ConfigureAwait(false);
            }
        }

        return new(Note: $"Again and again for up to {proof.TimeoutSeconds} s, together with the serial console. Now it is the guest on {context.SourceHost.Name} that is asked.");
    }

    private static string Missing(Match? login, bool? ping, bool? tcp, ProofSettings proof) => string.Join(", no ",
        new[]
        {
            login is null ? "login prompt on the serial console" : null,
            ping is false ? $"answer to ping at {proof.PingAddress}" : null,
            tcp is false ? $"connection to port {proof.TcpPort}" : null,
        }.Where(part => part is not null));

    [GeneratedRegex(@"(?<host>[A-Za-z0-9._-]+)?\s*login:", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex LoginPrompt();
}
