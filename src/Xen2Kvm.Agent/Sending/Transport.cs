using System.Diagnostics;
using System.Text;
using Xen2Kvm.Agent.Jobs;
using Xen2Kvm.Agent.Native;

namespace Xen2Kvm.Agent.Sending;

/// <summary>A running transport command (ssh, usually): its pipes, and what it says on standard error.</summary>
internal sealed class Transport : IDisposable
{
    private const int KeptLines = 5;
    private readonly ProcessIdentity _process;
    private readonly Thread _errors;
    private readonly Queue<string> _lastLines = [];
    private int _exitCode = -1;
    private bool _ended;

    private Transport(int pid, int input, int output, int errors, int slot)
    {
        _process = ProcessIdentity.Of(pid);
        Input = input;
        Output = output;
        _errors = new Thread(() => ReadErrors(errors, slot)) { IsBackground = true };
        _errors.Start();
    }

    /// <summary>Descriptor to write to, -1 once closed.</summary>
    public int Input { get; private set; }

    /// <summary>Descriptor to read from.</summary>
    public int Output { get; }

    public static Transport Start(IReadOnlyList<string> argv, int slot)
    {
        (int childInput, int input) = ChildProcess.Pipe();
        (int output, int childOutput) = ChildProcess.Pipe();
        (int errors, int childErrors) = ChildProcess.Pipe();
        try
        {
            return new Transport(ChildProcess.Start(argv, [childInput, childOutput, childErrors], ownSession: false), input, output, errors, slot);
        }
        catch
        {
            foreach (int fd in (int[])[input, output, errors])
                _ = Libc.close(fd);
            throw;
        }
        finally
        {
            foreach (int fd in (int[])[childInput, childOutput, childErrors])
                _ = Libc.close(fd);
        }
    }

    /// <summary>Ends the process hard; whoever reads or writes its pipes gets on.</summary>
    public void Kill() => _process.Signal(Libc.SIGKILL);

    /// <summary>No more input will come.</summary>
    public void CloseInput()
    {
        if (Input >= 0)
            _ = Libc.close(Input);
        Input = -1;
    }

    /// <summary>Waits for the end, at most some seconds, then kills. Returns how it ended, with its last words.</summary>
    public (int ExitCode, string Text) End(TimeSpan patience)
    {
        if (!_ended)
        {
            CloseInput();
            // Standard error ends with the last process that holds it, which is when there is nothing more to wait for.
            if (!_errors.Join(patience))
                Kill();
            _exitCode = ChildProcess.Wait(_process.Pid);
            _errors.Join(TimeSpan.FromSeconds(1));
            _ended = true;
        }
        string lastWords;
        lock (_lastLines)
            lastWords = string.Join("; ", _lastLines);
        return (_exitCode, lastWords.Length == 0 ? $"exit code {_exitCode}" : $"exit code {_exitCode}: {lastWords}");
    }

    public void Dispose()
    {
        Kill();
        End(TimeSpan.FromSeconds(5));
        _ = Libc.close(Output);
    }

    private unsafe void ReadErrors(int fd, int slot)
    {
        var line = new StringBuilder();
        byte[] buffer = new byte[4096];
        fixed (byte* at = buffer)
        {
            nint n;
            while ((n = Libc.read(fd, at, (nuint)buffer.Length)) > 0 || (n < 0 && Libc.Errno() == Libc.EINTR))
            {
                foreach (char c in n > 0 ? Encoding.UTF8.GetString(buffer, 0, (int)n) : "")
                {
                    if (c == '\n' || line.Length > 2000)
                        Say(line, slot);
                    else if (c != '\r')
                        line.Append(c);
                }
            }
        }
        Say(line, slot);
        _ = Libc.close(fd);
    }

    private void Say(StringBuilder line, int slot)
    {
        string text = line.ToString().Trim();
        line.Clear();
        if (text.Length == 0)
            return;
        JobLog.Info($"connection {slot}: {text}");
        lock (_lastLines)
        {
            _lastLines.Enqueue(text);
            if (_lastLines.Count > KeptLines)
                _lastLines.Dequeue();
        }
    }
}
