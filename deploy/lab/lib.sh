# shellcheck shell=bash
# Names, addresses and small helpers that every part of the lab uses.

LAB_DIR=${X2K_LAB_DIR:-/var/lib/xen2kvm-lab}
IMAGES=$LAB_DIR/images     # what `build` makes; read only afterwards
TREES=$LAB_DIR/trees       # root file systems as directories, the input of the images
KEYS=$LAB_DIR/keys         # made once: the lab's key pair and every machine's host key
RUN=$LAB_DIR/run           # what belongs to the running lab: pid files, sockets, overlays
LOGS=$LAB_DIR/log
KNOWN_HOSTS=$KEYS/known_hosts
LAB_KEY=$KEYS/lab_ed25519

NS_LAB=x2k-lab             # holds the bridge lab0, the taps and one end of every veth
NS_KVM1=x2k-kvm1           # the KVM host's own network
ROOT_VETH=x2k-lab0         # the dashboard's side, in the root namespace
LAB0_ADDRESS=10.77.0.2

STARTED=$SECONDS

say() { printf '[%4d s] %s\n' "$((SECONDS - STARTED))" "$*"; }
warn() { printf 'lab: %s\n' "$*" >&2; }
die() { warn "$*"; exit 1; }

need_root() { [ "$(id -u)" -eq 0 ] || die "this needs root (network namespaces, loop devices, chroot)"; }

# step TEXT COMMAND… runs the command with its output in a log and prints one line when it ends.
step() {
    local text=$1 log began=$SECONDS
    shift
    log=$LOGS/${text//[^a-zA-Z0-9]/-}.log
    # A child shell of its own: `set -e` holds inside it, which it would not in a condition.
    set +e
    ( set -e; "$@" ) >"$log" 2>&1 9>&- </dev/null
    local code=$?
    set -e
    if [ $code -ne 0 ]; then
        warn "$text failed after $((SECONDS - began)) s; the end of $log:"
        tail -n 25 "$log" | sed 's/^/    /' >&2
        return 1
    fi
    say "$text ($((SECONDS - began)) s)"
}

# wait_for SECONDS TEXT COMMAND… repeats the command until it succeeds; the time limit is an error.
wait_for() {
    local limit=$1 text=$2 began=$SECONDS
    shift 2
    until "$@" >/dev/null 2>&1 </dev/null; do
        if (( SECONDS - began >= limit )); then
            warn "$text: not within $limit s"
            return 1
        fi
        read -rt 0.3 <> <(:) || :
    done
    say "$text ($((SECONDS - began)) s)"
}

# A recorded process is ours only while its pid still runs the program we started.
pid_alive() {
    local file=$1 pid word
    [ -s "$file" ] || return 1
    read -r pid word <"$file"
    [ -r "/proc/$pid/cmdline" ] && tr '\0' ' ' <"/proc/$pid/cmdline" | grep -qF -- "$word"
}

# end_pid FILE [SIGNAL] ends the recorded process and waits until it is gone.
end_pid() {
    local file=$1 pid _
    if pid_alive "$file"; then
        read -r pid _ <"$file"
        kill -s "${2:-TERM}" "$pid" 2>/dev/null || :
        local began=$SECONDS
        while pid_alive "$file"; do
            (( SECONDS - began < 10 )) || kill -KILL "$pid" 2>/dev/null || :
            read -rt 0.1 <> <(:) || :
        done
    fi
    rm -f "$file"
}

is_machine() { [ -n "${ADDRESS[${1:-}]:-}" ]; }

is_guest() { [[ " ${GUESTS[*]} " == *" ${1:-} "* ]]; }

lab_ssh() {
    local name=$1
    shift
    ssh -i "$LAB_KEY" -o IdentitiesOnly=yes -o BatchMode=yes -o StrictHostKeyChecking=yes \
        -o UserKnownHostsFile="$KNOWN_HOSTS" -o GlobalKnownHostsFile=/dev/null -o LogLevel=ERROR \
        -o ConnectTimeout=30 -o ServerAliveInterval=15 "root@${ADDRESS[$name]}" "$@"
}

answers_ssh() { lab_ssh "$1" true; }
answers_ping() { ping -n -q -c 1 -W 1 "${ADDRESS[$1]}"; }
answers_http() { curl -fsS -m 10 -o /dev/null "http://${ADDRESS[$1]}/SHA256SUMS"; }

# The lab's key pair and the machines' host keys stay when images are built anew, so that nothing that has
# pinned a host key needs to pin it again.
make_keys() {
    local name
    install -d -m 0700 "$KEYS"
    [ -f "$LAB_KEY" ] || ssh-keygen -q -t ed25519 -N '' -C 'xen2kvm lab' -f "$LAB_KEY"
    for name in "${MACHINES[@]}"; do
        [ -f "$KEYS/host_$name" ] || ssh-keygen -q -t ed25519 -N '' -C "root@$name" -f "$KEYS/host_$name"
    done
    for name in "${MACHINES[@]}"; do
        printf '%s %s\n' "${ADDRESS[$name]}" "$(cut -d' ' -f1,2 "$KEYS/host_$name.pub")"
    done >"$KNOWN_HOSTS"
}
