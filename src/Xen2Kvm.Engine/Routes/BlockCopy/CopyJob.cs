using System.Security.Cryptography;
using System.Text.Json;
using Xen2Kvm.Domain.Inventory;
using Xen2Kvm.Domain.Planning;
using Xen2Kvm.Domain.Runs;
using Xen2Kvm.Engine.Ports;
using Xen2Kvm.Engine.Runs;
using Xen2Kvm.Transfer;
using Xen2Kvm.Transfer.Jobs;

namespace Xen2Kvm.Engine.Routes.BlockCopy;

/// <summary>The transfer job of a run: one detached agent on the source host that copies and verifies all disks.</summary>
internal static class CopyJob
{
    // $1: name of the one-off key, $2: its line, or nothing to take it away. Other runs change the file at the same time, and it is people's way
    // in: one after the other, and as a whole or not at all, also on a full disk.
    internal const string AuthorizeScript = """
        set -e
        umask 077
        mkdir -p -- "$HOME/.ssh"
        exec 9<"$HOME/.ssh"
        flock -w 60 9
        keys=$(readlink -f -- "$HOME/.ssh/authorized_keys")
        new=$keys.$1
        trap 'rm -f -- "$new"' EXIT
        touch -- "$keys"
        cp -p -- "$keys" "$new"
        grep -vF -- " $1" "$keys" >"$new" || [ $? -eq 1 ]
        if [ -n "$2" ]; then printf '%s\n' "$2" >>"$new"; fi
        sync -- "$new"
        mv -f -- "$new" "$keys"
        """;

    private const string KeyScript = """
        set -e
        umask 077
        mkdir -p -- "$1"
        [ -s "$1/key" ] || ssh-keygen -q -t ed25519 -N '' -C "$2" -f "$1/key"
        printf '%s\n' "$3" >"$1/known_hosts"
        cat -- "$1/key.pub"
        """;

    /// <summary>The job's status as the agent on the source host tells it.</summary>
    public static async Task<TransferStatus> StatusAsync(StepContext context, CancellationToken cancellationToken)
    {
        var text = await context.Source.CheckAsync(Agent(context, "status"), cancellationToken).ConfigureAwait(false);
        return JsonSerializer.Deserialize(text, TransferJson.Default.TransferStatus)
            ?? throw new RemoteException(RemoteFailure.CommandFailed, context.SourceHost.Name, $"The agent on {context.SourceHost.Name} gave an empty status.");
    }

    /// <summary>Starts the job, or takes it up again where it was cut off.</summary>
    public static async Task StartAsync(StepContext context, CancellationToken cancellationToken)
    {
        var directory = RunPaths.Run(context.Run.Id);
        var there = await context.Source.RunAsync(new RemoteCommand("test", "-s", $"{directory}/job.json") { IsRead = true }, cancellationToken).ConfigureAwait(false);
        if (!there.Ok)
        {
            // The job is written last: what it needs is in place when it exists.
            await AuthorizeAsync(context, cancellationToken).ConfigureAwait(false);
            using var json = new MemoryStream(JsonSerializer.SerializeToUtf8Bytes(Describe(context), TransferJson.Default.TransferJob));
            await context.Source.UploadAsync(json, $"{directory}/job.json", "0600", cancellationToken).ConfigureAwait(false);
        }

        if (IsOnDrbd(context))
        {
            var paths = context.Plan.Target.Disks.SelectMany(disk => disk.CopiedParts()).Select(part => part.SourcePath);
            LogDrbd(context, await context.Xen.HoldDrbdAsync([.. paths], context.Run.Id, cancellationToken).ConfigureAwait(false));
        }

        await CopyLimit.BeginAsync(context, cancellationToken).ConfigureAwait(false);
        await context.Source.CheckAsync(Agent(context, "start"), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Stops the job at a safe point; what is durable stays.</summary>
    public static async Task CancelAsync(StepContext context, CancellationToken cancellationToken)
    {
        if (context.Output<CheckOutput>("check") is not null)
        {
            await context.Source.RunAsync(Agent(context, "cancel"), cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Takes the one-off key and the job away from both hosts.</summary>
    public static async Task CleanUpAsync(StepContext context, CancellationToken cancellationToken)
    {
        await context.Target.CheckAsync(
            RemoteCommand.Script(AuthorizeScript, KeyName(context), "") with { AsRoot = false }, cancellationToken).ConfigureAwait(false);
        if (IsOnDrbd(context))
        {
            LogDrbd(context, await context.Xen.ReleaseDrbdAsync(context.Run.Id, cancellationToken).ConfigureAwait(false));
        }

        await context.Source.CheckAsync(new RemoteCommand("rm", "-rf", "--", RunPaths.Run(context.Run.Id)), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The agent's numbers in the words of a run.</summary>
    public static StepProgress Progress(StepContext context, TransferStatus status, bool verifying)
    {
        var total = status.Disks.Sum(disk => disk.TotalBytes);
        var done = status.Disks.Sum(disk => verifying ? disk.VerifiedBytes : disk.DurableBytes);
        return new StepProgress
        {
            Text = status.Reconnecting ? $"Connecting {context.SourceHost.Name} to {context.TargetHost.Name} again" : verifying ? "Reading the target again and comparing" : "Copying",
            At = context.Time.GetUtcNow(),
            DoneBytes = done,
            TotalBytes = total,
            Pace = CopyLimit.PaceOf(status, context.Time.GetUtcNow()),
            Disks = [.. status.Disks.Select(disk => new DiskProgress
            {
                Disk = disk.Id,
                TotalBytes = disk.TotalBytes,
                ReadBytes = disk.ReadBytes,
                ZeroBytes = disk.ZeroBytes,
                SentBytes = disk.SentBytes,
                DurableBytes = disk.DurableBytes,
                VerifiedBytes = disk.VerifiedBytes,
                State = disk.State,
            })],
        };
    }

    private static bool IsOnDrbd(StepContext context) => context.Plan.Source.Disks.Any(disk => disk.Backing == DiskBacking.Drbd);

    private static void LogDrbd(StepContext context, IReadOnlyList<string> changes)
    {
        foreach (var line in changes)
        {
            context.Log($"{context.SourceHost.Name}: DRBD resource {line}.");
        }
    }

    private static TransferJob Describe(StepContext context)
    {
        var allocated = context.Output<AllocateOutput>("allocate")!;
        var disks = new List<TransferDisk>();
        foreach (var (disk, place) in context.Plan.Target.Disks.Zip(allocated.Disks))
        {
            var kind = place.Format == DiskFormat.Qcow2 ? "qcow2" : place.IsBlockDevice ? "block" : "file";
            disks.AddRange(disk.CopiedParts().Select(part => new TransferDisk
            {
                Id = part.SourceVdev,
                Source = part.SourcePath,
                Length = part.LengthBytes,
                Target = new TransferTarget { Kind = kind, Path = place.Path, Offset = part.OffsetBytes, Zeroes = place.IsBlockDevice ? "write" : "skip" },
            }));
        }

        foreach (var (name, file) in new[] { ("kernel", allocated.Kernel), ("initrd", allocated.Initrd) })
        {
            if (file is not null)
            {
                disks.Add(new TransferDisk
                {
                    Id = name, Source = file.SourcePath, Length = file.LengthBytes, Target = new TransferTarget { Kind = "file", Path = file.TargetPath, Zeroes = "skip" },
                });
            }
        }

        return new TransferJob
        {
            Id = context.Run.Id.ToString("N"),
            Transport = Transport(context),
            HashSeed = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8)),
            RateLimitBytesPerSecond = context.Plan.RateLimitBytesPerSecond,
            Disks = disks,
        };
    }

    private static IReadOnlyList<string> Transport(StepContext context)
    {
        var directory = RunPaths.Run(context.Run.Id);
        var target = context.TargetHost;
        return
        [
            "ssh", "-T", "-F", "/dev/null", "-i", $"{directory}/key", "-p", $"{target.Ssh.Port}", "-l", target.Ssh.User,
            "-o", "IdentitiesOnly=yes", "-o", "IdentityAgent=none", "-o", "BatchMode=yes", "-o", "Compression=no", "-o", "ConnectTimeout=15",
            "-o", "ServerAliveInterval=15", "-o", "ServerAliveCountMax=4", "-o", "StrictHostKeyChecking=yes", "-o", "HostKeyAlias=x2k-target",
            "-o", $"UserKnownHostsFile={directory}/known_hosts", "--", target.DataAddress ?? target.Ssh.Address, "x2k-agent",
        ];
    }

    private static async Task AuthorizeAsync(StepContext context, CancellationToken cancellationToken)
    {
        var agent = AgentPath(context.Run);
        var publicKey = await context.Source.CheckAsync(
            RemoteCommand.Script(KeyScript, RunPaths.Run(context.Run.Id), KeyName(context), $"x2k-target {context.TargetHost.Ssh.HostKey}") with
            {
                Rehearsed = "ssh-ed25519 (made when the run starts)",
            },
            cancellationToken)
            .ConfigureAwait(false);
        var sudo = context.TargetHost.Ssh.UseSudo ? "sudo -n " : "";
        // The key may do one thing only: start the receiver of this run.
        var line = $"command=\"{sudo}{agent} receive {RunPaths.Receive(context.Run.Id)}\",restrict {publicKey.Trim()}";
        await context.Target.CheckAsync(
            RemoteCommand.Script(AuthorizeScript, KeyName(context), line) with { AsRoot = false }, cancellationToken).ConfigureAwait(false);
        await context.Target.CheckAsync(
            RemoteCommand.Script("""umask 077; mkdir -p -- "$1" """, RunPaths.Receive(context.Run.Id)), cancellationToken).ConfigureAwait(false);
    }

    private static string KeyName(StepContext context) => $"x2k-run-{context.Run.Id:N}";

    private static RemoteCommand Agent(StepContext context, string verb) =>
        new(AgentPath(context.Run), verb, RunPaths.Run(context.Run.Id)) { Quiet = verb == "status" };

    /// <summary>The agent on both hosts.</summary>
    public static string AgentPath(Run run) => RunJson.Output<CheckOutput>(run, "check")!.AgentPath;
}
