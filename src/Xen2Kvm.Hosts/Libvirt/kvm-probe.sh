# find out whether a guest really runs under KVM
# /dev/kvm may exist and still not boot a kernel, so one is booted, once per kernel, QEMU and processor.
# Prints yes, no or unknown and a reason.
[ -e /dev/kvm ] || { echo "no there is no /dev/kvm"; exit 0; }
q=
for c in qemu-system-x86_64 /usr/libexec/qemu-kvm qemu-kvm kvm; do
  command -v "$c" >/dev/null 2>&1 && { q=$c; break; }
done
[ -n "$q" ] || { echo "unknown there is no qemu-system-x86_64 to try it with"; exit 0; }
k=
for f in "/boot/vmlinuz-$(uname -r)" /boot/vmlinuz-* /boot/vmlinuz /vmlinuz; do
  [ -r "$f" ] && { k=$f; break; }
done
[ -n "$k" ] || { echo "unknown there is no kernel in /boot to try it with"; exit 0; }
cache=${X2K_STATE:-/var/lib/x2k}/kvm-probe
key="1 $(uname -r) $("$q" --version | head -n 1) $(grep -m1 '^model name' /proc/cpuinfo) $k"
if [ -r "$cache" ] && [ "$(sed -n 1p "$cache")" = "$key" ]; then
  sed -n 2p "$cache"
  exit 0
fi
out=$(mktemp) || exit 1
trap 'rm -f "$out"' EXIT
timeout -k 2 "${1:-20}" "$q" -accel kvm -cpu host -m 256 -nodefaults -display none -serial "file:$out" -no-reboot \
  -kernel "$k" -append 'console=ttyS0 panic=-1' </dev/null >"$out.err" 2>&1
r=$?
if grep -q -e 'Run /init' -e 'Kernel panic' -e 'VFS:' "$out"; then
  a="yes a kernel booted under KVM"
elif [ "$r" -eq 124 ] || [ "$r" -eq 137 ]; then
  a="no a kernel started under KVM and hung; guests run emulated instead, many times slower"
else
  a="no QEMU cannot use KVM: $(head -n 1 "$out.err")"
fi
rm -f "$out.err"
mkdir -p "${cache%/*}" && printf '%s\n%s\n' "$key" "$a" >"$cache.new" && mv -f "$cache.new" "$cache"
printf '%s\n' "$a"
