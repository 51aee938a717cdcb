using System.Text;

namespace Xen2Kvm.Hosts.Ssh;

/// <summary>
/// The one place where words become a line for a POSIX shell. A guest's name or a file's name may hold anything but NUL and still arrives
/// as one word, byte for byte.
/// </summary>
public static class PosixQuoting
{
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>One word, quoted when it holds anything but plain characters.</summary>
    /// <exception cref="ArgumentException">It holds NUL, or is no valid Unicode (an unpaired surrogate).</exception>
    public static string Quote(string word)
    {
        ArgumentNullException.ThrowIfNull(word);
        if (word.Contains('\0', StringComparison.Ordinal))
        {
            throw new ArgumentException("An argument for a command holds a NUL character, which no program can receive.", nameof(word));
        }

        try
        {
            _ = Strict.GetByteCount(word);
        }
        catch (EncoderFallbackException)
        {
            throw new ArgumentException("An argument for a command is not valid Unicode and would arrive changed.", nameof(word));
        }

        return word.Length > 0 && word.All(IsPlain) ? word : "'" + word.Replace("'", "'\\''", StringComparison.Ordinal) + "'";
    }

    /// <summary>Words joined to a line.</summary>
    /// <exception cref="ArgumentException">As <see cref="Quote"/>.</exception>
    public static string Join(IEnumerable<string> words) => string.Join(' ', words.Select(Quote));

    private static bool IsPlain(char character) =>
        char.IsAsciiLetterOrDigit(character) || character is '-' or '_' or '.' or '/' or ':' or '@' or ',' or '+' or '%';
}
