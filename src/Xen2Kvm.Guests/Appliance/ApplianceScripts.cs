namespace Xen2Kvm.Guests.Appliance;

/// <summary>The fixed shell scripts that run on the KVM host. Everything that varies reaches them as an argument and is never read as shell.</summary>
internal static class ApplianceScripts
{
    /// <summary>
    /// Starts guestfish as a server. Arguments: work directory, force_tcg or empty, memory in MiB, idle limit in minutes, then guestfish's own.
    /// Prints the server's process id. An earlier server of the same work directory is ended first: two would write to one disk. The guard
    /// ends a server whose program is gone (no sign of life in the file "alive", or the work directory removed).
    /// </summary>
    public const string Start = """
        set -u
        w=$1 tcg=$2 memory=$3 idle=$4; shift 4
        umask 077
        mkdir -p "$w" || exit 1
        cd "$w" || exit 1
        is_server() { case "$(tr '\0' ' ' <"/proc/$1/cmdline" 2>/dev/null)" in *guestfish*) return 0;; esac; return 1; }
        if [ -s session.pid ]; then
          old=$(cat session.pid)
          if is_server "$old"; then
            timeout 20 guestfish --remote="$old" -- exit >/dev/null 2>&1
            n=0
            while is_server "$old" && [ $n -lt 20 ]; do
              n=$((n + 1))
              [ $n -eq 10 ] && kill "$old" 2>/dev/null
              sleep 0.5
            done
            is_server "$old" && kill -9 "$old" 2>/dev/null
          fi
          rm -f session.pid
        fi
        LIBGUESTFS_BACKEND=direct LIBGUESTFS_MEMSIZE=$memory
        export LIBGUESTFS_BACKEND LIBGUESTFS_MEMSIZE
        if [ -n "$tcg" ]; then LIBGUESTFS_BACKEND_SETTINGS=$tcg; export LIBGUESTFS_BACKEND_SETTINGS; fi
        : >session.err
        guestfish --listen "$@" >session.start 2>>session.err </dev/null || { cat session.err >&2; exit 1; }
        pid=$(sed -n 's/^GUESTFISH_PID=\([0-9][0-9]*\);.*/\1/p' session.start)
        [ -n "$pid" ] || { cat session.start session.err >&2; exit 1; }
        echo "$pid" >session.pid
        : >alive
        (
          while is_server "$pid"; do
            if [ ! -e "$w/alive" ] || [ -n "$(find "$w/alive" -mmin +"$idle" 2>/dev/null)" ]; then kill "$pid"; exit; fi
            sleep 20
          done
        ) >/dev/null 2>&1 </dev/null &
        echo "$pid"
        """;

    /// <summary>
    /// Runs guestfish commands one after the other. Arguments: work directory, server's process id, then for each command the number of its
    /// words with a leading r (required: a failure ends the batch) or o (optional), and the words. For each command it prints a line
    /// "exit-code bytes-of-output bytes-of-error" and then these bytes, so that no content can be taken for a frame. The word list of a
    /// command is built from positions only ("${1}" "${2}" …): the words themselves are never parsed again.
    /// </summary>
    public const string Batch = """
        w=$1 pid=$2; shift 2
        cd "$w" || exit 99
        umask 077
        : >alive
        while [ $# -gt 0 ]; do
          kind=${1%%[0-9]*} n=${1#[ro]}; shift
          i=1 words=
          while [ "$i" -le "$n" ]; do words="$words \"\${$i}\""; i=$((i + 1)); done
          : >session.err
          eval "guestfish --remote=$pid -- $words" >reply.out 2>reply.err </dev/null
          rc=$?
          cat session.err >>reply.err
          printf '%s %s %s\n' "$rc" "$(($(wc -c <reply.out)))" "$(($(wc -c <reply.err)))"
          cat reply.out reply.err
          if [ "$kind" = r ]; then
            if [ "$rc" != 0 ] || grep -q -e '^libguestfs: error:' -e 'unknown command$' reply.err; then break; fi
          fi
          shift "$n"
        done
        : >alive
        rm -f reply.out reply.err
        """;

    /// <summary>
    /// Ends the server and waits until it is gone, so that the disk is free. Arguments: work directory, process id. A server that is busy (a
    /// launch that hangs) hears no exit and is killed; libguestfs takes its virtual machine down with it.
    /// </summary>
    public const string Stop = """
        w=$1 pid=$2
        is_server() { case "$(tr '\0' ' ' <"/proc/$1/cmdline" 2>/dev/null)" in *guestfish*) return 0;; esac; return 1; }
        timeout 60 guestfish --remote="$pid" -- exit >/dev/null 2>&1
        n=0
        while is_server "$pid"; do
          n=$((n + 1))
          [ $n -eq 40 ] && kill "$pid" 2>/dev/null
          [ $n -eq 60 ] && { kill -9 "$pid" 2>/dev/null; break; }
          sleep 0.5
        done
        rm -f "$w/session.pid" "$w/alive"
        """;
}
