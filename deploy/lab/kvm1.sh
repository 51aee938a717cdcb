# shellcheck shell=bash
# The running kvm1: a fresh writable layer over its image at every start.

kvm1_running() { pid_alive "$RUN/kvm1.pid"; }

kvm1_start() {
    if kvm1_running; then return; fi
    kvm_works || :
    rm -rf "$RUN/kvm1"
    mkdir -p "$RUN"/kvm1/{root,upper,work,images}
    ip netns exec "$NS_KVM1" unshare --mount --propagation private \
        bash -c 'LAB_SOURCE=$1; . "$LAB_SOURCE/lab.sh" source-only; kvm1_furnish' kvm1-lab "$LAB_SOURCE" \
        >"$LOGS/kvm1.log" 2>&1 </dev/null 9>&- &
    echo "$! kvm1" >"$RUN/kvm1.pid"
    disown
}

# Runs inside the namespaces of kvm1 and becomes its process 1's parent.
kvm1_furnish() {
    local root=$RUN/kvm1/root
    if ! mount -t overlay overlay \
        -o "lowerdir=$TREES/kvm1,upperdir=$RUN/kvm1/upper,workdir=$RUN/kvm1/work" "$root"; then
        cp -a "$TREES/kvm1/." "$root"       # the state directory lies on a file system that cannot carry a layer
    fi
    mount --bind "$RUN/kvm1/images" "$root/var/lib/libvirt/images"
    enter_kvm1 "$root" /sbin/lab-init
}

# The process in the pid file is unshare; its child is process 1 of kvm1 and ends with it, and with that child
# every process of kvm1. It blocks the signals that could be refused.
kvm1_stop() {
    end_pid "$RUN/kvm1.pid" KILL
}

kvm1_ready() { lab_ssh kvm1 'virsh -q pool-info default >/dev/null'; }
