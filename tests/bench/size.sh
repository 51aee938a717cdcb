#!/bin/bash
# The dashboard with 200 hosts, 10,000 guests, 500 runs at once and a log of a million lines: size.sh [MINUTES] [STEP…]
# Without steps all of them: hosts inventory moves start guests log wave. X2K_SIZE_WORK keeps the filled database for another run.
set -euo pipefail
# shellcheck source=tests/bench/lib.sh
. "$(dirname "$0")/lib.sh"
minutes=${1:-30}
work=${X2K_SIZE_WORK:-$(mktemp -d "${TMPDIR:-/var/tmp}/x2k-size.XXXXXX")}
mkdir -p "$work"
chmod 0755 "$work"       # the database's own account must get through
cleanup() { [ -n "${X2K_SIZE_WORK:-}" ] || rm -rf "$work"; }
trap cleanup EXIT
published=${X2K_DASHBOARD:-$ROOT/artifacts/bench/dashboard}
[ -n "${X2K_DASHBOARD:-}" ] || dotnet publish "$ROOT/src/Xen2Kvm.Web/Xen2Kvm.Web.csproj" -c Release -o "$published" --nologo -v quiet >&2
size=${X2K_SIZE:-$ROOT/artifacts/bench/size/size.dll}
[ -n "${X2K_SIZE:-}" ] || dotnet publish "$BENCH/Size/Size.csproj" -c Release -o "$(dirname "$size")" --nologo -v quiet >&2

step() { dotnet "$size" "$published/Xen2Kvm.Web.dll" "$work" "$BENCH/Size/scripted-ssh" "$@" 2>>"$work/log"; }
rows() { # NAME STEP: its rows, from an earlier run of this work directory when it was made there
  local name=$1
  [ -s "$work/rows.$name" ] || { local before; before=$(load); step "$2" >"$work/rows.new"; echo "$before – $(load)" >"$work/load.$name"; mv "$work/rows.new" "$work/rows.$name"; }
  cat "$work/rows.$name"
}
at() { echo; echo "Load average before and after: $(cat "$work/load.$1")."; echo; }

before=$(load)
[ -e "$work/state" ] || { say "hosts"; step hosts; }
say "inventory"; rows inventory inventory >&2
[ -e "$work/ids" ] || { say "moves"; step moves; }
for what in start guests log; do say "$what"; rows "$what" "$what" >&2; done
say "wave"; rows wave "wave=$minutes" >&2

{
  echo '## Size'
  echo
  facts "$before before, $(load) after" "tests/bench/run.sh size $minutes"
  cat "$BENCH/Size/how.md"
  echo
  echo '### Inventory of 200 Xen hosts with 50 guests each, and 4 KVM hosts'
  at inventory
  printf '| what | dashboard, CPU s | its ssh clients, CPU s | took s | resident MiB | peak MiB |\n|---|---|---|---|---|---|\n'
  rows inventory
  printf '\nThe goal is under 60 s of the dashboard'"'"'s processor time and under 1024 MiB.\n\n### Cold start on this database\n'
  at start
  printf '| what | median s | most s | dashboard, CPU s |\n|---|---|---|---|\n'
  rows start
  printf '\nThe goal is under 5 s. Five starts, PostgreSQL included.\n\n### Guests, 10,000 rows\n'
  at guests
  printf '| what | rounds | median ms | p95 ms | most ms | dashboard, CPU ms each | answer |\n|---|---|---|---|---|---|---|\n'
  rows guests
  printf '\nThe goal is a p95 under 200 ms at the server, and no gap while scrolling. The rows of Chromium are what a person sees: they include the browser.\n\n### A log of 1,000,000 lines\n'
  at log
  printf '| what | rounds | median ms | p95 ms | most ms |\n|---|---|---|---|---|\n'
  rows log
  printf '\nThe goal is to open it at its end in under 500 ms and to search it in under 1 s.\n\n### 500 runs at once\n'
  at wave
  printf '| open on the page of the wave | min | events/s | drawn | event to screen, median ms | p95 ms | most ms | dashboard, cores | PostgreSQL, cores | the three Chromium, cores | writer and circuits, cores | renders/s and traffic of a circuit | dashboard, resident MiB |\n|---|---|---|---|---|---|---|---|---|---|---|---|---|\n'
  rows wave
  printf '\nThe goal is a p95 under 500 ms from the event to the screen, under one core for the dashboard, and memory that does not grow without bound.\n'
} | put_section size
