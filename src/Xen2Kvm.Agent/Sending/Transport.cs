using System.Diagnostics;
using System.Text;
using Xen2Kvm.Agent.Jobs;
using Xen2Kvm.Agent.Native;

namespace Xen2Kvm.Agent.Sending;

/// <summary>A running transport command (ssh, usually): its pipes, and what it says on standard error.</summary>
internal sealed class Transport : IDisposable
{
    private const int KeptLines = 5;
    private readonly object _gate = new();
    private readonly int _pid;
    private readonly Thread _errors;
    private readonly Queue<string> _lastLines = [];
    private int _exitCode = -1;
    private bool _ended;

    private Transport(int pid, int input, int output, int errors, int slot)
    {
        _pid = pid;
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
            return new Transport(ChildProcess.Start(argv, [childInput, childOutput, childErrors], ownSession: true), input, output, errors, slot);
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

    /// <summary>Ends the command hard, with all that it started; whoever reads or writes its pipes gets on.</summary>
    public void Kill()
    {
        lock (_gate)
        {
            // Its own session is a process group. The number cannot be another's before the process was waited for.
            if (!_ended)
                _ = Libc.kill(-_pid, Libc.SIGKILL);
        }
    }

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
        CloseInput();
        long begin = Stopwatch.GetTimestamp();
        while (!TryReap())
        {
            if (Stopwatch.GetElapsedTime(begin) > patience)
                Kill();
            Thread.Sleep(5);
        }
        // A helper that ssh left behind may keep standard error open.
        _errors.Join(TimeSpan.FromSeconds(1));
        string lastWords;
        lock (_lastLines)
            lastWords = string.Join("; ", _lastLines);
        return (_exitCode, lastWords.Length == 0 ? $"exit code {_exitCode}" : $"exit code {_exitCode}: {lastWords}");
    }

    public void Dispose()
    {
        Kill();
        End(TimeSpan.FromSeconds(5));
    }

    /// <summary>Closes the output; only when nobody reads it any more, as the number will be used again.</summary>
    public void CloseOutput() => _ = Libc.close(Output);

    private unsafe bool TryReap()
    {
        const int WNOHANG = 1;
        lock (_gate)
        {
            int status;
            if (_ended || Libc.waitpid(_pid, &status, WNOHANG) == 0)
                return _ended;
            _exitCode = (status & 0x7f) == 0 ? (status >> 8) & 0xff : 128 + (status & 0x7f);
            return _ended = true;
        }
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
