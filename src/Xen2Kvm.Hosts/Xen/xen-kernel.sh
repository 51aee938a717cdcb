# what a kernel of dom0 can do
# $1 kernel, $2 initrd or empty. Prints version=…, config lines, initrd=yes|no. Reads only.
k=$1 r=$2
[ -r "$k" ] || exit 3
real=$(readlink -f -- "$k")
b=${real##*/}
v=
case $b in *-*) v=${b#*-} ;; esac
c=
find_config() {
  for f in "${real%/*}/config-$v" "/boot/config-$v" "/lib/modules/$v/config" "/usr/lib/modules/$v/config"; do
    [ -n "$v" ] && [ -r "$f" ] && { c=$f; return 0; }
  done
  return 1
}
if ! find_config; then
  # The kernel's own header says its version.
  off=$(od -An -tu2 -j526 -N2 -- "$real" 2>/dev/null | tr -d ' ')
  [ -n "$off" ] && v=$(dd if="$real" bs=1 skip=$((off + 512)) count=80 2>/dev/null | tr '\000' '\n' | head -n 1 | cut -d ' ' -f 1)
  find_config || exit 3
fi
echo "version=$v"
grep -E '^CONFIG_(VIRTIO_BLK|VIRTIO_NET|VIRTIO_PCI|VIRTIO|XEN|XEN_PV|PARAVIRT|PARAVIRT_GUEST|X86_XEN|X86_64_XEN)=' "$c"
[ -n "$r" ] && [ -r "$r" ] || exit 0
if command -v lsinitramfs >/dev/null 2>&1; then
  l=$(timeout 5 lsinitramfs "$r" 2>/dev/null)
elif command -v lsinitrd >/dev/null 2>&1; then
  l=$(timeout 5 lsinitrd "$r" 2>/dev/null)
else
  exit 0
fi
[ -n "$l" ] || exit 0
case $l in
  *virtio_blk.ko*) echo "initrd-blk=yes" ;;
  *) echo "initrd-blk=no" ;;
esac
case $l in
  *virtio_pci.ko*) echo "initrd-pci=yes" ;;
  *) echo "initrd-pci=no" ;;
esac
