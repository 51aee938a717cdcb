using System.Text;
using Xen2Kvm.Engine.Ports;

namespace Xen2Kvm.Hosts.Scripts;

/// <summary>
/// Runs the fixed scripts that lie beside the code as .sh files. Whatever varies is a positional argument, so nothing a guest's owner chose
/// is ever part of a script.
/// </summary>
internal static class HostScripts
{
    /// <summary>Exit code of a script that refuses; what it refuses stands in a line that begins with <c>x2k: </c>.</summary>
    public const int Refused = 65;

    private const string Mark = "x2k: ";

    /// <summary>The text of a script.</summary>
    public static string Text(string name)
    {
        using var stream = typeof(HostScripts).Assembly.GetManifestResourceStream(name)
            ?? throw new InvalidOperationException($"The script {name} is not part of the program.");
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return reader.ReadToEnd();
    }

    /// <summary>
    /// A command that runs a script. The script arrives on standard input, so it is read whole before it begins: otherwise a program that
    /// it starts could eat the rest of it.
    /// </summary>
    public static RemoteCommand Command(string name, params IReadOnlyList<string> arguments)
    {
        var text = Text(name);
        var title = text.IndexOf('\n', StringComparison.Ordinal) + 1;
        return RemoteCommand.Script($"{text[..title]}{{\n{text[title..]}\n}} </dev/null\n", arguments);
    }

    /// <summary>Runs a script that must succeed; what it refuses becomes the message.</summary>
    /// <exception cref="RemoteException">It refused or failed.</exception>
    public static async Task<string> RunAsync(IRemoteShell shell, RemoteCommand command, string what, CancellationToken cancellationToken)
    {
        var result = await shell.RunAsync(command, cancellationToken).ConfigureAwait(false);
        if (result.Ok)
        {
            return result.Output;
        }

        throw Failure(shell, result, what);
    }

    /// <summary>What a failed script means, in words.</summary>
    public static RemoteException Failure(IRemoteShell shell, CommandResult result, string what)
    {
        var lines = result.StandardError.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        var refusal = lines.LastOrDefault(line => line.StartsWith(Mark, StringComparison.Ordinal));
        return new(RemoteFailure.CommandFailed, shell.HostName, refusal is not null
            ? $"{shell.HostName}: {refusal[Mark.Length..]}"
            : $"{shell.HostName}: {what} failed (exit code {result.ExitCode}): {string.Join("; ", lines.TakeLast(4)) switch { "" => "no message", var text => text }}");
    }
}
