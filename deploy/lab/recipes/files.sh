# shellcheck shell=bash
# files: PV, one logical volume per partition, kernel and initrd in dom0, no boot loader, no partition table.

tree_files() {
    local tree=$TREES/files
    bootstrap "$tree" systemd-sysv udev kmod ifupdown iproute2 iputils-ping openssh-server procps busybox netbase
    identity "$tree" files
    cat >"$tree/etc/fstab" <<'FSTAB'
# <file system> <mount point> <type> <options> <dump> <pass>
proc        /proc  proc  defaults                    0 0
/dev/xvda1  /      ext4  noatime,errors=remount-ro   0 1
/dev/xvda2  /var   ext4  noatime,nodev               0 2
/dev/xvda3  none   swap  sw                          0 0
FSTAB
    cat >"$tree/etc/network/interfaces" <<NET
# The loopback network interface
auto lo
iface lo inet loopback

# The primary network interface
auto enX0
iface enX0 inet static
 address ${ADDRESS[files]}
 gateway $DASHBOARD_ADDRESS
 netmask 255.255.255.0
NET
    chroot "$tree" systemctl enable serial-getty@hvc0.service
    data_set "$tree" files 51
    serve_data "$tree"
}

image_files() {
    local tree=$TREES/files var=$TREES/files-var
    rm -rf "$var"
    host_modules "$tree"
    mv "$tree/var" "$var"
    mkdir "$tree/var"
    file_system "$IMAGES/files-root.img" 1200 "$tree" -L files-root
    file_system "$IMAGES/files-var.img" 320 "$var" -L files-var
    rm -f "$IMAGES/files-swap.img"
    truncate -s 128M "$IMAGES/files-swap.img"
    mkswap -q -L files-swap "$IMAGES/files-swap.img"
    rm -rf "$tree" "$var"
}
