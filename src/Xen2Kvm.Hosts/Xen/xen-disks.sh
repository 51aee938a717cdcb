# size and content of disks
# Standard input, in each line: the format (raw, qcow2, vpc …), a space, a path or drbd:RESOURCE. $1: nonce. Opens disks for reading only, and only their first and last blocks.
n=$1
LC_ALL=C
export LC_ALL
T=
command -v timeout >/dev/null 2>&1 && T='timeout 20'
q=$(command -v qemu-img || ls /usr/lib/xen*/bin/qemu-img /usr/lib64/xen/bin/qemu-img 2>/dev/null | head -n 1)
i=0
while IFS= read -r line; do
  format=${line%% *} p=${line#* }
  printf '\036%s disk %s\n' "$n" "$i"
  i=$((i + 1))
  r=
  case $p in
    drbd:*)
      r=${p#drbd:}
      p=$(drbdadm sh-dev "$r" 2>/dev/null </dev/null | head -n 1) ;;
    /dev/drbd*)
      m=$(readlink -f -- "$p")
      r=$(drbdadm sh-resource "minor-${m#/dev/drbd}" 2>/dev/null </dev/null | head -n 1) ;;
  esac
  if [ -n "$r" ]; then
    # dstate alone tells of a resource that is down what its metadata says.
    case $(drbdadm role "$r" 2>/dev/null </dev/null | head -n 1) in
      Primary* | Secondary*) d=$(drbdadm dstate "$r" 2>/dev/null </dev/null | head -n 1) ;;
      *) d="not up: $(drbdadm role "$r" 2>&1 </dev/null | grep . | tail -n 1)" ;;
    esac
    echo "drbd=$d"
  fi
  [ -n "$p" ] || { echo kind=missing; continue; }
  if [ -b "$p" ]; then
    real=$(readlink -f -- "$p")
    echo "path=$p"
    size=$(blockdev --getsize64 "$p" 2>/dev/null </dev/null)
    look=$p
    only=
    case $real in
      /dev/dm-*) case $(cat "/sys/block/${real#/dev/}/dm/uuid" 2>/dev/null) in LVM-*) echo kind=lv ;; *) echo kind=block ;; esac ;;
      /dev/drbd*)
        echo kind=drbd
        # A Secondary device opens for nobody: the kernel tells its size, and its content lies at the same place of the volume beneath, before
        # DRBD's own data at the end.
        if [ -z "$size" ]; then
          size=$(($(cat "/sys/class/block/${real#/dev/}/size") * 512))
          [ "$size" -gt 0 ] || size=
          look=$(drbdadm sh-ll-dev "$r" 2>/dev/null </dev/null | head -n 1)
          only="-S $size"
          [ -n "$size" ] && [ -n "$look" ] || { echo "size=$size"; continue; }
          # What dom0's cache holds of that volume may be from before DRBD wrote to it.
          blockdev --flushbufs "$look" 2>/dev/null </dev/null
        fi ;;
      *) echo kind=block ;;
    esac
    echo "size=$size"
  elif [ -f "$p" ]; then
    echo "path=$p"
    look=$p only=
    echo kind=file
    echo "size=$(stat -L -c %s -- "$p")"
    # Only in the format that the config says: what a raw disk holds is its guest's word.
    if [ "$format" != raw ] && [ -n "$q" ]; then
      j=$("$q" info -U -f "$format" --output=json "$p" 2>/dev/null </dev/null) || j=$("$q" info -f "$format" --output=json "$p" 2>/dev/null </dev/null)
      printf '%s\n' "$j" | sed -n 's/^    "virtual-size": *\([0-9]*\).*/virtual=\1/p'
      continue
    fi
  else
    [ -z "$r" ] || echo "path=$p"
    echo kind=missing
    continue
  fi
  # shellcheck disable=SC2086
  $T blkid -p $only -o export -- "$look" 2>/dev/null </dev/null | sed -n '/^\(TYPE\|UUID\|LABEL\|PTTYPE\|USAGE\|PTUUID\)=/p'
done
exit 0
