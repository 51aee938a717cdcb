# size of disks of a Xen host, and how much was written to them
# $1 …: paths. Prints a line each, in their order: the size in bytes or -, then "block SECTORS" written or discarded since the device was set up,
# "file TIME", "missing", or "unknown" where the kernel does not count. Reads only.
LC_ALL=C TZ=UTC
export LC_ALL TZ
for p in "$@"; do
  if [ -b "$p" ]; then
    number=$(stat -L -c '%t %T' -- "$p")
    sys=/sys/dev/block/$((0x${number% *})):$((0x${number#* }))
    read -r size 2>/dev/null <"$sys/size" && size=$((size * 512)) || size=-
    # The columns of the kernel's Documentation/block/stat.rst: the 7th and, since Linux 4.18, the 14th.
    read -r _ _ _ _ _ _ w _ _ _ _ _ _ d _ 2>/dev/null <"$sys/stat" || w=
    if [ -n "$w" ]; then echo "$size block $((w + ${d:-0}))"; else echo "$size unknown"; fi
  elif [ -f "$p" ]; then
    stat -L -c '%s file %y' -- "$p"
  else
    echo - missing
  fi
done
exit 0
