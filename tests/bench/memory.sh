#!/bin/bash
# How much memory the agent takes at its peak, and the dashboard at rest: memory.sh
set -euo pipefail
# shellcheck source=tests/bench/lib.sh
. "$(dirname "$0")/lib.sh"
find_agent
work=$(mktemp -d "${TMPDIR:-/var/tmp}/x2k-bench.XXXXXX")
chmod 0755 "$work"       # the database's own account must get through
dashboard=
cleanup() { if [ -n "$dashboard" ]; then kill "$dashboard" 2>/dev/null || true; wait "$dashboard" 2>/dev/null || true; fi; rm -rf "$work"; }
trap cleanup EXIT
before=$(load)

# copy_peaks GIB: copies a sparse file with islands of data to another; prints "GIB SENDER RECEIVER" in MiB, the largest of each.
copy_peaks() {
  local bytes=$(($1 << 30)) job=$work/job state runner
  rm -rf "$job" "$work/state" "$work/source" "$work/target" "$work"/peak.*; mkdir "$job"
  python3 "$BENCH/data.py" island "$work/source" "$bytes"
  truncate -s "$bytes" "$work/target"
  cat >"$job/job.json" <<JSON
{"id":"m","transport":["python3","$BENCH/peak.py","$work/peak.","$AGENT","receive","$work/state"],"hashSeed":"$SEED",
"disks":[{"id":"d","source":"$work/source","length":$bytes,"target":{"kind":"file","path":"$work/target","zeroes":"skip"}}]}
JSON
  runner=$("$AGENT" start "$job" | field pid)
  # The peak of a process that never falls: the last look before its end.
  while grep VmHWM "/proc/$runner/status" >>"$work/peak.sender" 2>/dev/null; do sleep 0.02; done
  state=$(state_of "$AGENT" "$job")
  [ "$state" = done ] || { tail -n 5 "$job/agent.log" >&2; die "the copy of $1 GiB ended as $state"; }
  echo "$1 $(awk '{ print $2 / 1024 }' "$work/peak.sender" | tail -n 1) $(awk '$1 > m { m = $1 } END { print m / 1024 }' "$work"/peak.[0-9]*)"
}

for gib in 8 1024 8192; do
  copy_peaks "$gib" | tee -a "$work/agent.peaks" >&2
done

# The dashboard as deploy/run.sh publishes and starts it, with a database of its own; a person signs in and opens the main pages.
say "dashboard"
published=${X2K_DASHBOARD:-$ROOT/artifacts/bench/dashboard}
[ -n "${X2K_DASHBOARD:-}" ] || dotnet publish "$ROOT/src/Xen2Kvm.Web/Xen2Kvm.Web.csproj" -c Release -o "$published" --nologo -v quiet >&2
port=$((20000 + RANDOM % 10000))
mkdir -m 0755 "$work/dashboard"
X2K_STATE_DIR=$work/dashboard Dashboard__LocalToken=true Embedded__DataDirectory=$work/dashboard/postgres \
  dotnet "$published/Xen2Kvm.Web.dll" --Urls "http://127.0.0.1:$port" >"$work/dashboard.log" 2>&1 &
dashboard=$!
for _ in $(seq 600); do
  [ -s "$work/dashboard/cli-token" ] && break
  kill -0 "$dashboard" || { tail -n 25 "$work/dashboard.log" >&2; die "the dashboard ended"; }
  sleep 0.2
done
mib() { awk -v f="$1" '$1 == f ":" { s += $2 } END { printf "%.0f", s / 1024 }' "${@:2}"; }
tree_of() { local child; for child in $(pgrep -P "$1"); do echo "/proc/$child/smaps_rollup"; tree_of "$child"; done; }
database() { local postmaster; postmaster=$(head -n 1 "$work/dashboard/postgres/data/postmaster.pid"); echo "/proc/$postmaster/smaps_rollup"; tree_of "$postmaster"; }
note() { # WHEN
  # shellcheck disable=SC2046
  echo "| $1 | $(mib Rss "/proc/$dashboard/smaps_rollup") | $(mib Pss "/proc/$dashboard/smaps_rollup") | $(mib Pss $(database)) |" |
    tee -a "$work/dashboard.rows" >&2
}
sleep "${X2K_REST:-60}"
note "at rest after the start, no page opened"
python3 "$BENCH/browse.py" "http://127.0.0.1:$port" "$(cat "$work/dashboard/setup-link")" / /hosts /hosts/new /guests /plans /runs /audit /settings
sleep "${X2K_REST:-60}"
note "at rest after eight pages were opened by a browser that has left"

{
  echo '## Memory of the agent'
  echo
  facts "$before before, $(load) after" "tests/bench/run.sh memory"
  echo
  printf '| disk | sender, peak MiB | receiver, peak MiB |\n|---|---|---|\n'
  awk '{ printf "| %d GiB | %.0f | %.0f |\n", $1, $2, $3 }' "$work/agent.peaks"
  cat <<'TEXT'

How to read it: a sparse file with an island of data every 512 MiB is copied, verified, and its root hashes compared. The numbers are the
peak resident memory (VmHWM) of the one sender and of the larger of its two receivers, program text included. The promise is under 64 MiB.
Each side keeps 20 to 24 bytes for every region of the disk: 4 MiB up to a TiB, and twice as much for every doubling beyond, so that no disk has
more than 2^18 of them.

## Memory of the dashboard at rest

| when | dashboard, resident MiB | dashboard, PSS MiB | its PostgreSQL, PSS MiB |
|---|---|---|---|
TEXT
  cat "$work/dashboard.rows"
  cat <<'TEXT'

How to read it: the published dashboard with its private database and no hosts, measured when it had nothing to do for 60 s. PSS counts
memory that several processes share once; resident memory would count PostgreSQL's shared buffers in each of its processes. The promise for the
dashboard is under 300 MiB.
TEXT
} | put_section memory
