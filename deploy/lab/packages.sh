# shellcheck shell=bash
# What the machine that carries the lab needs from Debian.

LAB_PACKAGES=(mmdebstrap qemu-system-x86 qemu-utils lvm2 iproute2 openssh-client e2fsprogs fdisk
    jq socat curl iputils-ping procps util-linux kmod)

missing_packages() {
    local package
    for package in "${LAB_PACKAGES[@]}"; do
        [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || echo "$package"
    done
}

verb_packages() {
    local missing
    mapfile -t missing < <(missing_packages)
    if [ ${#missing[@]} -eq 0 ]; then
        return
    fi
    need_root
    mkdir -p "$LOGS"
    step "packages lists" apt-get update -q
    step "packages ${#missing[@]} installed" env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -q --no-install-recommends "${missing[@]}"
}
