using System.Globalization;
using System.Text;
using Xen2Kvm.Domain.Planning;
using Xen2Kvm.Engine.Ports;

namespace Xen2Kvm.Guests.Appliance;

/// <summary>
/// One libguestfs appliance on the KVM host, driven through guestfish's remote mode. It runs in a small virtual machine of its own that alone
/// opens the target's disks: the host's kernel never mounts a file system of the guest.
/// </summary>
/// <remarks>
/// Commands are sent with guestfish's "-" prefix: without it a failing command ends the server, 15 seconds of launch included. Its exit code
/// then says nothing, so a failure is told by the server's own error file, which the batch script empties before each command.
/// </remarks>
internal sealed class GuestfishSession : IAsyncDisposable
{
    // Linux takes 128 KiB an argument and 2 MiB in all; a batch stays far below both.
    private const int MaxBatchBytes = 64 * 1024;
    private const int MaxBatchCommands = 100;

    private readonly ApplianceOptions options;
    private readonly int processId;
    private bool closed;

    private GuestfishSession(IRemoteShell shell, string workDirectory, ApplianceOptions options, int processId)
    {
        Shell = shell;
        this.options = options;
        this.processId = processId;
        WorkDirectory = workDirectory;
    }

    /// <summary>The KVM host.</summary>
    public IRemoteShell Shell { get; }

    /// <summary>Directory on the KVM host for files on their way in and out.</summary>
    public string WorkDirectory { get; }

    /// <summary>Launches the appliance on the disks.</summary>
    /// <param name="shell">The KVM host.</param>
    /// <param name="disks">Path and format of each disk; the format is always given, because a raw disk's content could pretend to be qcow2.</param>
    /// <param name="workDirectory">Working directory on the host.</param>
    /// <param name="useKvm">Whether guests run under KVM on this host.</param>
    /// <param name="options">Settings.</param>
    /// <param name="progress">Progress lines.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <exception cref="RemoteException">guestfish is missing, or the appliance does not start.</exception>
    public static async Task<GuestfishSession> OpenAsync(
        IRemoteShell shell,
        IReadOnlyList<(string Path, DiskFormat Format)> disks,
        string workDirectory,
        bool useKvm,
        ApplianceOptions options,
        IProgress<string> progress,
        CancellationToken cancellationToken)
    {
        if (useKvm && options.Acceleration == ApplianceAcceleration.Auto)
        {
            try
            {
                return await LaunchAsync(shell, disks, workDirectory, tcg: false, options, cancellationToken).ConfigureAwait(false);
            }
            catch (Exception e) when (e is ApplianceLostException || (e is RemoteException { Failure: RemoteFailure.CommandFailed or RemoteFailure.TimedOut }))
            {
                progress.Report($"The appliance did not start with KVM ({e.Message}); starting it emulated");
            }
        }

        return await LaunchAsync(shell, disks, workDirectory, tcg: true, options, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Runs one command that must succeed.</summary>
    public async Task<GuestfishReply> RunAsync(IReadOnlyList<string> words, CancellationToken cancellationToken, TimeSpan? timeout = null) =>
        (await BatchAsync([GuestfishCommand.Must(words)], cancellationToken, timeout).ConfigureAwait(false))[0];

    /// <summary>Runs commands in order with as few round trips as possible; one reply for each.</summary>
    /// <exception cref="RemoteException">A required command failed; the message names it.</exception>
    /// <exception cref="ApplianceLostException">The appliance is gone.</exception>
    public async Task<IReadOnlyList<GuestfishReply>> BatchAsync(
        IReadOnlyList<GuestfishCommand> commands, CancellationToken cancellationToken, TimeSpan? timeout = null)
    {
        var replies = new List<GuestfishReply>(commands.Count);
        foreach (var chunk in Chunks(commands))
        {
            var arguments = new List<string> { WorkDirectory, processId.ToString(CultureInfo.InvariantCulture) };
            foreach (var command in chunk)
            {
                arguments.Add((command.Required ? "r" : "o") + command.Words.Count.ToString(CultureInfo.InvariantCulture));
                arguments.Add("-" + command.Words[0]);
                arguments.AddRange(command.Words.Skip(1));
            }

            var result = await Shell.RunAsync(
                RemoteCommand.Script(ApplianceScripts.Batch, arguments) with { Quiet = true, Timeout = timeout ?? options.BatchTimeout },
                cancellationToken).ConfigureAwait(false);
            Read(chunk, result, replies);
        }

        return replies;
    }

    /// <summary>Flushes everything to the disk and ends the appliance.</summary>
    public async Task CloseAsync(CancellationToken cancellationToken)
    {
        if (closed)
        {
            return;
        }

        closed = true;
        await Shell.RunAsync(
            RemoteCommand.Script(ApplianceScripts.Stop, WorkDirectory, processId.ToString(CultureInfo.InvariantCulture)) with { Timeout = TimeSpan.FromMinutes(2) },
            cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Ends the appliance whatever happened; a host that cannot be reached ends it by its own guard.</summary>
    public async ValueTask DisposeAsync()
    {
        try
        {
            await CloseAsync(CancellationToken.None).ConfigureAwait(false);
        }
        catch (RemoteException)
        {
        }
    }

    private static async Task<GuestfishSession> LaunchAsync(
        IRemoteShell shell, IReadOnlyList<(string Path, DiskFormat Format)> disks, string workDirectory, bool tcg, ApplianceOptions options, CancellationToken cancellationToken)
    {
        List<string> arguments =
        [
            workDirectory,
            tcg ? "force_tcg" : "",
            options.MemoryMiB.ToString(CultureInfo.InvariantCulture),
            ((int)options.IdleLimit.TotalMinutes).ToString(CultureInfo.InvariantCulture),
        ];
        foreach (var (path, format) in disks)
        {
            arguments.AddRange(["--format=" + (format == DiskFormat.Qcow2 ? "qcow2" : "raw"), "-a", path]);
        }

        var printed = await shell.CheckAsync(
            RemoteCommand.Script(ApplianceScripts.Start, arguments) with { Timeout = TimeSpan.FromMinutes(1) }, cancellationToken).ConfigureAwait(false);
        if (!int.TryParse(printed.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var processId))
        {
            throw new RemoteException(RemoteFailure.CommandFailed, shell.HostName,
                $"{shell.HostName}: guestfish did not say its process id but: {printed.Trim()}. Is libguestfs-tools installed?");
        }

        var session = new GuestfishSession(shell, workDirectory, options, processId);
        try
        {
            await session.RunAsync(["run"], cancellationToken, tcg ? options.LaunchTimeout : options.KvmLaunchTimeout).ConfigureAwait(false);
            return session;
        }
        catch
        {
            await session.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    private static IEnumerable<IReadOnlyList<GuestfishCommand>> Chunks(IReadOnlyList<GuestfishCommand> commands)
    {
        var chunk = new List<GuestfishCommand>();
        var bytes = 0;
        foreach (var command in commands)
        {
            var size = command.Words.Sum(word => Encoding.UTF8.GetByteCount(word) + 3);
            if (chunk.Count > 0 && (chunk.Count == MaxBatchCommands || bytes + size > MaxBatchBytes))
            {
                yield return chunk;
                chunk = [];
                bytes = 0;
            }

            chunk.Add(command);
            bytes += size;
        }

        if (chunk.Count > 0)
        {
            yield return chunk;
        }
    }

    private void Read(IReadOnlyList<GuestfishCommand> commands, CommandResult result, List<GuestfishReply> replies)
    {
        var rest = result.OutputBytes;
        foreach (var command in commands)
        {
            var newline = rest.Span.IndexOf((byte)'\n');
            var frame = newline < 0 ? [] : Encoding.ASCII.GetString(rest.Span[..newline]).Split(' ');
            if (frame.Length != 3 || !int.TryParse(frame[0], out var code) || !int.TryParse(frame[1], out var output) || !int.TryParse(frame[2], out var error)
                || output < 0 || error < 0 || rest.Length - newline - 1 < (long)output + error)
            {
                throw new ApplianceLostException($"{Shell.HostName}: the appliance gave no answer to `{command}` (exit {result.ExitCode}): {result.StandardError.Trim()}");
            }

            var body = rest[(newline + 1)..];
            var message = Encoding.UTF8.GetString(body.Span.Slice(output, error)).Trim();
            rest = body[(output + error)..];
            if (message.Contains("the server is not running", StringComparison.Ordinal) || message.Contains("appliance closed the connection", StringComparison.Ordinal))
            {
                throw new ApplianceLostException($"{Shell.HostName}: the appliance is gone at `{command}`: {message}");
            }

            var failed = code != 0 || message.Contains("libguestfs: error:", StringComparison.Ordinal) || message.EndsWith("unknown command", StringComparison.Ordinal);
            replies.Add(new(!failed, body[..output], message));
            if (failed && command.Required)
            {
                throw new RemoteException(RemoteFailure.CommandFailed, Shell.HostName, $"{Shell.HostName}: `{command}` in the guest's disk failed: {message}");
            }
        }
    }
}
