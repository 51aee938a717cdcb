# act on a Xen guest
# $1 state|shutdown|destroy|start, $2 its name, $3 config file for start. state prints "ID FLAGS" of the domain, or nothing when there is none.
act=$1 name=$2 config=$3
no() { printf 'x2k: %s\n' "$1" >&2; exit 65; }
t=xl
command -v xl >/dev/null 2>&1 || t=xm
command -v "$t" >/dev/null 2>&1 || no "neither xl nor xm is there; boot the host with the Xen hypervisor"
# By number from here on: xl takes a name that is a number for one. A list that fails never means that the guest is off.
list=$("$t" list 2>&1) || no "$t list failed: $(printf '%s\n' "$list" | tail -n 1)"
case $list in
  *Name*ID*State*) ;;
  *) no "$t list printed no table of domains: $(printf '%s\n' "$list" | tail -n 1)" ;;
esac
found=$(printf '%s\n' "$list" |
  sed -n 's/^\(.*[^ ]\)  *\([0-9][0-9]*\)  *[0-9][0-9]*  *[0-9][0-9]*  *\([-a-z]*\)  *[0-9.]*$/\2 \3 \1/p' |
  while read -r id flags is; do
    [ "$is" = "$name" ] && echo "$id $flags" && break
  done)
id=${found%% *}
[ "$id" = 0 ] && no "$name is the host's own domain"
case $act in
  state) [ -z "$found" ] || echo "$found" ;;
  shutdown)
    [ -n "$id" ] || exit 0
    if [ "$t" = xl ]; then
      # -F: a full virtual machine without drivers for Xen is asked through ACPI.
      out=$(xl shutdown -F "$id" 2>&1) || out=$(xl shutdown "$id" 2>&1) || no "xl does not shut $name down: $out"
    else
      out=$(xm shutdown "$id" 2>&1) || no "xm does not shut $name down: $out"
    fi ;;
  destroy)
    [ -n "$id" ] || exit 0
    out=$("$t" destroy "$id" 2>&1) || no "$t does not destroy $name: $out" ;;
  start)
    [ -z "$id" ] || exit 0
    [ -f "$config" ] || no "the config file $config of $name is not there"
    out=$("$t" create "$config" </dev/null 2>&1) || no "$t create $config failed: $(printf '%s\n' "$out" | tail -n 3 | tr '\n' ' ')" ;;
esac
