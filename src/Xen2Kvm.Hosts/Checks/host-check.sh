# look for what a host needs
# $1 xen|kvm. Prints lines NAME|ok or NAME|no|what was found. Reads only.
kind=$1
has() { command -v "$1" >/dev/null 2>&1; }
say() { printf '%s|%s|%s\n' "$1" "$2" "$3"; }
tool() { # name, programs of which one must be there
  name=$1
  shift
  for p in "$@"; do
    if has "$p" || [ -x "$p" ]; then say "$name" ok "$(command -v "$p" || echo "$p")"; return; fi
  done
  say "$name" no "$* not found"
}
room() { # name, directory, MiB
  d=$2
  while [ ! -d "$d" ]; do d=${d%/*}; d=${d:-/}; done
  free=$(($(df -Pk "$d" | awk 'NR == 2 { print $4 }') / 1024))
  if [ "$free" -ge "$3" ]; then say "$1" ok "$free MiB free in $d"; else say "$1" no "$free MiB free in $d, $3 are needed"; fi
}
say family ok "$(. /etc/os-release 2>/dev/null; echo "$ID $ID_LIKE")"
if [ "$kind" = xen ]; then
  if has xl; then
    v=$(xl info 2>&1) && say toolstack ok "xl, Xen $(printf '%s\n' "$v" | sed -n 's/^xen_version *: *//p')" || say toolstack no "$(printf '%s\n' "$v" | tail -n 1)"
  elif has xm; then
    v=$(xm info 2>&1) && say toolstack ok "xm, Xen $(printf '%s\n' "$v" | sed -n 's/^xen_major *: *//p').$(printf '%s\n' "$v" | sed -n 's/^xen_minor *: *//p')" || say toolstack no "$(printf '%s\n' "$v" | tail -n 1)"
  else
    say toolstack no "neither xl nor xm found"
  fi
  tool blkid blkid
  tool ssh ssh
  room state /var/lib/x2k 100
else
  v=$(virsh -c qemu:///system version 2>&1) && say toolstack ok "$(printf '%s\n' "$v" | sed -n 's/^Using library: //p'), $(printf '%s\n' "$v" | sed -n 's/^Running hypervisor: //p')" ||
    say toolstack no "$(printf '%s\n' "$v" | tail -n 1)"
  tool qemu-img qemu-img
  tool qemu qemu-system-x86_64 /usr/libexec/qemu-kvm qemu-kvm
  tool guestfish guestfish
  tool grub-mkimage grub-mkimage grub2-mkimage
  if [ -e /usr/lib/grub/i386-pc/boot.img ]; then say grub-i386-pc ok /usr/lib/grub/i386-pc; else say grub-i386-pc no "/usr/lib/grub/i386-pc/boot.img not found"; fi
  tool zstd zstd
  tool ping ping
  tool bash bash
  set -- /sys/class/net/*/bridge
  if [ -d "$1" ]; then b=; for x in "$@"; do x=${x%/bridge}; b="$b ${x##*/}"; done; say bridge ok "${b# }"; else say bridge no "no bridge found"; fi
  room state /var/lib/x2k 200
  room work /var/tmp 1024
fi
exit 0
