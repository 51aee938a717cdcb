using System.Collections;
using System.Runtime.InteropServices;
using System.Text;
using Xen2Kvm.Transfer;

namespace Xen2Kvm.Agent.Native;

/// <summary>
/// A started program with chosen descriptors. Process of the framework is not used: its pipes are small and buffered, and its children cannot
/// get a session of their own.
/// </summary>
internal static unsafe class ChildProcess
{
    private const short SetSigDefault = 4, SetSigMask = 8, SetSid = 0x80;

    /// <summary>Starts a program found through PATH; descriptor i of the child is <paramref name="descriptors"/>[i] of this process.</summary>
    /// <returns>The child's pid.</returns>
    /// <exception cref="TransferException">The program cannot be started.</exception>
    public static int Start(IReadOnlyList<string> argv, ReadOnlySpan<int> descriptors, bool ownSession)
    {
        // Sizes of glibc's opaque structs, with room to spare.
        byte* actions = stackalloc byte[512], attributes = stackalloc byte[512], set = stackalloc byte[128];
        new Span<byte>(set, 128).Clear();
        Libc.posix_spawn_file_actions_init(actions);
        Libc.posix_spawnattr_init(attributes);
        var strings = new List<nint>();
        try
        {
            for (int i = 0; i < descriptors.Length; i++)
                Libc.posix_spawn_file_actions_adddup2(actions, descriptors[i], i);
            // The runtime ignores or blocks some signals; a child must not inherit that.
            Libc.posix_spawnattr_setsigmask(attributes, set);
            new Span<byte>(set, 8).Fill(0xff);
            Libc.posix_spawnattr_setsigdefault(attributes, set);
            Libc.posix_spawnattr_setflags(attributes, (short)(SetSigDefault | SetSigMask | (ownSession ? SetSid : 0)));
            byte** arguments = stackalloc byte*[argv.Count + 1];
            for (int i = 0; i < argv.Count; i++)
                arguments[i] = Keep(argv[i], strings);
            arguments[argv.Count] = null;
            var environment = new List<string>();
            foreach (DictionaryEntry entry in Environment.GetEnvironmentVariables())
                environment.Add($"{entry.Key}={entry.Value}");
            byte** variables = (byte**)Marshal.AllocHGlobal((environment.Count + 1) * sizeof(byte*));
            strings.Add((nint)variables);
            for (int i = 0; i < environment.Count; i++)
                variables[i] = Keep(environment[i], strings);
            variables[environment.Count] = null;
            int pid;
            int error = Libc.posix_spawnp(&pid, argv[0], actions, attributes, arguments, variables);
            return error == 0
                ? pid
                : throw new TransferException($"cannot start '{argv[0]}': {Marshal.GetPInvokeErrorMessage(error)}");
        }
        finally
        {
            Libc.posix_spawn_file_actions_destroy(actions);
            Libc.posix_spawnattr_destroy(attributes);
            foreach (nint text in strings)
                Marshal.FreeHGlobal(text);
        }
    }

    /// <summary>A pipe that children do not inherit, as large as the system grants up to 1 MiB.</summary>
    public static (int Read, int Write) Pipe()
    {
        int* fds = stackalloc int[2];
        if (Libc.pipe2(fds, Libc.O_CLOEXEC) != 0)
            throw new TransferException($"cannot make a pipe: {Libc.LastError()}");
        _ = Libc.fcntl(fds[1], Libc.F_SETPIPE_SZ, 1024 * 1024);
        return (fds[0], fds[1]);
    }

    private static byte* Keep(string text, List<nint> strings)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        nint memory = Marshal.AllocHGlobal(bytes.Length + 1);
        Marshal.Copy(bytes, 0, memory, bytes.Length);
        ((byte*)memory)[bytes.Length] = 0;
        strings.Add(memory);
        return (byte*)memory;
    }
}
