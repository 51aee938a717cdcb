# shellcheck shell=bash
# old: PV, sysvinit with /etc/inittab, disks named sda, image files in dom0, kernel and initrd in dom0.

tree_old() {
    local tree=$TREES/old
    bootstrap "$tree" sysvinit-core sysv-rc initscripts udev kmod ifupdown iproute2 iputils-ping openssh-server \
        procps busybox netbase e2fsprogs
    identity "$tree" old
    cat >"$tree/etc/fstab" <<'FSTAB'
# /etc/fstab: static file system information.
#
# <file system> <mount point>   <type>  <options>       <dump>  <pass>
proc            /proc           proc    defaults        0       0
devpts          /dev/pts        devpts  rw,noexec,nosuid,gid=5,mode=620 0  0
/dev/sda1       /               ext4    noatime,nodiratime,errors=remount-ro 0       1
/dev/sda2       none            swap    sw              0       0
FSTAB
    # Kernels since 3.x call the disk xvda whatever the configuration says; the names in fstab live on.
    cat >"$tree/etc/udev/rules.d/61-xen-sda-names.rules" <<'RULE'
# fstab still says sda: keep the old names of the Xen disks
KERNEL=="xvda", SYMLINK+="sda"
KERNEL=="xvda[0-9]*", SYMLINK+="sda%n"
RULE
    cat >"$tree/etc/network/interfaces" <<NET
# The loopback network interface
auto lo
iface lo inet loopback

# The primary network interface
auto eth0
iface eth0 inet static
 address ${ADDRESS[old]}
 gateway $DASHBOARD_ADDRESS
 netmask 255.255.255.0

# post-up  ethtool -K eth0 tx off
NET
    # The console as xen-create-image sets it: line 1 on hvc0, no virtual terminals.
    sed -i -e 's|^1:.*|1:2345:respawn:/sbin/getty 38400 hvc0|' -e 's|^\([2-6]:.*tty[2-6]\)|#\1|' "$tree/etc/inittab"
    grep -qx '1:2345:respawn:/sbin/getty 38400 hvc0' "$tree/etc/inittab"
    cat >"$tree/etc/securetty" <<'TTY'
# /etc/securetty: list of terminals on which root is allowed to login.
console
tty1
tty2
tty3
tty4
tty5
tty6

# Xen (and others)
hvc0
xvc0
TTY
    cat >"$tree/etc/init.d/data-http" <<'INIT'
#!/bin/sh
### BEGIN INIT INFO
# Provides:          data-http
# Required-Start:    $network $remote_fs
# Required-Stop:     $network $remote_fs
# Default-Start:     2 3 4 5
# Default-Stop:      0 1 6
# Short-Description: Serves /srv/data on port 80
### END INIT INFO
case "$1" in
    start) start-stop-daemon --start --background --make-pidfile --pidfile /run/data-http.pid \
        --exec /bin/busybox -- httpd -f -p 80 -h /srv/data ;;
    stop) start-stop-daemon --stop --oknodo --pidfile /run/data-http.pid ;;
    restart|force-reload) "$0" stop; "$0" start ;;
    *) echo "Usage: $0 start|stop|restart" >&2; exit 2 ;;
esac
INIT
    chmod 0755 "$tree/etc/init.d/data-http"
    chroot "$tree" update-rc.d data-http defaults
    data_set "$tree" old 24
}

image_old() {
    local tree=$TREES/old
    host_modules "$tree"
    file_system "$IMAGES/old-root.img" 1024 "$tree" -L old-root
    rm -f "$IMAGES/old-swap.img"
    truncate -s 128M "$IMAGES/old-swap.img"
    mkswap -q -L old-swap "$IMAGES/old-swap.img"
    rm -rf "$tree"
}
