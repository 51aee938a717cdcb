using System.ComponentModel;
using System.Diagnostics;
using Xen2Kvm.Engine.Ports;

namespace Xen2Kvm.Hosts.Ssh;

/// <summary>An OpenSSH client process with its three streams.</summary>
internal sealed class SshProcess : IDisposable
{
    private readonly Process _process;
    private bool _disposed;

    private SshProcess(Process process) => _process = process;

    /// <summary>Standard input, unbuffered.</summary>
    public Stream Input => _process.StandardInput.BaseStream;

    /// <summary>Standard output.</summary>
    public Stream Output => _process.StandardOutput.BaseStream;

    /// <summary>Standard error as text.</summary>
    public StreamReader Error => _process.StandardError;

    /// <summary>Its process id on this machine.</summary>
    public int Id => _process.Id;

    /// <summary>It has ended, or was disposed of: several commands share a connection, and each asks for itself whether it still stands.</summary>
    public bool HasExited
    {
        get
        {
            lock (_process)
            {
                return _disposed || _process.HasExited;
            }
        }
    }

    /// <summary>Its exit code, after it ended.</summary>
    public int ExitCode => _process.ExitCode;

    /// <summary>Starts ssh.</summary>
    /// <exception cref="RemoteException">This machine has no OpenSSH client.</exception>
    public static SshProcess Start(string hostName, string program, IReadOnlyList<string> arguments, IReadOnlyDictionary<string, string?>? environment = null)
    {
        var start = new ProcessStartInfo(program)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
            WorkingDirectory = "/",
        };
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        // Messages are read, so they must be English; a person's askpass window must never open.
        start.Environment["LC_ALL"] = "C";
        start.Environment.Remove("SSH_ASKPASS");
        start.Environment.Remove("SSH_ASKPASS_REQUIRE");
        foreach (var (name, value) in environment ?? new Dictionary<string, string?>())
        {
            start.Environment[name] = value;
        }

        try
        {
            return new(Process.Start(start) ?? throw new Win32Exception());
        }
        catch (Win32Exception error)
        {
            throw new RemoteException(RemoteFailure.Unreachable, hostName,
                $"{hostName} cannot be reached: the OpenSSH client `{program}` does not start on the dashboard's machine ({error.Message}). " +
                "Install it (apt install openssh-client).", error);
        }
    }

    /// <summary>Writes everything to standard input and closes it; a process that does not read to the end is no error.</summary>
    public async Task FeedAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        try
        {
            if (!bytes.IsEmpty)
            {
                await Input.WriteAsync(bytes, cancellationToken).ConfigureAwait(false);
            }

            _process.StandardInput.Close();
        }
        catch (IOException)
        {
            // The far end closed it.
        }
    }

    /// <summary>Waits for its end.</summary>
    public Task WaitAsync(CancellationToken cancellationToken) => _process.WaitForExitAsync(cancellationToken);

    /// <summary>Closes standard input, ignoring a pipe that is already broken.</summary>
    public void CloseInput()
    {
        try
        {
            _process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It has ended already.
        }
    }

    /// <summary>Ends it by force.</summary>
    public void Kill()
    {
        try
        {
            if (!_process.HasExited)
            {
                _process.Kill(entireProcessTree: true);
            }
        }
        catch (Exception error) when (error is InvalidOperationException or Win32Exception)
        {
            // It ended meanwhile.
        }
    }

    /// <inheritdoc />
    public void Dispose()
    {
        Kill();
        lock (_process)
        {
            _disposed = true;
            _process.Dispose();
        }
    }
}
