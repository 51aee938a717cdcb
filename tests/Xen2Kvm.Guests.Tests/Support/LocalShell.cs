using System.Diagnostics;
using System.Runtime.CompilerServices;
using Xen2Kvm.Engine.Ports;

namespace Xen2Kvm.Guests.Tests.Support;

/// <summary>The machine that runs the tests as a "remote" host.</summary>
internal sealed class LocalShell : IRemoteShell
{
    public string HostName => "local";

    public async Task<CommandResult> RunAsync(RemoteCommand command, CancellationToken cancellationToken)
    {
        using var process = new Process { StartInfo = new(command.Argv[0], command.Argv.Skip(1)) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true } };
        foreach (var (name, value) in command.Environment)
        {
            process.StartInfo.Environment[name] = value;
        }

        process.Start();
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(command.Timeout);
        try
        {
            var output = new MemoryStream();
            var copy = process.StandardOutput.BaseStream.CopyToAsync(output, timeout.Token);
            var error = process.StandardError.ReadToEndAsync(timeout.Token);
            await process.StandardInput.BaseStream.WriteAsync(command.StandardInput, timeout.Token);
            process.StandardInput.Close();
            await copy;
            await process.WaitForExitAsync(timeout.Token);
            return new(process.ExitCode, output.ToArray(), await error);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            process.Kill(entireProcessTree: true);
            throw new RemoteException(RemoteFailure.TimedOut, HostName, $"{HostName}: {command.Argv[0]} took longer than {command.Timeout}");
        }
    }

    public async IAsyncEnumerable<OutputLine> StreamAsync(RemoteCommand command, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var result = await RunAsync(command, cancellationToken);
        foreach (var line in result.Output.Split('\n'))
        {
            yield return new(false, line);
        }
    }

    public async Task UploadAsync(Stream content, string path, string mode, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        await using (var file = File.Create(path + ".tmp"))
        {
            await content.CopyToAsync(file, cancellationToken);
        }

        File.Move(path + ".tmp", path, overwrite: true);
    }
}
