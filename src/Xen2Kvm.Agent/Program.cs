using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Xen2Kvm.Agent.Jobs;
using Xen2Kvm.Agent.Receiving;
using Xen2Kvm.Transfer;
using Xen2Kvm.Transfer.Jobs;
using Xen2Kvm.Transfer.Protocol;

namespace Xen2Kvm.Agent;

/// <summary>The command line. Answers are JSON on standard output, errors one line on standard error; exit 0 ok, 1 failed, 2 wrong usage.</summary>
internal static class Program
{
    private const string Usage =
        "usage: x2k-agent version | start JOBDIR [--reverify] | status JOBDIR | log JOBDIR [--from OFFSET] | cancel JOBDIR | limit JOBDIR <TIMETABLE"
        + " | receive STATEDIR | size PATH... | hash PATH [--offset N] [--length N] [--seed HEX16]";

    private static int Main(string[] arguments)
    {
        try
        {
            return Run(arguments);
        }
        catch (UsageException e)
        {
            Console.Error.WriteLine($"{e.Message}; {Usage}");
            return 2;
        }
        catch (Exception e) when (e is TransferException or IOException or UnauthorizedAccessException)
        {
            Console.Error.WriteLine(e.Message.ReplaceLineEndings(" "));
            return 1;
        }
    }

    private static int Run(string[] arguments)
    {
        var line = new CommandLine(arguments);
        switch (line.Command)
        {
            case "version":
                line.End();
                return Print(
                    new VersionAnswer(AgentVersion.Text, FrameHeader.Version, File.ReadAllText("/proc/sys/kernel/osrelease").Trim()),
                    TransferJson.Default.VersionAnswer);
            case "start":
                bool reverify = line.Flag("--reverify");
                return Print(JobCommands.Start(line.One("JOBDIR"), reverify), TransferJson.Default.StartAnswer);
            case "run":
                return JobCommands.Run(line.One("JOBDIR"));
            case "status":
                return Print(new JobDirectory(line.One("JOBDIR")).TrueStatus(), TransferJson.Default.TransferStatus);
            case "log":
                long from = line.Number("--from") ?? 0;
                return Print(JobLog.Read(new JobDirectory(line.One("JOBDIR")).LogFile, from), TransferJson.Default.LogAnswer);
            case "cancel":
                return Print(JobCommands.Cancel(line.One("JOBDIR")), TransferJson.Default.CancelAnswer);
            case "limit":
                return Print(JobCommands.Limit(line.One("JOBDIR"), Console.OpenStandardInput()), TransferJson.Default.LimitAnswer);
            case "receive":
                return ReceiveCommand.Run(line.One("STATEDIR"));
            case "size":
                SizeAnswer[] sizes = FileCommands.Size(line.Many("PATH"));
                return Print(sizes, TransferJson.Default.SizeAnswerArray) + (sizes.Any(s => s.Error is not null) ? 1 : 0);
            case "hash":
                long offset = line.Number("--offset") ?? 0;
                long? length = line.Number("--length");
                if (!TransferJobCheck.TryParseSeed(line.Value("--seed") ?? "0000000000000000", out ulong seed))
                    throw new UsageException("--seed takes 16 hex digits");
                return Print(FileCommands.Hash(line.One("PATH"), offset, length, seed), TransferJson.Default.HashAnswer);
            default:
                throw new UsageException(line.Command is null ? "no command" : $"unknown command '{line.Command}'");
        }
    }

    private static int Print<T>(T answer, JsonTypeInfo<T> info)
    {
        Console.Out.WriteLine(JsonSerializer.Serialize(answer, info));
        return 0;
    }

    private sealed class UsageException(string message) : Exception(message);

    /// <summary>The words of a command: options are taken out first, the rest are its operands.</summary>
    private sealed class CommandLine(string[] arguments)
    {
        private readonly List<string> _rest = [.. arguments.Skip(1)];

        public string? Command { get; } = arguments.FirstOrDefault();

        public bool Flag(string name) => _rest.Remove(name);

        public string? Value(string name)
        {
            int at = _rest.IndexOf(name);
            if (at < 0)
                return null;
            if (at + 1 == _rest.Count)
                throw new UsageException($"{name} needs a value");
            string value = _rest[at + 1];
            _rest.RemoveRange(at, 2);
            return value;
        }

        public long? Number(string name) => Value(name) is not { } text ? null
            : long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long number) ? number
            : throw new UsageException($"{name} takes a number, not '{text}'");

        public string One(string name) => _rest.Count == 1 && _rest[0].Length > 0 ? _rest[0] : throw new UsageException($"give exactly one {name}");

        public IReadOnlyList<string> Many(string name) => _rest.Count > 0 ? _rest : throw new UsageException($"give at least one {name}");

        public void End()
        {
            if (_rest.Count > 0)
                throw new UsageException($"'{_rest[0]}' is too much");
        }
    }
}
