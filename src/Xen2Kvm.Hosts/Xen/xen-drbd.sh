# change the role of DRBD resources for a run
# $1 hold|release, $2 the run's list of what it changed, $3 …: paths of disks. Prints a line for each change. Harmless when repeated:
# a resource is written down before its role changes, and the list goes when all are changed back. One that is Primary already is
# another's doing and stays so. Exit 65 with a line "x2k: why" when it refuses.
set -f
act=$1 list=$2
shift 2
no() { printf 'x2k: %s\n' "$1" >&2; exit 65; }
role() { drbdadm role "$1" 2>/dev/null | head -n 1; }
if [ "$act" = release ]; then
  [ -s "$list" ] || exit 0
  while read -r r; do
    for i in 1 2 3 4 5 6 7 8 9 10; do
      case $(role "$r") in Primary*) ;; *) i=; break ;; esac
      out=$(drbdadm secondary "$r" 2>&1) && { echo "$r is Secondary again"; i=; break; }
      sleep 1
    done
    [ -z "$i" ] || no "the DRBD resource $r stays Primary: $(printf '%s\n' "$out" | tail -n 2 | tr '\n' ' '); see who holds it open (fuser -v) and call drbdadm secondary $r"
  done <"$list"
  rm -f -- "$list"
  exit 0
fi
for p in "$@"; do
  real=$(readlink -f -- "$p")
  case $real in /dev/drbd[0-9]*) ;; *) continue ;; esac
  r=$(drbdadm sh-resource "minor-${real#/dev/drbd}" 2>/dev/null | head -n 1)
  [ -n "$r" ] || no "drbdadm knows no resource of $real; see drbdadm status and /etc/drbd.d"
  now=$(role "$r")
  case $now in
    */Primary) no "the DRBD resource $r is Primary on its peer: the guest may run there. Shut it down there and make it Secondary, then resume" ;;
    Primary*) continue ;;
  esac
  mkdir -p -- "${list%/*}" && { grep -qxF -- "$r" "$list" 2>/dev/null || printf '%s\n' "$r" >>"$list"; } || exit 1
  out=$(drbdadm primary "$r" 2>&1) || no "the DRBD resource $r (${now:-not configured}) cannot be made Primary for reading: $(printf '%s\n' "$out" | tail -n 2 | tr '\n' ' '); mend what it names, then resume"
  echo "$r was $now and is Primary while the run reads it"
done
exit 0
