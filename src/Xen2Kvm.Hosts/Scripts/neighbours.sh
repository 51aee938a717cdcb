# ask the network for the addresses of guests
# One byte by UDP to the discard port of every address of a bridge's own small network makes the kernel look for it by ARP; what it then
# knows is printed. Networks of more than 512 addresses are left alone.
# $@: MACs that are looked for. The same question is not put to the network again within an hour.
f=${X2K_STATE:-/var/lib/x2k}/neighbours
if [ -s "$f" ] && [ "$(sed -n 1p "$f")" = "# $*" ] && [ -n "$(find "$f" -mmin -60 2>/dev/null)" ]; then
  sed 1d "$f"
  exit 0
fi
command -v bash >/dev/null 2>&1 || exit 0
for b in /sys/class/net/*/bridge; do
  [ -d "$b" ] || continue
  b=${b%/bridge}
  ip -o -4 addr show dev "${b##*/}" 2>/dev/null
done | while read -r _ dev _ address _; do
  prefix=${address#*/}
  [ "$prefix" -ge 23 ] 2>/dev/null && [ "$prefix" -le 30 ] || continue
  bash -c '
    IFS=. read -r a b c d <<<"${1%/*}"
    own=$(((a << 24) | (b << 16) | (c << 8) | d)) size=$((1 << (32 - $2)))
    first=$((own & ~(size - 1)))
    for ((i = first + 1; i < first + size - 1; i++)); do
      [ "$i" -eq "$own" ] && continue
      { printf x >"/dev/udp/$((i >> 24 & 255)).$((i >> 16 & 255)).$((i >> 8 & 255)).$((i & 255))/9"; } 2>/dev/null
    done' x2k "$address" "$prefix"
done
sleep 1
found=$(ip neigh 2>/dev/null | grep lladdr)
mkdir -p "${f%/*}" && {
  echo "# $*"
  printf '%s\n' "$found" | grep -i -F "$(printf '%s\n' "$@")" || :
} >"$f.new" && mv -f "$f.new" "$f"
printf '%s\n' "$found"
exit 0
