# read guests of a Xen host
# $1: nonce that marks sections, $2: directory of the configs, $3: directory of locks. Reads only.
n=$1 etc=$2 locks=$3
s() { printf '\036%s %s\n' "$n" "$1"; }
has() { command -v "$1" >/dev/null 2>&1; }
t=xl
has xl || t=xm
s toolstack; has "$t" && echo "$t"
s info; "$t" info 2>&1
s list; "$t" list 2>&1
s long; "$t" list -l 2>/dev/null
for f in "$etc"/* "$etc"/auto/*; do
  [ -f "$f" ] || continue
  case $f in
    */xl.conf | */xlexample* | */xmexample* | *.locked-by-xen2kvm.txt | *.sxp | *.xml | *.json | *.sh | *~ | *.dpkg-* | *.rpm* | *.conf) continue ;;
    *.cfg | *.locked-by-xen2kvm) ;;
    "$etc"/README* | "$etc"/*.md) continue ;;
  esac
  case $f in
    *"
"*) continue ;;
  esac
  if [ -L "$f" ]; then
    case $f in
      "$etc"/auto/*)
        s "link $f"
        readlink -f -- "$f"
        # A link to a config that is listed anyway says only that it starts by itself.
        case $(readlink -f -- "$f") in "$(readlink -f -- "$etc")"/auto/*) ;; "$(readlink -f -- "$etc")"/*) continue ;; esac ;;
    esac
  fi
  # A few lines of a config without suffix tell it from another file.
  case $f in
    *.cfg | *.locked-by-xen2kvm) ;;
    *) grep -q -E '^[[:space:]]*(name|disk|kernel|bootloader|builder|type|memory)[[:space:]]*=' "$f" 2>/dev/null || continue ;;
  esac
  s "config $f"
  head -c 1048577 -- "$f"
done
for f in "$locks"/*.json; do
  if [ -f "$f" ]; then s "lock $f"; cat -- "$f"; fi
done
s drbd; has drbdadm && drbdadm dstate all 2>/dev/null | head -n 200
s drbd-resources; has drbdadm && drbdadm sh-resources 2>/dev/null | tr ' ' '\n'
exit 0
