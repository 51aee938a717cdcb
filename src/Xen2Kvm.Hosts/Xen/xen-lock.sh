# lock or unlock a guest on its source host
# $1 look|lock|unlock, $2 directory of locks, $3 file name of the lock, $4 run, $5 guest, $6 config, $7 where it lies while locked,
# $8 autostart link, $9 what it points to, $10 the lock's record, $11 directory of autostart entries. Harmless when repeated.
act=$1 dir=$2 key=$3 run=$4 guest=$5 config=$6 locked=$7 link=$8 target=$9
shift 9
record=$1 auto=$2
no() { printf 'x2k: %s\n' "$1" >&2; exit 65; }
here() { [ -e "$1" ] || [ -L "$1" ]; }
file=$dir/$key.json
owner() { sed -n 's/.*"RunId": *"\([-0-9a-f]*\)".*/\1/p' "$file" 2>/dev/null | head -n 1; }
case $act in
  look)
    # The record if there is one; else the autostart entries that lead to the config, each as "link<TAB>target", a plain file without target.
    if [ -s "$file" ]; then echo record; cat "$file"; exit 0; fi
    echo none
    [ -n "$config" ] || exit 0
    real=$(readlink -f -- "$config")
    for l in "$auto"/*; do
      here "$l" || continue
      if [ -L "$l" ]; then
        [ "$(readlink -f -- "$l")" = "$real" ] && printf '%s\t%s\n' "$l" "$(readlink -- "$l")"
      elif [ "$l" != "$config" ] && [ "${l##*/}" = "${config##*/}" ]; then
        printf '%s\t\n' "$l"
      fi
    done
    exit 0 ;;
  lock)
    if [ -n "$config" ]; then
      if here "$config" && here "$locked"; then
        no "$guest has a new config $config beside the locked one $locked; remove the one that is not wanted"
      fi
      here "$config" || here "$locked" || no "the config $config of $guest is not there"
    fi
    mkdir -p -m 700 -- "$dir" || exit 1
    if [ ! -s "$file" ]; then
      # A link is made whole or not at all, and never over another run's.
      t=$(mktemp "$dir/.new.XXXXXX") || exit 1
      printf '%s\n' "$record" >"$t" && { sync -- "$t" 2>/dev/null || sync; }
      ln -- "$t" "$file" 2>/dev/null
      rm -f -- "$t"
    fi
    [ "$(owner)" = "$run" ] || no "$guest is locked by run $(owner); roll that run back or let it end first"
    if [ -n "$link" ] && here "$link"; then
      if [ -L "$link" ]; then rm -f -- "$link"; else mv -f -- "$link" "$dir/$key.auto"; fi || exit 1
    fi
    if [ -n "$config" ]; then
      here "$locked" || mv -- "$config" "$locked" || exit 1
      printf '%s\n' "The guest $guest is being moved to KVM by Xen2Kvm, run $run." \
        "Its config $config was renamed to $locked so that it is not started here while it runs there." \
        "Roll the run back in Xen2Kvm to undo this." >"$locked.txt"
    fi ;;
  unlock)
    if [ -s "$file" ] && [ "$(owner)" != "$run" ]; then
      no "$guest is locked by run $(owner), not by $run; it stays locked"
    fi
    if [ -n "$config" ]; then
      if here "$config" && here "$locked"; then
        no "$guest has a new config $config beside the locked one $locked; remove the one that is not wanted, then unlock again"
      fi
      if here "$locked"; then mv -- "$locked" "$config" || exit 1; fi
      rm -f -- "$locked.txt"
    fi
    if [ -n "$link" ] && ! here "$link"; then
      if [ -n "$target" ]; then
        mkdir -p "${link%/*}" && ln -s -- "$target" "$link" || exit 1
      elif [ -e "$dir/$key.auto" ]; then
        mv -- "$dir/$key.auto" "$link" || exit 1
      fi
    fi
    rm -f -- "$file" ;;
esac
exit 0
