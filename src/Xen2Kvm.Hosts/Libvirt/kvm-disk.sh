# make, find or delete a disk of a run
# $1 allocate|find|delete, $2 path, $3 run, $4 size in bytes, $5 raw|qcow2, $6 volume group or pool, $7 vg|dir,
# $8 $9 …: offset and length in bytes of what will be copied to it, by rising offset
# Prints "found SIZE" for a disk of this run. Exit 65 with a line "x2k: why" when it refuses.
act=$1 path=$2 run=$3 size=$4 format=$5 place=$6 kind=$7
shift 7
no() { printf 'x2k: %s\n' "$1" >&2; exit 65; }

# A volume keeps what a deleted one held there. Where nothing is copied, the guest must not find it. Before the copy, so whole
# sectors of any size may be zeroed.
zero() {
  from=$(($1 / 4096 * 4096)) to=$((($2 + 4095) / 4096 * 4096))
  [ "$to" -le "$end" ] || to=$end
  [ "$from" -ge "$to" ] || blkdiscard -z -o "$from" -l "$((to - from))" "$path" >&2 || exit 1
}
clear_rest() {
  end=$1 at=0
  shift
  while [ $# -ge 2 ]; do
    zero "$at" "$1"
    at=$(($1 + $2))
    shift 2
  done
  zero "$at" "$end"
}

if [ "$kind" = vg ]; then
  lv=${path#/dev/}
  command -v lvs >/dev/null 2>&1 || no "LVM is not installed; there is no volume group $place (apt install lvm2)"
  free=$(vgs --noheadings --nosuffix --units b -o vg_free "$place" 2>/dev/null | tr -d ' ')
  [ -n "$free" ] || no "there is no volume group $place"
  line=$(lvs --noheadings --nosuffix --units b --separator '|' -o lv_size,lv_tags "$lv" 2>/dev/null | tr -d ' ')
  if [ -n "$line" ]; then
    have=${line%%|*} tags=",${line#*|},"
    case $tags in
      *",x2k_$run,"*) ;;
      *)
        [ "$act" = find ] && exit 0
        case $tags in
          *,x2k_*) no "$path belongs to another run ($(printf %s "${line#*|}" | tr , '\n' | sed -n 's/^x2k_//p'))" ;;
          *) no "$path exists and was not made by this program" ;;
        esac ;;
    esac
    if [ "$act" = delete ]; then
      lvremove -f "$lv" >/dev/null || exit 1
      exit 0
    fi
    [ "$have" -ge "$size" ] || no "$path of this run has $have bytes, but $size are needed"
    lvchange -ay "$lv" >/dev/null 2>&1
    [ "$act" = find ] || clear_rest "$have" "$@"
    echo "found $have"
    exit 0
  fi
  [ "$act" = allocate ] || exit 0
  [ "$free" -ge "$size" ] || no "the volume group $place has $free bytes free, but $path needs $size"
  lvcreate -q -y -Wy -Zy --addtag "x2k_$run" -L "${size}b" -n "${lv#*/}" "$place" >/dev/null || exit 1
  have=$(lvs --noheadings --nosuffix --units b -o lv_size "$lv" | tr -d ' ')
  clear_rest "$have" "$@"
  echo "found $have"
  exit 0
fi

V='virsh -c qemu:///system -q'
command -v qemu-img >/dev/null 2>&1 || no "qemu-img is not installed (apt install qemu-utils)"
dir=$($V pool-dumpxml --pool "$place" 2>/dev/null | sed -n 's:.*<path>\(/.*\)</path>.*:\1:p' | tail -n 1)
[ -n "$dir" ] || no "libvirt has no storage pool $place with a directory"
parent=${path%/*}
[ "$(cd "${parent:-/}" 2>/dev/null && pwd -P)" = "$(cd "$dir" 2>/dev/null && pwd -P)" ] || no "$path does not lie in the directory $dir of the pool $place"
tag=$path.x2k-run
exists() { [ -e "$1" ] || [ -L "$1" ]; }
if exists "$tag"; then
  owner=$(head -c 200 "$tag" 2>/dev/null | head -n 1)
  if [ "$owner" != "$run" ]; then
    [ "$act" = find ] && exit 0
    no "$path belongs to another run ($owner)"
  fi
elif exists "$path"; then
  [ "$act" = find ] && exit 0
  no "$path exists and was not made by this program"
elif [ "$act" != allocate ]; then
  exit 0
fi
if [ "$act" = delete ]; then
  # The mark goes last: cut off before, it is still this run's.
  rm -f -- "$path" "$path.x2k-new" && rm -f -- "$tag" || exit 1
  $V pool-refresh --pool "$place" >/dev/null 2>&1
  exit 0
fi
if ! exists "$path"; then
  [ "$act" = allocate ] || exit 0
  free=$(($(df -Pk -- "$dir" | awk 'NR == 2 { print $4 }') * 1024))
  [ "$free" -ge "$size" ] || no "the pool $place has $free bytes free in $dir, but $path needs $size"
  umask 077
  if ! exists "$tag"; then
    # A link is made whole or not at all, and never over another's.
    t=$(mktemp "$tag.XXXXXX") || exit 1
    printf '%s\n' "$run" >"$t"
    ln -- "$t" "$tag" 2>/dev/null
    rm -f -- "$t"
    [ "$(head -n 1 "$tag" 2>/dev/null)" = "$run" ] || no "$path was taken by another run meanwhile"
  fi
  rm -f -- "$path.x2k-new"
  qemu-img create -q -f "$format" "$path.x2k-new" "$size" || exit 1
  mv -f -- "$path.x2k-new" "$path" || exit 1
  $V pool-refresh --pool "$place" >/dev/null 2>&1
fi
[ -f "$path" ] && [ ! -L "$path" ] || no "$path is no plain file"
info=$(qemu-img info -U -f "$format" --output=json "$path" 2>&1) || no "$path is no $format file: $info"
have=$(printf '%s\n' "$info" | sed -n 's/.*"virtual-size": *\([0-9]*\).*/\1/p' | head -n 1)
[ "$have" = "$size" ] || no "$path of this run has $have bytes, but $size are needed"
echo "found $have"
