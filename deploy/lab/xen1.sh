# shellcheck shell=bash
# The running xen1: QEMU with Xen, dom0 and the guests inside. After its first start, with all guests up, its
# whole state is kept as the snapshot `ready`; later starts and every reset go back to it in seconds.

XEN1_MEMORY=3072
XEN1_DISKS=(root vg0)

xen1_running() { pid_alive "$RUN/xen1.pid"; }

# The snapshot holds for these images, this QEMU, this processor and this way to call them.
ready_key() {
    {
        recipe_key xen1
        qemu-system-x86_64 --version | head -n 1
        grep -m1 'model name' /proc/cpuinfo
        kvm_works && echo kvm
        declare -f xen1_launch
        echo "$XEN1_MEMORY ${XEN1_DISKS[*]}"
    } | sha256sum | cut -c1-16
}

ready_exists() { [ "$(cat "$IMAGES/ready.key" 2>/dev/null)" = "$(ready_key)" ]; }

# xen1_launch [QEMU OPTION…] starts QEMU on the overlays in $RUN/xen1.
xen1_launch() {
    local accel=(-accel 'tcg,thread=multi' -cpu qemu64)
    if kvm_works; then accel=(-accel kvm -cpu host); fi
    local disks=() disk index=0
    for disk in "${XEN1_DISKS[@]}"; do
        disks+=(-drive "if=ide,index=$index,format=qcow2,cache=unsafe,discard=unmap,file=$RUN/xen1/$disk.qcow2")
        index=$((index + 1))
    done
    rm -f "$RUN/xen1/monitor"
    # Ahead of other work on this machine: what is emulated has time limits of its own.
    setsid nice -n -5 ip netns exec "$NS_LAB" qemu-system-x86_64 -name xen1 "${accel[@]}" -machine pc -smp 2 -m "$XEN1_MEMORY" \
        -nodefaults -no-user-config -display none -vga none \
        -kernel "$IMAGES/xen1-xen" \
        -append 'dom0_mem=1024M,max:1024M console=com1 com1=115200 noreboot dom0_max_vcpus=1 dom0_vcpus_pin' \
        -initrd "$IMAGES/xen1-vmlinuz root=/dev/sda ro console=hvc0 net.ifnames=0 mitigations=off,$IMAGES/xen1-initrd" \
        "${disks[@]}" \
        -netdev tap,id=net0,ifname=xen1,script=no,downscript=no \
        -device "e1000,netdev=net0,mac=${MAC[xen1]},romfile=" \
        -serial "file:$LOGS/xen1-console.log" -qmp "unix:$RUN/xen1/monitor,server=on,wait=off" \
        "$@" >"$LOGS/xen1.log" 2>&1 </dev/null 9>&- &
    echo "$! -name xen1" >"$RUN/xen1.pid"
    disown
}

# monitor COMMAND: one command of QEMU's human monitor; its answer on standard output, an error text fails.
monitor() {
    local line answer='' in out pid
    coproc QMP { exec socat - "UNIX-CONNECT:$RUN/xen1/monitor" 9>&-; }
    pid=$QMP_PID in=${QMP[1]} out=${QMP[0]}
    printf '%s\n' '{"execute":"qmp_capabilities"}' >&"$in"
    jq -nc --arg line "$1" '{execute:"human-monitor-command",arguments:{"command-line":$line},id:"answer"}' >&"$in"
    while read -r -t 300 line <&"$out"; do
        if [ "$(jq -r '.id // ""' <<<"$line")" = answer ]; then
            answer=$(jq -r '.return // .error.desc' <<<"$line")
            break
        fi
    done
    kill "$pid" 2>/dev/null || :
    wait "$pid" 2>/dev/null || :
    printf '%s' "$answer"
    ! grep -qi error <<<"$answer"
}

xen1_start() {
    if xen1_running; then return; fi
    rm -rf "$RUN/xen1"
    mkdir -p "$RUN/xen1"
    if ready_exists; then
        local disk
        for disk in "${XEN1_DISKS[@]}"; do
            cp --sparse=always "$IMAGES/ready-$disk.qcow2" "$RUN/xen1/$disk.qcow2"
        done
        xen1_launch -loadvm ready
        say "xen1: its kept state is being loaded"
    else
        local disk
        for disk in "${XEN1_DISKS[@]}"; do
            qemu-img create -q -f qcow2 -F raw -b "$IMAGES/xen1-$disk.img" "$RUN/xen1/$disk.qcow2"
        done
        touch "$RUN/xen1/first-start"
        xen1_launch
        say "xen1: first start, everything in it is emulated; this takes some minutes once"
    fi
}

# After the first start: wait for all that `ready` shall hold, keep it, and go on from there.
xen1_first_start() {
    local guest disk
    wait_for 600 "xen1: dom0 answers ssh" answers_ssh xen1
    lab_ssh xen1 'systemctl is-system-running --wait >/dev/null || systemctl --failed --no-legend'
    say "xen1: dom0 is up, starting the guests"
    # One after the other: together they start no sooner, and each gets slow enough to run into time limits.
    for guest in "${GUESTS[@]}"; do
        lab_ssh xen1 "xl domid $guest >/dev/null 2>&1 || xl create -q /etc/xen/$guest.cfg"
        wait_for 900 "$guest: answers on ssh" answers_ssh "$guest"
        wait_for 60 "$guest: serves its data" answers_http "$guest"
    done
    lab_ssh xen1 sync
    monitor 'savevm ready' || die "xen1: its state could not be kept"
    say "xen1: state kept"
    monitor quit >/dev/null || :
    end_pid "$RUN/xen1.pid"
    for disk in "${XEN1_DISKS[@]}"; do mv "$RUN/xen1/$disk.qcow2" "$IMAGES/ready-$disk.qcow2"; done
    ready_key >"$IMAGES/ready.key"
}


# A loaded state has the clock of the day it was kept. dom0's also becomes the hypervisor's, which a guest gets
# when it is started.
xen1_answers() { lab_ssh xen1 "date -u -s @$(date +%s) && xl info >/dev/null"; }

# The running guests follow when they get round to it: nobody waits for three more emulated logins.
set_guest_clocks() {
    local guest
    for guest in "${GUESTS[@]}"; do
        lab_ssh "$guest" "date -u -s @$(date +%s)" </dev/null >/dev/null 2>&1 9>&- &
        disown
    done
}

xen1_stop() {
    if xen1_running; then monitor quit >/dev/null 2>&1 || :; fi
    end_pid "$RUN/xen1.pid"
}
