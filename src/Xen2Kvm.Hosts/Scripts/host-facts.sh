# read facts of the host
# $1: nonce that marks sections. Reads only.
n=$1
s() { printf '\036%s %s\n' "$n" "$1"; }
has() { command -v "$1" >/dev/null 2>&1; }
s hostname; hostname 2>/dev/null || uname -n
s os; cat /etc/os-release 2>/dev/null || cat /etc/redhat-release /etc/SuSE-release /etc/debian_version 2>/dev/null
s kernel; uname -r
s cpus; grep -c '^processor' /proc/cpuinfo
s cpuinfo; sed '/^$/q' /proc/cpuinfo
s meminfo; cat /proc/meminfo
s bridges
for b in /sys/class/net/*/bridge; do
  [ -d "$b" ] || continue
  i=${b%/bridge}
  echo "${i##*/} $(cat "$i/mtu" 2>/dev/null)"
done
s addresses; ip -o addr 2>/dev/null
s neighbours; ip neigh 2>/dev/null
s vgs; has vgs && vgs --noheadings --nosuffix --units b --separator '|' -o vg_name,vg_size,vg_free 2>/dev/null
s lvs; has lvs && lvs --noheadings --nosuffix --units b --separator '|' -o vg_name,lv_name,lv_size,lv_attr,origin,lv_tags 2>/dev/null
s tools
v() { # name, option that prints the version
  has "$1" && echo "$1 $("$@" 2>&1 </dev/null | grep -m1 '[0-9]\.[0-9]')"
}
has xl && echo "xl $(xl info 2>/dev/null | sed -n 's/^xen_version *: *//p')"
has xm && echo "xm $(xm info 2>/dev/null | sed -n 's/^xen_major *: *//p')"
v virsh --version
v qemu-img --version
v qemu-system-x86_64 --version
[ -x /usr/libexec/qemu-kvm ] && echo "qemu-kvm $(/usr/libexec/qemu-kvm --version | head -n 1)"
v guestfish --version
v grub-mkimage --version
v grub2-mkimage --version
[ -e /usr/lib/grub/i386-pc/boot.img ] && echo grub-i386-pc
v zstd --version
v virt-v2v --version
v sfdisk --version
has lvm && echo "lvm $(lvm version 2>/dev/null | sed -n 's/.*LVM version: *//p')"
v blkid -V
v drbdadm --version
v rsync --version
has ssh && echo "ssh $(ssh -V 2>&1 | sed 's/^OpenSSH_//')"
v sha256sum --version
v python3 --version
exit 0
