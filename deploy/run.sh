#!/usr/bin/env bash
# Sets up and starts the dashboard, and prints its address and the first admin's one-time link. Safe to run again: it then restarts it.
#   deploy/run.sh [--lab] [--port N] [--listen ADDRESS]
#     --lab             also start the lab (a real Xen host and a real KVM host on this machine) and register both
#     --port N          TCP port (default 5080)
#     --listen ADDRESS  address to listen on (default 127.0.0.1)
#   deploy/run.sh --stop
#     ends the dashboard; the lab is ended by deploy/lab/lab.sh down
#   deploy/run.sh --recover NAME
#     when no admin can sign in any more: prints a one-time link under which NAME sets a new password, as an admin without a second factor
# State lies in $X2K_STATE_DIR (default /var/lib/xen2kvm, or ~/.local/state/xen2kvm for another account than root).
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
if [ "$(id -u)" -eq 0 ]; then default_state=/var/lib/xen2kvm; else default_state="${XDG_STATE_HOME:-$HOME/.local/state}/xen2kvm"; fi
state=${X2K_STATE_DIR:-$default_state}
dist="$root/artifacts/dist"
pid_file="$state/dashboard.pid"
log="$state/log/dashboard.log"
setup_log="$state/log/setup.log"
port=5080
listen=127.0.0.1
lab=no
act=start
started=$SECONDS

usage() { sed -n '2,11s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2; }
times=/dev/null
say() { printf '[%4ds] %s\n' "$((SECONDS - started))" "$*" | tee -a "$times"; }
fail() { printf 'run.sh: %s\n' "$*" >&2; exit 1; }

# step TEXT COMMAND…: one line with its seconds; what it prints goes to the set-up log, whose end is shown when it fails.
step() {
  local text=$1 began=$SECONDS
  shift
  printf '== %s\n' "$text" >>"$setup_log"
  if ! "$@" >>"$setup_log" 2>&1 9>&-; then
    say "$text: FAILED"
    tail -n 25 "$setup_log" >&2
    fail "$text failed; all of it is in $setup_log"
  fi
  say "$text ($((SECONDS - began)) s)"
}

is_number() { case "$1" in '' | *[!0-9]*) return 1 ;; esac; }

while [ $# -gt 0 ]; do
  case "$1" in
    --lab) lab=yes ;;
    --port) shift; port=${1:-} ;;
    --port=*) port=${1#*=} ;;
    --listen) shift; listen=${1:-} ;;
    --listen=*) listen=${1#*=} ;;
    --stop) act=stop ;;
    --recover) act=recover; shift; recovered=${1:-} ;;
    -h | --help) usage; exit 0 ;;
    *) printf 'run.sh: unknown option %s\n' "$1" >&2; usage; exit 2 ;;
  esac
  [ $# -eq 0 ] || shift
done
if ! is_number "$port" || [ "$port" -lt 1 ] || [ "$port" -gt 65535 ]; then
  printf 'run.sh: --port needs a number from 1 to 65535\n' >&2
  exit 2
fi
[ -n "$listen" ] || { printf 'run.sh: --listen needs an address\n' >&2; exit 2; }
url="http://$([ "$listen" = 0.0.0.0 ] && echo 127.0.0.1 || echo "$listen"):$port"

# The process id of the running dashboard; nothing when it does not run, or when the id now belongs to another program.
dashboard_pid() {
  local pid
  pid=$(cat "$pid_file" 2>/dev/null || true)
  is_number "$pid" || return 0
  if tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null | grep -q 'Xen2Kvm\.Web\.dll'; then echo "$pid"; fi
}

stop_dashboard() {
  local pid waited=0
  pid=$(dashboard_pid)
  if [ -n "$pid" ]; then
    kill "$pid"
    # It hands its runs over and stops its database.
    while kill -0 "$pid" 2>/dev/null; do
      sleep 0.2
      waited=$((waited + 1))
      if [ "$waited" -gt 600 ]; then echo "the dashboard (process $pid) does not end"; return 1; fi
    done
  fi
  rm -f "$pid_file"
}

check_sdk() {
  if ! command -v dotnet >/dev/null; then
    echo "The .NET SDK 10 is needed, and dotnet is not in PATH. Install it (https://dotnet.microsoft.com/download/dotnet/10.0) and run this again."
    return 1
  fi
  if ! dotnet --list-sdks | grep -q '^10\.'; then
    echo "The .NET SDK 10 is needed. This machine has:"
    dotnet --list-sdks
    return 1
  fi
}

packages() {
  if [ "$(id -u)" -eq 0 ] || [ -n "$(command -v dpkg-query)" ]; then "$root/deploy/packages.sh" run build; fi
}

publish() { dotnet publish "$root/src/$1/$1.csproj" -c Release -o "$dist.new/$2" --nologo -v quiet; }

# What the dashboard and x2k were started from is replaced only while nothing runs from it.
swap() {
  stop_dashboard
  rm -rf "$dist"
  mv "$dist.new" "$dist"
  cat >"$dist/x2k" <<EOF
#!/bin/sh
export X2K_STATE_DIR="\${X2K_STATE_DIR:-$state}" X2K_URL="\${X2K_URL:-$url}"
exec dotnet "$dist/cli/x2k.dll" "\$@"
EOF
  chmod 0755 "$dist/x2k"
  if [ "$(id -u)" -eq 0 ] && { [ ! -e /usr/local/bin/x2k ] || [ -L /usr/local/bin/x2k ]; }; then ln -sfn "$dist/x2k" /usr/local/bin/x2k; fi
}

start_dashboard() {
  rm -f "$state/cli-token"
  (
    cd "$dist/dashboard"
    export X2K_STATE_DIR="$state" Dashboard__LocalToken=true Embedded__DataDirectory="$state/postgres"
    exec setsid dotnet Xen2Kvm.Web.dll --Urls "http://$listen:$port" >>"$log" 2>&1 </dev/null 9>&-
  ) &
  echo $! >"$pid_file"

  # The token is written last: once it is there, everything else is.
  local waited=0
  until [ -s "$state/cli-token" ]; do
    if [ -z "$(dashboard_pid)" ] && [ "$waited" -gt 10 ]; then
      echo "the dashboard ended; the end of $log:"
      tail -n 25 "$log"
      return 1
    fi
    sleep 0.2
    waited=$((waited + 1))
    if [ "$waited" -gt 900 ]; then echo "the dashboard does not answer; see $log"; return 1; fi
  done
}

register() {
  local name=$1 host known
  host=$("$root/deploy/lab/lab.sh" env | jq -c --arg name "$name" '.hosts[] | select(.name == $name)')
  known=$("$dist/x2k" host list --json | jq -r --arg name "$name" '.[] | select(.name == $name) | .address')
  if [ -z "$known" ]; then
    "$dist/x2k" host add "$name" --kind "$(jq -r .kind <<<"$host")" --address "$(jq -r .address <<<"$host")" --port "$(jq -r .port <<<"$host")" \
      --user "$(jq -r .user <<<"$host")" --key "$(jq -r .privateKey <<<"$host")" --accept-fingerprint "$(jq -r '.hostKeys[0].fingerprint' <<<"$host")"
  fi
  "$dist/x2k" host refresh "$name"
}

umask 022
mkdir -p "$state/log"
: >"$setup_log"
chmod 0600 "$setup_log"

# One at a time: two would publish into the same place.
exec 9>"$state/run.lock"
flock -n 9 || fail "another run.sh is at work (it holds $state/run.lock)"

if [ "$act" = stop ]; then
  step "dashboard stopped" stop_dashboard
  exit 0
fi

if [ "$act" = recover ]; then
  [ -n "$recovered" ] || { usage; exit 2; }
  [ -e "$dist/dashboard/Xen2Kvm.Web.dll" ] || fail "the dashboard was not built yet; run deploy/run.sh first"
  cd "$dist/dashboard"
  export X2K_STATE_DIR="$state" Embedded__DataDirectory="$state/postgres" Logging__LogLevel__Default=Error
  link=$(dotnet Xen2Kvm.Web.dll recover "$recovered" 9>&-) || exit $?
  # The one that runs knows best where it listens.
  pid=$(dashboard_pid)
  if [ -n "$pid" ]; then url=$(tr '\0' '\n' <"/proc/$pid/cmdline" | sed -n '/^--Urls$/{n;s#//0\.0\.0\.0:#//127.0.0.1:#;p;}'); fi
  case $link in /*) link="$url$link" ;; esac
  echo "  $recovered sets a new password here (works once, for 72 hours): $link"
  exit 0
fi

# What is said from here on is kept for tests/bench/setup.sh.
times="$state/log/setup-times.txt"
echo "$(date -u +%F) $(cut -d' ' -f1 /proc/loadavg) deploy/run.sh$([ "$lab" = no ] || echo ' --lab')" >"$times"
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
touch "$log" && chmod 0600 "$log"
step ".NET SDK" check_sdk
step "Debian packages" packages
rm -rf "$dist.new"
step "dashboard built" publish Xen2Kvm.Web dashboard
step "x2k built" publish Xen2Kvm.Cli cli
step "agent built" "$root/src/Xen2Kvm.Agent/publish.sh" "$dist.new/dashboard/agent"
step "programs in place" swap
step "dashboard started, with its database" start_dashboard
if [ "$lab" = yes ]; then
  say "lab: packages, images, real Xen and KVM hosts (minutes at the first time)"
  "$root/deploy/lab/lab.sh" up 9>&- 2>&1 | sed -u 's/^/        /' | tee -a "$times" || fail "the lab did not come up"
  step "xen1 registered" register xen1
  step "kvm1 registered" register kvm1
fi

say "ready"
echo
echo "  Dashboard     $url"
if [ -s "$state/setup-link" ]; then echo "  First admin   $(cat "$state/setup-link")    (works once)"; fi
echo "  Command line  $dist/x2k --help"
echo "  Log           $log"
