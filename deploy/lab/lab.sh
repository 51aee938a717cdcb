#!/bin/bash
# The lab: a real Xen host and a real KVM host on one machine. See README.md.
set -euo pipefail

LAB_SOURCE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
for part in machines lib packages kvm-probe images network xen1 kvm1 report \
    recipes/common recipes/xen1 recipes/kvm1 recipes/files recipes/web recipes/old \
    recipes/configs; do
    # shellcheck source=/dev/null
    . "$LAB_SOURCE/$part.sh"
done

usage() {
    cat >&2 <<'TEXT'
usage: lab.sh VERB
  packages         install what the lab needs
  build            make the images that are missing
  up               build, then start network, xen1 with its guests, and kvm1
  down [--force]   end everything that up started
  status [--json]  what answers, and where each guest runs (exit code 3: the lab is not up)
  reset [--force]  xen1 and its guests pristine, nothing left on kvm1, in seconds
                   both refuse while a run copies between the hosts, unless forced
  ssh NAME [CMD…]  a shell or a command on xen1, kvm1, files, web or old
  env              addresses, keys, guests as JSON
  net-exec CMD…    run a command inside the lab's network
TEXT
}

# What is started here outlives the call and must not keep what the caller had open: a lock of its own, for one.
close_inherited() {
    local fd
    for fd in "/proc/$$/fd/"*; do
        fd=${fd##*/}
        if [ "$fd" -gt 2 ] && [ "$fd" -ne 255 ]; then eval "exec $fd>&-"; fi
    done
}

# One verb that changes the lab at a time; what is started must not keep the lock (it closes descriptor 9).
lock() {
    need_root
    close_inherited
    mkdir -p "$LAB_DIR" "$RUN" "$LOGS"
    exec 9>"$LAB_DIR/lock"
    flock 9
}

wait_for_guests() {
    local guest
    for guest in "${GUESTS[@]}"; do
        wait_for 120 "$guest: answers ping" answers_ping "$guest"
        wait_for 120 "$guest: serves its data" answers_http "$guest"
    done
}

# busy_host NAME: the commands of the agents at work there, one a line. Nothing when it does not answer: a lab that is
# broken must be mendable.
busy_host() {
    # shellcheck disable=SC2016
    timeout 60 ssh -i "$LAB_KEY" -o IdentitiesOnly=yes -o BatchMode=yes -o UserKnownHostsFile="$KNOWN_HOSTS" -o LogLevel=ERROR -o ConnectTimeout=10 \
        "root@${ADDRESS[$1]}" '
        for p in /proc/[0-9]*; do
            case $(readlink "$p/exe") in
                */x2k-agent*) tr "\0" " " <"$p/cmdline"; echo ;;
            esac
        done' 2>/dev/null </dev/null || :
}

# refuse_if_used VERB [--force]: nobody pulls the lab from under a run by accident.
refuse_if_used() {
    local verb=$1 host busy
    if [ "${2:-}" = --force ]; then return; fi
    for host in "${HOSTS[@]}"; do
        "${host}_running" || continue
        busy=$(busy_host "$host")
        if [ -n "$busy" ]; then
            warn "a run is at work on $host: $(head -n 1 <<<"$busy")"
            die "$verb would break it; let it end, stop it in the dashboard, or call $verb --force"
        fi
    done
}

# Whether what runs was started from the images as the recipes have them now.
is_current() { all_built && { ready_exists || [ -f "$RUN/xen1/first-start" ]; }; }

verb_up() {
    if { xen1_running || kvm1_running; } && ! is_current; then
        say "the recipes have changed since the lab was started"
        refuse_if_used down
        take_down
    fi
    verb_build
    network_up
    local fresh=no
    xen1_running || fresh=yes
    kvm1_start
    xen1_start
    if ! ready_exists; then
        xen1_first_start
        xen1_start
    fi
    wait_for 120 "kvm1: libvirt answers over ssh" kvm1_ready
    wait_for 120 "xen1: answers over ssh" xen1_answers
    if [ $fresh = yes ]; then
        wait_for_guests
        set_guest_clocks
    fi
    say "the lab is up"
}

verb_down() {
    case ${1:-} in
        '' | --force) ;;
        *) usage; exit 2 ;;
    esac
    refuse_if_used down "$@"
    take_down
}

take_down() {
    kvm1_stop
    xen1_stop
    network_down
    say "the lab is down"
}

verb_reset() {
    local name force=
    for name in "$@"; do
        if [ "$name" = --force ]; then force=--force; continue; fi
        is_guest "$name" || { warn "no such guest: $name"; exit 2; }
    done
    if ! xen1_running || ! kvm1_running; then die "the lab is not up: call up"; fi
    refuse_if_used reset "$force"
    kvm1_stop
    kvm1_start
    # A new QEMU, not loadvm in the running one: there the processor's time counter would not go back with the rest, and the guests would
    # stand still for as long as the snapshot is old.
    xen1_stop
    xen1_start
    network_forget
    wait_for 120 "kvm1: libvirt answers over ssh" kvm1_ready
    wait_for 120 "xen1: answers over ssh" xen1_answers
    wait_for_guests
    set_guest_clocks
    say "the lab is as it was at its first start"
}

verb_ssh() {
    is_machine "${1:-}" || { usage; exit 2; }
    lab_ssh "$@"
}

verb_net_exec() {
    [ $# -gt 0 ] || { usage; exit 2; }
    need_root
    in_lab "$@"
}

main() {
    local verb=${1:-}
    [ $# -eq 0 ] || shift
    case $verb in
        packages | build | up | down | reset) lock; "verb_$verb" "$@" ;;
        status | env | ssh) "verb_$verb" "$@" ;;
        net-exec) verb_net_exec "$@" ;;
        -h | --help | help) usage ;;
        *) usage; exit 2 ;;
    esac
}

# kvm1 reads this file for its functions alone.
if [ "${1:-}" != source-only ]; then main "$@"; fi
