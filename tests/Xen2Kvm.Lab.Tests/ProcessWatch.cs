using System.Text;

namespace Xen2Kvm.Lab.Tests;

/// <summary>Looks at arguments and environment of every process again and again, for a word that must be in none.</summary>
internal sealed class ProcessWatch : IDisposable
{
    private readonly CancellationTokenSource _end = new();
    private readonly Task _looking;

    public ProcessWatch(string word)
    {
        var bytes = Encoding.UTF8.GetBytes(word);
        _looking = Task.Run(async () =>
        {
            while (!_end.IsCancellationRequested)
            {
                Look(bytes);
                Looks++;
                await Task.Delay(50);
            }
        });
    }

    public int Looks { get; private set; }

    public HashSet<string> Seen { get; } = [];

    public async Task StopAsync()
    {
        await _end.CancelAsync();
        await _looking;
    }

    public void Dispose()
    {
        _end.Cancel();
        _looking.Wait();
    }

    private void Look(byte[] word)
    {
        foreach (var process in Directory.EnumerateDirectories("/proc").Where(path => int.TryParse(Path.GetFileName(path), out _)))
        {
            foreach (var file in new[] { "cmdline", "environ" })
            {
                try
                {
                    if (File.ReadAllBytes(Path.Combine(process, file)).AsSpan().IndexOf(word) >= 0)
                    {
                        Seen.Add($"{file} of {File.ReadAllText(Path.Combine(process, "comm")).Trim()}");
                    }
                }
                catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
                {
                    // It has ended.
                }
            }
        }
    }
}
