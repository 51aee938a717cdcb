using System.CommandLine;
using Xen2Kvm.Cli.Commands;

namespace Xen2Kvm.Cli;

/// <summary>The whole command line of <c>x2k</c>.</summary>
public static class CommandLine
{
    /// <summary>Runs one command.</summary>
    /// <param name="args">As the shell gives them.</param>
    /// <param name="terminal">Where to read and write.</param>
    /// <param name="cancellationToken">Ends the command; work on hosts goes on.</param>
    /// <returns>A code of <see cref="CliExit"/>.</returns>
    public static async Task<int> RunAsync(string[] args, Terminal terminal, CancellationToken cancellationToken = default)
    {
        var parsed = Build(terminal).Parse(args);
        if (parsed.Errors.Count > 0)
        {
            foreach (var error in parsed.Errors)
            {
                await terminal.Error.WriteLineAsync("x2k: " + error.Message).ConfigureAwait(false);
            }

            await terminal.Error.WriteLineAsync("x2k: add --help to see what a command takes.").ConfigureAwait(false);
            return CliExit.Usage;
        }

        try
        {
            return await parsed.InvokeAsync(
                new InvocationConfiguration { Output = terminal.Out, Error = terminal.Error, EnableDefaultExceptionHandler = false },
                cancellationToken).ConfigureAwait(false);
        }
        catch (CliException failure)
        {
            await terminal.Error.WriteLineAsync("x2k: " + failure.Message).ConfigureAwait(false);
            return failure.ExitCode;
        }
        catch (OperationCanceledException)
        {
            await terminal.Error.WriteLineAsync("x2k: ended; what was begun on the hosts goes on.").ConfigureAwait(false);
            return CliExit.Failed;
        }
    }

    private static RootCommand Build(Terminal terminal)
    {
        var common = new CommonOptions(terminal);
        var root = new RootCommand(
            "Moves virtual machines from Xen hosts to KVM hosts, by the REST API of a Xen2Kvm dashboard. "
            + "inspect and define need no dashboard. Exit codes: 0 done, 1 failed or refused, 2 wrong usage.");
        common.AddTo(root);
        root.Add(HostCommands.Build(common));
        root.Add(GuestCommands.Build(common));
        root.Add(PlanCommands.Build(common));
        root.Add(PlanCommands.Preflight(common));
        root.Add(WaveCommands.Build(common));
        root.Add(RunCommands.Build(common));
        root.Add(LimitCommands.Build(common));
        root.Add(CleanupCommands.Build(common));
        root.Add(AuditCommands.Build(common));
        root.Add(InspectCommand.Build(common));
        root.Add(DefineCommand.Build(common));
        return root;
    }
}
