# shellcheck shell=bash
# kvm1: libvirt and libguestfs in a root file system that is entered with namespaces, not emulated.

tree_kvm1() {
    local tree=$TREES/kvm1
    bootstrap "$tree" openssh-server openssh-client libvirt-daemon-system libvirt-clients libvirt-daemon-driver-qemu \
        qemu-system-x86 qemu-utils ovmf libguestfs-tools guestfs-tools grub-pc-bin grub-common linux-image-amd64 \
        iproute2 iputils-ping procps dbus zstd parted fdisk netcat-openbsd lvm2 e2fsprogs sudo
    identity "$tree" kvm1
    operator "$tree"
    printf '%s\n' 'user = "root"' 'group = "root"' 'namespaces = []' 'security_driver = "none"' \
        'remember_owner = 0' >>"$tree/etc/libvirt/qemu.conf"
    printf 'host_uuid = "%s"\n' 77000020-0000-4000-8000-525400770020 >>"$tree/etc/libvirt/libvirtd.conf"
    mkdir -p "$tree/etc/libvirt/storage/autostart" "$tree/var/lib/libvirt/images"
    cat >"$tree/etc/libvirt/storage/default.xml" <<'POOL'
<pool type='dir'>
  <name>default</name>
  <uuid>77000020-0000-4000-8000-706f6f6c0001</uuid>
  <target>
    <path>/var/lib/libvirt/images</path>
  </target>
</pool>
POOL
    ln -sf ../default.xml "$tree/etc/libvirt/storage/autostart/default.xml"
    # sshd reads this through PAM, so a plain `ssh kvm1 guestfish …` finds the direct backend.
    echo 'LIBGUESTFS_BACKEND=direct' >>"$tree/etc/environment"
    cat >"$tree/sbin/lab-init" <<'INIT'
#!/bin/bash
# Process 1 of kvm1: the daemons that systemd would start.
mkdir -p /run/sshd /run/lock /run/dbus
virtlogd -d
libvirtd -d
/usr/sbin/sshd -D &
wait
INIT
    chmod 0755 "$tree/sbin/lab-init"
    # libguestfs makes its appliance at first use and keeps it in /var/tmp: do that now.
    enter_kvm1 "$tree" env LIBGUESTFS_BACKEND=direct guestfish -a /dev/null run
}

# enter_kvm1 ROOT COMMAND… runs a command in the root file system, with namespaces and devices of its own.
# The host's /dev/kvm is only shown when it works, so that libvirt and libguestfs see the truth.
enter_kvm1() {
    local root=$1
    shift
    local kvm=no
    if kvm_works; then kvm=yes; fi
    exec unshare --mount --pid --uts --ipc --fork --kill-child --propagation private \
        bash -c "$(declare -f furnish_kvm1); furnish_kvm1 \"\$@\"" kvm1 "$root" "$kvm" "$@" 9>&-
}

furnish_kvm1() {
    set -euo pipefail
    local root=$1 kvm=$2 node
    shift 2
    hostname kvm1
    mount -t proc proc "$root/proc"
    mount -t sysfs sysfs "$root/sys"
    mount -t tmpfs -o mode=0755 tmpfs "$root/run"
    mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
    mount -t tmpfs -o mode=0755 tmpfs "$root/dev"
    mkdir -p "$root"/dev/{pts,shm,net}
    mount -t devpts -o newinstance,ptmxmode=0666,mode=0620,gid=5 devpts "$root/dev/pts"
    mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm"
    for node in null:1:3 zero:1:5 full:1:7 random:1:8 urandom:1:9 tty:5:0 net/tun:10:200; do
        IFS=: read -r path major minor <<<"$node"
        mknod -m 0666 "$root/dev/$path" c "$major" "$minor"
    done
    if [ "$kvm" = yes ]; then mknod -m 0666 "$root/dev/kvm" c 10 232; fi
    ln -s pts/ptmx "$root/dev/ptmx"
    ln -s /proc/self/fd "$root/dev/fd"
    ln -s /proc/self/fd/0 "$root/dev/stdin"
    ln -s /proc/self/fd/1 "$root/dev/stdout"
    ln -s /proc/self/fd/2 "$root/dev/stderr"
    exec chroot "$root" "$@"
}
