# shellcheck shell=bash
# Whether hardware virtualisation works here. The device file proves nothing: a stock kernel is booted with a
# time limit, and the answer holds until the machine is started again.

kvm_works() {
    local boot answer=$LAB_DIR/kvm-probe
    [ -c /dev/kvm ] || return 1
    boot=$(cat /proc/sys/kernel/random/boot_id)
    if [ "$(cut -d' ' -f1 "$answer" 2>/dev/null)" != "$boot" ]; then
        if probe_kvm; then echo "$boot yes" >"$answer"; else echo "$boot no" >"$answer"; fi
    fi
    [ "$(cut -d' ' -f2 "$answer")" = yes ]
}

probe_kvm() {
    local console pid began=$SECONDS works=1
    console=$(mktemp)
    qemu-system-x86_64 -accel kvm -cpu host -m 256 -nodefaults -display none -serial "file:$console" -no-reboot \
        -kernel "$(probe_kernel)" -append 'console=ttyS0 panic=-1' >/dev/null 2>&1 </dev/null 9>&- &
    pid=$!
    # Without a root file system the kernel ends in a panic: it has then come all the way.
    while (( SECONDS - began < 15 )) && kill -0 "$pid" 2>/dev/null; do
        if grep -qa 'Unable to mount root' "$console"; then works=0; break; fi
        read -rt 0.2 <> <(:) || :
    done
    kill -KILL "$pid" 2>/dev/null || :
    wait "$pid" 2>/dev/null || :
    grep -qa 'Unable to mount root' "$console" && works=0
    rm -f "$console"
    return $works
}

probe_kernel() {
    local kernel
    for kernel in "$IMAGES/xen1-vmlinuz" "$TREES"/*/boot/vmlinuz-*; do
        if [ -f "$kernel" ]; then echo "$kernel"; return; fi
    done
    return 1
}
