using System.Text;
using Xen2Kvm.Engine.Ports;

namespace Xen2Kvm.Guests.Tests.Support;

/// <summary>A host whose guestfish answers from a script: it understands the session's three shell scripts by their arguments.</summary>
internal sealed class FakeAppliance : IRemoteShell
{
    /// <summary>Answers a guestfish command: output, or an error message.</summary>
    public Func<IReadOnlyList<string>, (string Output, string? Error)> Answer { get; set; } = _ => ("", null);

    /// <summary>Guestfish commands as they arrived, without the dash.</summary>
    public List<string> Commands { get; } = [];

    /// <summary>Arguments of each launch.</summary>
    public List<IReadOnlyList<string>> Launches { get; } = [];

    /// <summary>Files uploaded to the host.</summary>
    public Dictionary<string, byte[]> Uploads { get; } = [];

    /// <summary>How many batches were sent.</summary>
    public int Batches { get; private set; }

    /// <summary>How many servers were stopped.</summary>
    public int Stops { get; private set; }

    public string HostName => "kvm1";

    public Task<CommandResult> RunAsync(RemoteCommand command, CancellationToken cancellationToken)
    {
        var script = Encoding.UTF8.GetString(command.StandardInput.Span);
        var arguments = command.Argv.Skip(3).ToList();
        if (script.Contains("guestfish --listen", StringComparison.Ordinal))
        {
            Launches.Add(arguments);
            return Done("4242\n");
        }

        if (script.Contains("reply.out", StringComparison.Ordinal))
        {
            Batches++;
            return Task.FromResult(Batch(arguments));
        }

        Stops++;
        return Done("");
    }

    public IAsyncEnumerable<OutputLine> StreamAsync(RemoteCommand command, CancellationToken cancellationToken) => throw new NotSupportedException();

    public async Task UploadAsync(Stream content, string path, string mode, CancellationToken cancellationToken)
    {
        var bytes = new MemoryStream();
        await content.CopyToAsync(bytes, cancellationToken);
        Uploads[path] = bytes.ToArray();
    }

    private static Task<CommandResult> Done(string output) => Task.FromResult(new CommandResult(0, Encoding.UTF8.GetBytes(output), ""));

    private CommandResult Batch(List<string> arguments)
    {
        var output = new MemoryStream();
        for (var next = 2; next < arguments.Count;)
        {
            var required = arguments[next][0] == 'r';
            var words = arguments.Skip(next + 1).Take(int.Parse(arguments[next].AsSpan(1), System.Globalization.CultureInfo.InvariantCulture)).ToList();
            next += words.Count + 1;
            words[0].ShouldStartWith("-");
            words[0] = words[0][1..];
            Commands.Add(string.Join(' ', words));
            var (text, error) = Answer(words);
            if (error == "lost")
            {
                break;
            }

            var (body, message) = (Encoding.UTF8.GetBytes(text), Encoding.UTF8.GetBytes(error ?? ""));
            output.Write(Encoding.ASCII.GetBytes($"0 {body.Length} {message.Length}\n"));
            output.Write(body);
            output.Write(message);
            if (required && error is not null)
            {
                break;
            }
        }

        return new(0, output.ToArray(), "");
    }
}
