using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Text;
using Xen2Kvm.Engine.Ports;

namespace Xen2Kvm.Hosts.Tests;

/// <summary>
/// Runs commands on this machine with scripted programs in front of the real ones: a scripted host. The scripts are the ones that real
/// hosts get.
/// </summary>
internal sealed class LocalShell : IRemoteShell, IDisposable
{
    private readonly string _bin;
    private int _commands;

    public LocalShell()
    {
        Root = Directory.CreateTempSubdirectory("x2k-host-").FullName;
        _bin = Path.Combine(Root, "bin");
        Directory.CreateDirectory(_bin);
    }

    public string Root { get; }

    public string HostName { get; init; } = "host1";

    /// <summary>How many commands it was given.</summary>
    public int Commands => _commands;

    public string In(string name) => Path.Combine(Root, name);

    /// <summary>Puts a scripted program in front.</summary>
    public void Program(string name, string script)
    {
        var path = Path.Combine(_bin, name);
        File.WriteAllText(path, "#!/bin/sh\n" + script.Replace("ROOT", Root, StringComparison.Ordinal) + "\n");
        File.SetUnixFileMode(path, (UnixFileMode)0b111_101_101);
    }

    public string Write(string name, string content)
    {
        var path = In(name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, content);
        return path;
    }

    public async Task<CommandResult> RunAsync(RemoteCommand command, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _commands);
        var start = new ProcessStartInfo("env") { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["PATH"] = $"{_bin}:{Environment.GetEnvironmentVariable("PATH")}:/usr/sbin:/sbin";
        start.Environment["LC_ALL"] = "C";
        start.Environment["X2K_STATE"] = In("state");
        foreach (var word in command.Argv)
        {
            start.ArgumentList.Add(word);
        }

        using var process = Process.Start(start)!;
        var output = new MemoryStream();
        var errors = process.StandardError.ReadToEndAsync(cancellationToken);
        var copy = process.StandardOutput.BaseStream.CopyToAsync(output, cancellationToken);
        try
        {
            await process.StandardInput.BaseStream.WriteAsync(command.StandardInput, cancellationToken);
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // The program does not read it.
        }

        await copy;
        await process.WaitForExitAsync(cancellationToken);
        return new(process.ExitCode, output.ToArray(), await errors);
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
        using var reader = new StreamReader(content, Encoding.Latin1);
        await File.WriteAllTextAsync(path, await reader.ReadToEndAsync(cancellationToken), Encoding.Latin1, cancellationToken);
    }

    public void Dispose() => Directory.Delete(Root, recursive: true);
}
