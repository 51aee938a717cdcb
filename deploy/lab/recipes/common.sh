# shellcheck shell=bash
# What the recipes of all machines share.

# bootstrap TREE PACKAGES… makes a Debian root file system as a directory, without what an emulated machine
# never looks at: documentation, translations, and drivers of hardware that no hypervisor shows to a guest.
bootstrap() {
    local tree=$1 include
    shift
    include=$(IFS=,; echo "$*")
    rm -rf "$tree"
    mkdir -p "$(dirname "$tree")"
    local excludes=(/usr/share/doc/ /usr/share/man/ /usr/share/locale/ /usr/share/info/ /usr/share/lintian/)
    local driver
    for driver in gpu/drm/amd gpu/drm/i915 gpu/drm/nouveau gpu/drm/radeon gpu/drm/gma500 media infiniband \
        net/wireless net/ethernet/mellanox net/ethernet/qlogic net/ethernet/chelsio net/ethernet/broadcom \
        net/ethernet/intel/ice scsi/lpfc scsi/qla2xxx iio staging isdn; do
        excludes+=("/lib/modules/*/kernel/drivers/$driver/")
    done
    excludes+=('/lib/modules/*/kernel/sound/')
    local options=()
    for driver in "${excludes[@]}"; do options+=("--dpkgopt=path-exclude=$driver*"); done
    env -u TMPDIR mmdebstrap --mode=root --variant=minbase --format=directory "${options[@]}" \
        --include="$include" "$SUITE" "$tree"
}

# identity TREE NAME: names, keys, and no timers that would wake an emulated machine or fetch anything.
identity() {
    local tree=$1 name=$2 other unit
    echo "$name" >"$tree/etc/hostname"
    {
        echo '127.0.0.1 localhost'
        for other in "${MACHINES[@]}"; do echo "${ADDRESS[$other]} $other"; done
    } >"$tree/etc/hosts"
    printf 'x2k-lab-%s' "$name" | md5sum | cut -d' ' -f1 >"$tree/etc/machine-id"
    install -d -m 0700 "$tree/root/.ssh"
    install -m 0600 "$LAB_KEY.pub" "$tree/root/.ssh/authorized_keys"
    rm -f "$tree"/etc/ssh/ssh_host_*
    install -m 0600 "$KEYS/host_$name" "$tree/etc/ssh/ssh_host_ed25519_key"
    install -m 0644 "$KEYS/host_$name.pub" "$tree/etc/ssh/ssh_host_ed25519_key.pub"
    if [ -d "$tree/etc/systemd/system" ]; then
        for unit in apt-daily.timer apt-daily-upgrade.timer e2scrub_all.timer e2scrub_reap.service fstrim.timer \
            dpkg-db-backup.timer logrotate.timer man-db.timer; do
            ln -sf /dev/null "$tree/etc/systemd/system/$unit"
        done
    fi
    rm -f "$tree/etc/resolv.conf"
    rm -rf "$tree"/var/lib/apt/lists/* "$tree"/var/cache/apt/*.bin
}

# operator TREE: an account as hosts have it that do not let root in.
operator() {
    chroot "$1" useradd --create-home --shell /bin/bash "$OPERATOR"
    printf '%s:%s\n' "$OPERATOR" "$OPERATOR_PASSWORD" | chroot "$1" chpasswd
    printf '%s ALL=(ALL:ALL) NOPASSWD: ALL\n' "$OPERATOR" >"$1/etc/sudoers.d/$OPERATOR"
    chmod 0440 "$1/etc/sudoers.d/$OPERATOR"
}

# data_set TREE NAME MIB: what the guest is there for. A third does not compress, the rest does; a sparse file,
# small files, a hard link, a symbolic link and an awkward name are in it; SHA256SUMS lists every regular file.
data_set() {
    local tree=$1 name=$2 mib=$3 data=$1/srv/data i
    mkdir -p "$data/small"
    head -c "$((mib / 3))M" /dev/urandom >"$data/random.bin"
    yes "a line of $name that compresses well" | head -c "$((mib / 3))M" >"$data/repeated.txt" || :
    seq 1 9999999 | head -c "$((mib / 3))M" >"$data/numbers.txt" || :
    truncate -s 32M "$data/sparse.img"
    printf 'an island in a sea of zeroes' | dd of="$data/sparse.img" bs=1M seek=9 conv=notrunc status=none
    for ((i = 0; i < 200; i++)); do printf '%s small file %d\n' "$name" "$i" >"$data/small/$i.txt"; done
    printf 'a name with a space, an accent and a quote\n' >"$data/small/l'été à la mer.txt"
    ln "$data/small/0.txt" "$data/small/hard-link.txt"
    ln -s ../numbers.txt "$data/small/symbolic-link.txt"
    printf '<!doctype html><title>%s</title><h1>%s</h1>\n' "$name" "$name" >"$data/index.html"
    (cd "$data" && find . -type f ! -name SHA256SUMS -print0 | LC_ALL=C sort -z | xargs -0 sha256sum >SHA256SUMS)
}

# serve_data TREE: a systemd unit that serves the data set on port 80.
serve_data() {
    cat >"$1/etc/systemd/system/data-http.service" <<'UNIT'
[Unit]
Description=Serves /srv/data on port 80
After=network.target

[Service]
ExecStart=/bin/busybox httpd -f -p 80 -h /srv/data
Restart=always

[Install]
WantedBy=multi-user.target
UNIT
    chroot "$1" systemctl enable data-http.service
}

# host_modules TREE: the modules of the kernel in dom0, as xen-create-image copies them into a guest.
host_modules() {
    local kernel
    kernel=$(dom0_kernel)
    mkdir -p "$1/lib/modules"
    cp -a "$TREES/xen1/lib/modules/$kernel" "$1/lib/modules/"
    rm -f "$1/lib/modules/$kernel/build" "$1/lib/modules/$kernel/source"
}

dom0_kernel() { basename "$TREES"/xen1/lib/modules/*; }

# file_system IMAGE MIB TREE LABEL [MKE2FS OPTION…]: an ext4 image that holds the tree.
file_system() {
    local image=$1 mib=$2 tree=$3
    shift 3
    rm -f "$image"
    truncate -s "${mib}M" "$image"
    mke2fs -q -F -t ext4 -m 1 -E "root_owner=0:0" -d "$tree" "$@" "$image"
}
