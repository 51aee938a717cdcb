# how much was written to disks of a Xen host
# $1 …: paths. Prints a line each, in their order: "block SECTORS" written or discarded since the device was set up, "file SIZE TIME",
# "missing", or "unknown" where the kernel does not count. Reads only.
LC_ALL=C TZ=UTC
export LC_ALL TZ
for p in "$@"; do
  if [ -b "$p" ]; then
    number=$(stat -L -c '%t %T' -- "$p")
    # The columns of the kernel's Documentation/block/stat.rst: the 7th and, since Linux 4.18, the 14th.
    read -r _ _ _ _ _ _ w _ _ _ _ _ _ d _ 2>/dev/null <"/sys/dev/block/$((0x${number% *})):$((0x${number#* }))/stat" || w=
    if [ -n "$w" ]; then echo "block $((w + ${d:-0}))"; else echo unknown; fi
  elif [ -f "$p" ]; then
    stat -L -c 'file %s %y' -- "$p"
  else
    echo missing
  fi
done
exit 0
