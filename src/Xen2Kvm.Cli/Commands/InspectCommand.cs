using System.CommandLine;
using Xen2Kvm.Hosts.Xen.Config;

namespace Xen2Kvm.Cli.Commands;

/// <summary>x2k inspect: reads what Xen writes about guests, without any host or dashboard.</summary>
internal static class InspectCommand
{
    private const int MostBytes = 64 * 1024 * 1024;

    /// <summary>Builds the command.</summary>
    public static Command Build(CommonOptions common)
    {
        var file = FileArgument();
        var command = new Command(
            "inspect",
            "Print a Xen config as JSON: a config file of xl or xm (never evaluated), or the output of xl list -l or xm list -l. "
            + "The JSON has format (config, xlList, xmList), guests, and problems that belong to no guest. A guest has name, uuid, type "
            + "(pv, hvm, pvh), memoryMiB, maxMemoryMiB, vcpus, maxVcpus, boot, disks (target, path, format, vdev, readOnly, isCdrom ...), "
            + "vifs (mac, bridge, model, rate ...), what has no counterpart on KVM (unsupported), which values are Xen's defaults (defaults), "
            + "its problems with line and column, and isCertain: false when a value could not be known. Exit code 1 when one is uncertain "
            + "or nothing was found, 2 when the file cannot be read. Needs no dashboard.")
        {
            file,
        };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var print = common.Printer(parsed);
            var reading = await ReadAsync(parsed.GetRequiredValue(file), common.Terminal, cancellationToken).ConfigureAwait(false);
            print.Raw(GuestDefinitionJson.Write(reading) + "\n");
            foreach (var (guest, problem) in reading.Problems.Select(problem => ("", problem))
                         .Concat(reading.Guests.SelectMany(guest => guest.Problems.Select(problem => (guest.Name + ": ", problem)))))
            {
                print.Note($"x2k: {guest}{problem}");
            }

            return reading.Guests.Count > 0 && reading.Guests.All(guest => guest.IsCertain) && !reading.Problems.Any(problem => problem.HidesValue)
                ? CliExit.Done
                : CliExit.Failed;
        });
        return command;
    }

    /// <summary>The argument that names the file.</summary>
    public static Argument<string> FileArgument() => new("file") { Description = "The file, or - for standard input" };

    /// <summary>Reads a file or standard input.</summary>
    /// <exception cref="CliException">It cannot be read.</exception>
    public static async Task<ConfigReading> ReadAsync(string file, Terminal terminal, CancellationToken cancellationToken)
    {
        if (file == "-")
        {
            return ConfigReader.Read(await terminal.In.ReadToEndAsync(cancellationToken).ConfigureAwait(false), "standard input");
        }

        try
        {
            var info = new FileInfo(file);
            return info.Length <= MostBytes
                ? ConfigReader.Read(await File.ReadAllTextAsync(file, cancellationToken).ConfigureAwait(false), file)
                : throw CliException.Usage($"{file} has {info.Length} bytes; no Xen config is that large.");
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw CliException.Usage($"{file} cannot be read: {failure.Message}");
        }
    }
}
