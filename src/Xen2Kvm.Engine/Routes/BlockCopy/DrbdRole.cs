using Xen2Kvm.Domain.Inventory;
using Xen2Kvm.Domain.Planning;
using Xen2Kvm.Engine.Ports;

namespace Xen2Kvm.Engine.Routes.BlockCopy;

/// <summary>
/// DRBD opens a Secondary device for nobody, not even for reading, and Xen's block-drbd script makes a resource Secondary when its guest is
/// shut down. So the resources under a guest are made Primary before the copy and Secondary again when the run ends or is rolled back. That
/// is a change of role, no write to data, and as long as it lasts a peer cannot start the guest either. The backing volume is not read
/// instead: it could be stale or without data (Diskless, Outdated) where DRBD itself would read from the peer or refuse.
/// </summary>
internal static class DrbdRole
{
    // A resource is written down before its role changes and crossed out after it was changed back, so that a crash anywhere is harmless.
    // One that is Primary already is another's doing and stays so.
    private const string Script = """
        # change the role of DRBD resources for a run
        set -f
        act=$1 list=$2/drbd
        shift 2
        no() { printf 'x2k: %s\n' "$1" >&2; exit 65; }
        role() { drbdadm role "$1" 2>/dev/null | head -n 1; }
        if [ "$act" = release ]; then
          [ -s "$list" ] || exit 0
          while read -r r; do
            for i in 1 2 3 4 5 6 7 8 9 10; do
              case $(role "$r") in Primary*) ;; *) i=; break ;; esac
              out=$(drbdadm secondary "$r" 2>&1) && { echo "$r is Secondary again"; i=; break; }
              sleep 1
            done
            [ -z "$i" ] || no "the DRBD resource $r stays Primary: $(printf '%s\n' "$out" | tail -n 2 | tr '\n' ' '); see who holds it open (fuser -v) and call drbdadm secondary $r"
          done <"$list"
          rm -f -- "$list"
          exit 0
        fi
        for p in "$@"; do
          real=$(readlink -f -- "$p")
          case $real in /dev/drbd[0-9]*) ;; *) continue ;; esac
          r=$(drbdadm sh-resource "minor-${real#/dev/drbd}" 2>/dev/null | head -n 1)
          [ -n "$r" ] || no "drbdadm knows no resource of $real; see drbdadm status and /etc/drbd.d"
          now=$(role "$r")
          case $now in
            */Primary) no "the DRBD resource $r is Primary on its peer: the guest may run there. Shut it down there and make it Secondary, then resume" ;;
            Primary*) continue ;;
          esac
          mkdir -p -- "${list%/*}" && { grep -qxF -- "$r" "$list" 2>/dev/null || printf '%s\n' "$r" >>"$list"; } || exit 1
          out=$(drbdadm primary "$r" 2>&1) || no "the DRBD resource $r (${now:-not configured}) cannot be made Primary for reading: $(printf '%s\n' "$out" | tail -n 2 | tr '\n' ' '); mend what it names, then resume"
          echo "$r was $now and is Primary while the run reads it"
        done
        """;

    /// <summary>Makes the resources under the plan's disks readable. Harmless when repeated.</summary>
    /// <returns>What was changed, in lines for the run's log.</returns>
    /// <exception cref="RemoteException">One cannot be made Primary, or is so on its peer.</exception>
    public static async Task<IReadOnlyList<string>> HoldAsync(IRemoteShell source, Plan plan, Guid runId, CancellationToken cancellationToken)
    {
        if (!Concerns(plan))
        {
            return [];
        }

        var paths = plan.Target.Disks.SelectMany(disk => disk.Parts).Where(part => part.Action == PartAction.Copy).Select(part => part.SourcePath);
        return await RunAsync(source, ["hold", RunPaths.Run(runId), .. paths], cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Gives back the role of what <see cref="HoldAsync"/> changed. Harmless when repeated.</summary>
    public static async Task<IReadOnlyList<string>> ReleaseAsync(IRemoteShell source, Plan plan, Guid runId, CancellationToken cancellationToken) =>
        Concerns(plan) ? await RunAsync(source, ["release", RunPaths.Run(runId)], cancellationToken).ConfigureAwait(false) : [];

    private static bool Concerns(Plan plan) => plan.Source.Disks.Any(disk => disk.Backing == DiskBacking.Drbd);

    private static async Task<IReadOnlyList<string>> RunAsync(IRemoteShell source, IReadOnlyList<string> arguments, CancellationToken cancellationToken)
    {
        // Read whole before it begins, so that drbdadm cannot eat the rest of it.
        var title = Script.IndexOf('\n', StringComparison.Ordinal) + 1;
        var result = await source.RunAsync(
            RemoteCommand.Script($"{Script[..title]}{{\n{Script[title..]}\n}} </dev/null\n", arguments), cancellationToken).ConfigureAwait(false);
        if (result.Ok)
        {
            return result.Output.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        }

        var said = result.StandardError.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        throw new RemoteException(RemoteFailure.CommandFailed, source.HostName,
            $"{source.HostName}: {said.LastOrDefault(line => line.StartsWith("x2k: ", StringComparison.Ordinal))?[5..] ?? string.Join("; ", said.TakeLast(3))}");
    }
}
