# read guests and pools from libvirt
# $1: nonce that marks sections. Reads only.
n=$1
s() { printf '\036%s %s\n' "$n" "$1"; }
V='virsh -c qemu:///system -q'
s version; $V version 2>&1
s pools
# virsh pads the names with blanks; read takes them off
$V pool-list --all --name 2>/dev/null | while read -r pool; do
  [ -n "$pool" ] || continue
  s "pool $pool"
  xml=$($V pool-dumpxml --pool "$pool" 2>/dev/null)
  printf '%s\n' "$xml"
  path=$(printf '%s\n' "$xml" | sed -n 's:.*<path>\(/.*\)</path>.*:\1:p' | tail -n 1)
  s "pool-df $pool"
  [ -d "$path" ] && df -Pk -- "$path" | tail -n 1
done
s guests
$V list --all --uuid 2>&1 | while IFS= read -r u; do
  [ -n "$u" ] || continue
  s "state $u"; $V domstate "$u" 2>/dev/null
  s "info $u"; $V dominfo "$u" 2>/dev/null
  s "xml $u"; $V dumpxml "$u" 2>/dev/null
  s "blocks $u"; $V domblkinfo "$u" --all 2>/dev/null
done
exit 0
