using System.Diagnostics;

namespace Xen2Kvm.Persistence.Tests.Support;

/// <summary>A directory that the server's account may enter, removed at the end.</summary>
internal sealed class TemporaryDirectory : IDisposable
{
    public TemporaryDirectory()
    {
        Path = Directory.CreateTempSubdirectory("x2k-").FullName;
        if (Environment.IsPrivilegedProcess)
        {
            using var chmod = Process.Start("chmod", ["0711", Path]);
            chmod.WaitForExit();
        }
    }

    public string Path { get; }

    public string Of(string name) => System.IO.Path.Combine(Path, name);

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
