namespace Xen2Kvm.Persistence.Embedded;

/// <summary>A file held alone or together with others, so that programs that use one cluster know of each other. A crash lets go of it.</summary>
internal sealed class FileLock : IAsyncDisposable
{
    // Readable by the program alone: whoever can open it can hold it.
    private static readonly FileStreamOptions _options = new()
    {
        Mode = FileMode.OpenOrCreate,
        Access = FileAccess.ReadWrite,
        Share = FileShare.None,
        UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
    };

    private readonly FileStream _stream;

    private FileLock(FileStream stream) => _stream = stream;

    /// <summary>Waits for the file.</summary>
    /// <exception cref="EmbeddedPostgresException">Another program held it all the time.</exception>
    public static async Task<FileLock> TakeAsync(string path, TimeSpan atMost, CancellationToken cancellationToken)
    {
        // Real time on purpose: the other side is another process.
        for (var waited = TimeSpan.Zero; ; waited += TimeSpan.FromMilliseconds(100))
        {
            try
            {
                return new(new FileStream(path, _options));
            }
            catch (IOException exception) when (exception is not (DirectoryNotFoundException or PathTooLongException))
            {
                if (waited >= atMost)
                {
                    throw new EmbeddedPostgresException(
                        $"Another program has held {path} for {atMost.TotalSeconds:0} s; is it starting the same cluster?",
                        exception);
                }

                await Task.Delay(100, cancellationToken);
            }
        }
    }

    /// <summary>Holds the file together with others.</summary>
    public static FileLock Share(string path) => new(new FileStream(path, new FileStreamOptions
    {
        Mode = FileMode.OpenOrCreate, Access = FileAccess.Read, Share = FileShare.Read, UnixCreateMode = _options.UnixCreateMode,
    }));

    /// <summary>Whether nobody holds the file.</summary>
    public static bool IsFree(string path)
    {
        try
        {
            new FileStream(path, _options).Dispose();
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }

    public ValueTask DisposeAsync() => _stream.DisposeAsync();
}
