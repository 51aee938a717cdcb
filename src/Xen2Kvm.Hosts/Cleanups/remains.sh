# look at something that a move left on a host, or delete it
# $1 look|delete, $2 volume|file|kernel|text|jobs, $3 its path, $4 what must lie there (delete), $5 directory of configs, $6 the guest's own
# config, which may name it, $7 directory of DRBD's resources. Standard input: paths that other guests use, one a line.
# look prints nothing when nothing lies there, else lines id=, bytes=, run=WORD (one for each word of the command), and stays= when it cannot
# be deleted. delete prints deleted, gone, or differs. Exit 65 with a line "x2k: why" when it refuses. Harmless when repeated.
act=$1 form=$2 path=$3 want=$4 etc=$5 own=$6 drbd=$7
LC_ALL=C TZ=UTC
export LC_ALL TZ
no() { printf 'x2k: %s\n' "$1" >&2; exit 65; }
here() { [ -e "$1" ] || [ -L "$1" ]; }
stays=
keep() { [ -n "$stays" ] || stays=$1; }
case $path in /*) ;; *) no "$path is no absolute path" ;; esac
case $path in *"
"*) no "a path with a line break is not touched" ;; esac

# Whether a file names $1 as a whole, other than in a comment.
mentions() {
  needle=$1 awk '
    BEGIN { n = ENVIRON["needle"] }
    /^[ \t]*#/ { next }
    {
      line = $0
      while ((i = index(line, n)) > 0) {
        before = i > 1 ? substr(line, i - 1, 1) : ""
        after = substr(line, i + length(n), 1)
        if (before !~ /[A-Za-z0-9+_.-]/ && after !~ /[A-Za-z0-9+_.-]/) { found = 1; exit }
        line = substr(line, i + 1)
      }
    }
    END { exit !found }' "$2" 2>/dev/null
}
# What other guests use, as parsed by the program from every config, and whatever else a config names: one that cannot be parsed, too.
others() {
  real=$(readlink -f -- "$path")
  while IFS= read -r other; do
    if [ "$other" = "$path" ] || { [ -n "$real" ] && [ "$(readlink -f -- "$other" </dev/null)" = "$real" ]; }; then
      keep "another guest uses it, as $other"
      break
    fi
  done
  for f in "$etc"/* "$etc"/auto/*; do
    [ -f "$f" ] && [ "$f" != "$own" ] || continue
    case $f in *.locked-by-xen2kvm.txt | *~ | *.dpkg-* | *.rpm*) continue ;; esac
    for name in "$@"; do
      ! mentions "$name" "$f" || keep "$f names it"
    done
  done
}

volume() {
  command -v lvs >/dev/null 2>&1 || no "LVM is not installed here, so $path cannot be told"
  list=$(lvs --noheadings --nosuffix --units b --separator '|' -o vg_name,lv_name,lv_uuid,lv_size,lv_attr,vg_attr,origin 2>/dev/null </dev/null) ||
    no "lvs failed: $(lvs 2>&1 </dev/null | tail -n 1)"
  list=$(printf '%s\n' "$list" | tr -d ' ')
  row=$(printf '%s\n' "$list" | path=$path awk -F '|' '
    function twice(s) { gsub(/-/, "--", s); return s }
    NF > 4 && (ENVIRON["path"] == "/dev/" $1 "/" $2 || ENVIRON["path"] == "/dev/mapper/" twice($1) "-" twice($2)) { print; exit }')
  if [ -z "$row" ] && here "$path"; then
    real=$(readlink -f -- "$path")
    [ ! -b "$real" ] || row=$(printf '%s\n' "$list" | while IFS='|' read -r vg lv rest; do
      [ "$(readlink -f -- "/dev/$vg/$lv" </dev/null)" != "$real" ] || { printf '%s|%s|%s\n' "$vg" "$lv" "$rest"; break; }
    done)
    [ -n "$row" ] || { id="no logical volume" bytes=0; keep "it is no logical volume"; return; }
  fi
  [ -n "$row" ] || return
  IFS='|' read -r vg lv uuid bytes attr group origin <<END
$row
END
  id="volume $uuid, $bytes bytes"
  set -- lvremove -q -y "$vg/$lv"
  words=$(printf 'run=%s\n' "$@")
  case $attr in
    [oO]*) keep "it is the origin of a snapshot" ;;
    [sS]*) keep "it is a snapshot of $origin" ;;
    [-mMrRVC]*) ;;
    *) keep "it is no plain volume (lvs tells $attr)" ;;
  esac
  case $attr in
    ?????o*) keep "it is in use: some program, mount or other device holds it open" ;;
    ?????X*) keep "LVM cannot tell whether it is in use" ;;
  esac
  case $group in ?????[cs]*) keep "its volume group is shared with other hosts, where it may be in use" ;; esac
  ! printf '%s\n' "$list" | vg=$vg lv=$lv awk -F '|' '$1 == ENVIRON["vg"] && $7 == ENVIRON["lv"] { found = 1 } END { exit !found }' || keep "it is the origin of a snapshot"
  device=$(readlink -f -- "/dev/$vg/$lv")
  for holder in "/sys/class/block/${device##*/}/holders"/*; do
    [ ! -e "$holder" ] || keep "the device ${holder##*/} lies on it"
  done
  if command -v drbdadm >/dev/null 2>&1; then
    for below in $(drbdadm sh-ll-dev all 2>/dev/null </dev/null); do
      [ "$below" != "$path" ] && [ "$below" != "/dev/$vg/$lv" ] && [ "$(readlink -f -- "$below")" != "$device" ] || keep "a DRBD resource lies on it"
    done
  fi
  for f in "$drbd"/*; do
    [ ! -f "$f" ] || ! mentions "$vg/$lv" "$f" || keep "the DRBD resource in $f lies on it"
  done
  others "$path" "$vg/$lv"
}

file() {
  here "$path" || return
  if [ -L "$path" ] || [ ! -f "$path" ]; then
    id="no plain file" bytes=0
    keep "it is no plain file"
    return
  fi
  id=$(stat -c 'inode %i, %s bytes, changed %y' -- "$path") || exit 1
  bytes=$(($(stat -c '%b * %B' -- "$path")))
  words=$(printf 'run=%s\n' rm -f -- "$path")
  [ "$(stat -c %h -- "$path")" = 1 ] || keep "it has other names besides this one (hard links)"
  [ -z "$(losetup -j "$path" 2>/dev/null </dev/null)" ] || keep "a loop device lies on it"
  node=$(stat -c %d:%i -- "$path")
  ! find /proc/[0-9]*/fd -maxdepth 1 -type l -exec stat -L -c %d:%i -- {} + 2>/dev/null </dev/null | grep -qxF -- "$node" || keep "some program holds it open"
  others "$path"
}

kernel() {
  file
  case $path in /boot/* | /usr/* | /lib/*) keep "it belongs to the host itself" ;; esac
  [ -z "$id" ] || ! { dpkg -S "$path" || rpm -qf "$path"; } >/dev/null 2>&1 </dev/null || keep "it belongs to a package of the host"
}

text() {
  here "$path" || return
  if [ -L "$path" ] || [ ! -f "$path" ]; then
    id="no plain file" bytes=0
    keep "it is no plain file"
    return
  fi
  sum=$(sha256sum <"$path") || exit 1
  id="sha256 ${sum%% *}"
  bytes=$(stat -c %s -- "$path")
  words=$(printf 'run=%s\n' rm -f -- "$path")
}

jobs() {
  name=${path##*/}
  case $path in */runs/"$name") ;; *) no "$path is no directory of a run" ;; esac
  case $name in *[!0-9a-f]* | "") no "$path is no directory of a run" ;; esac
  here "$path" || return
  id="directory of run $name" bytes=0
  if [ -L "$path" ] || [ ! -d "$path" ]; then
    keep "it is no directory"
    return
  fi
  bytes=$(($(du -sk -- "$path" | cut -f 1) * 1024))
  words=$(printf 'run=%s\n' rm -rf -- "$path")
}

id= bytes= words=
"$form"
if [ "$act" = look ]; then
  [ -n "$id" ] || exit 0
  printf 'id=%s\nbytes=%s\n%s\n' "$id" "$bytes" "$words"
  [ -z "$stays" ] || printf 'stays=%s\n' "$stays"
  exit 0
fi
[ -n "$id" ] || { echo gone; exit 0; }
[ "$id" = "$want" ] || { echo differs; exit 0; }
[ -z "$stays" ] || no "$path stays: $stays"
case $form in
  # Without force: a volume that is in use by now is refused by LVM itself.
  volume) out=$(lvremove -q -y "$vg/$lv" 2>&1 </dev/null) || no "lvremove does not remove $vg/$lv: $(printf '%s\n' "$out" | tail -n 1)" ;;
  jobs) rm -rf -- "$path" || exit 1 ;;
  *) rm -f -- "$path" || exit 1 ;;
esac
echo deleted
