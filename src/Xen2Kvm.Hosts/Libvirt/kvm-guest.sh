# act on a libvirt guest
# $1 what, $2 name of the guest, $3 further argument. Prints nothing and ends with 3 when libvirt does not know the guest.
act=$1 name=$2 arg=$3
V='virsh -c qemu:///system -q'
# By UUID from here on: virsh takes a name that is a number for an id.
list=$($V list --all --uuid --name) || exit 1
u=$(printf '%s\n' "$list" | while IFS= read -r line; do
  rest=${line#????????-????-????-????-????????????}
  [ "$rest" = "$line" ] && continue
  found=$(printf '%s' "$rest" | sed 's/^[ ]*//; s/[ ]*$//')
  [ "$found" = "$name" ] && printf '%s' "${line%"$rest"}" && break
done)
[ -n "$u" ] || exit 3
state=$($V domstate "$u") || exit 1
case $act in
  state) echo "$state" ;;
  xml) $V dumpxml --inactive "$u" ;;
  live-xml) $V dumpxml "$u" ;;
  start)
    [ "$state" = "shut off" ] || [ "$state" = crashed ] || exit 0
    $V start "$u" ;;
  destroy)
    [ "$state" = "shut off" ] && exit 0
    $V destroy "$u" ;;
  undefine)
    $V undefine "$u" --nvram --managed-save --snapshots-metadata || $V undefine "$u" --nvram ;;
  autostart)
    if [ "$arg" = on ]; then $V autostart "$u"; else $V autostart --disable "$u"; fi ;;
  screenshot)
    [ "$state" = running ] || [ "$state" = paused ] || exit 4
    d=$(mktemp -d) || exit 1
    trap 'rm -rf "$d"' EXIT
    $V screenshot "$u" "$d/picture" >/dev/null || exit 1
    cat "$d/picture" ;;
  *) exit 2 ;;
esac
