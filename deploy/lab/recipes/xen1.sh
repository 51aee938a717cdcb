# shellcheck shell=bash
# xen1: Debian's dom0 on Xen 4.17, xenbr0, volume group vg0 on its second disk, image files in /srv/xen.

tree_xen1() {
    local tree=$TREES/xen1 kernel
    bootstrap "$tree" linux-image-amd64 xen-system-amd64 openssh-server openssh-client lvm2 systemd-sysv udev \
        iproute2 iputils-ping bridge-utils ifupdown parted fdisk kpartx netcat-openbsd e2fsprogs python3-minimal \
        dbus procps zstd xen-tools sudo drbd-utils
    identity "$tree" xen1
    operator "$tree"
    echo '/dev/sda  /  ext4  errors=remount-ro  0 1' >"$tree/etc/fstab"
    cat >"$tree/etc/network/interfaces" <<NET
auto lo
iface lo inet loopback

iface eth0 inet manual

auto xenbr0
iface xenbr0 inet static
    address ${ADDRESS[xen1]}/24
    gateway $DASHBOARD_ADDRESS
    bridge_ports eth0
    bridge_stp off
    bridge_fd 0
    bridge_maxwait 5
NET
    # Emulated seconds are dear: nothing here needs these.
    chroot "$tree" systemctl mask systemd-timesyncd.service lvm2-monitor.service
    # Every guest's console is kept in /var/log/xen/console.
    echo 'XENCONSOLED_ARGS="--log=guest"' >>"$tree/etc/default/xen"
    mkdir -p "$tree/var/log/xen/console"
    # The guests must not starve dom0, whose block scripts have a time limit.
    cat >"$tree/etc/systemd/system/dom0-weight.service" <<'UNIT'
[Unit]
Description=Prefers dom0 when processors are short
After=xen.service
Before=xendomains.service

[Service]
Type=oneshot
ExecStart=/usr/sbin/xl sched-credit2 -d Domain-0 -w 2048

[Install]
WantedBy=multi-user.target
UNIT
    chroot "$tree" systemctl enable dom0-weight.service
    kernel=$(dom0_kernel)
    cp "$tree/boot/vmlinuz-$kernel" "$IMAGES/xen1-vmlinuz"
    cp "$tree/boot/initrd.img-$kernel" "$IMAGES/xen1-initrd"
    zcat "$tree"/boot/xen-4.*-amd64.gz >"$IMAGES/xen1-xen"
}

# The root disk and vg0, with what the guests' recipes have left in $IMAGES.
image_xen1() {
    local tree=$TREES/xen1 guest
    mkdir -p "$tree/etc/xen/auto" "$tree/srv/xen"
    for guest in "${GUESTS[@]}"; do "config_$guest" >"$tree/etc/xen/$guest.cfg"; done
    ln -sf ../files.cfg "$tree/etc/xen/auto/files.cfg"
    ln -f "$IMAGES/old-root.img" "$IMAGES/old-swap.img" "$tree/srv/xen/"
    file_system "$IMAGES/xen1-root.img" 4096 "$tree" -L xen1-root
    rm -rf "$tree/srv/xen"
    volume_group "$IMAGES/xen1-vg0.img" 8192 files-root files-var files-swap web-disk
}

# volume_group IMAGE MIB VOLUME… makes a disk with volume group vg0 and one linear volume per $IMAGES/VOLUME.img.
# The kernel here may have no device-mapper, so LVM only writes the metadata, and the contents are written to
# the extents it chose.
volume_group() {
    local image=$1 mib=$2 volume loop conf
    shift 2
    rm -f "$image"
    truncate -s "${mib}M" "$image"
    loop=$(losetup -f --show "$image")
    # shellcheck disable=SC2064
    trap "losetup -d $loop" EXIT
    conf=$(mktemp -d)
    cat >"$conf/lvm.conf" <<LVM
devices {
    dir = "/dev"
    scan = [ "/dev" ]
    filter = [ "a|^$loop\$|", "r|.*|" ]
    global_filter = [ "a|^$loop\$|", "r|.*|" ]
    use_devicesfile = 0
    obtain_device_list_from_udev = 0
    external_device_info_source = "none"
}
global { event_activation = 0 use_lvmpolld = 0 system_id_source = "none" }
activation { udev_sync = 0 udev_rules = 0 verify_udev_operations = 0 monitoring = 0 }
backup { backup = 0 archive = 0 }
LVM
    vg() { LVM_SYSTEM_DIR=$conf LVM_SUPPRESS_FD_WARNINGS=1 lvm "$1" --driverloaded n "${@:2}"; }
    vg pvcreate -ff -y "$loop"
    vg vgcreate -y vg0 "$loop"
    for volume in "$@"; do
        vg lvcreate -an -Zn -Wn -y -L "$(stat -c %s "$IMAGES/$volume.img")b" -n "$volume" vg0
    done
    local start extent first
    start=$(vg pvs --noheadings --nosuffix --units b -o pe_start | tr -d ' ')
    extent=$(vg vgs --noheadings --nosuffix --units b -o vg_extent_size vg0 | tr -d ' ')
    for volume in "$@"; do
        first=$(vg lvs --noheadings -o seg_pe_ranges "vg0/$volume" | sed 's/.*:\([0-9]*\)-.*/\1/')
        dd if="$IMAGES/$volume.img" of="$image" bs=1M conv=notrunc,sparse oflag=seek_bytes \
            seek=$((start + first * extent)) status=none
    done
    rm -rf "$conf"
    losetup -d "$loop"
    trap - EXIT
}
