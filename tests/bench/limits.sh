#!/bin/bash
# How well agents keep to limits that change while they work, several at once: limits.sh [SECONDS] [DIRECTORY]
set -euo pipefail
# shellcheck source=tests/bench/lib.sh
. "$(dirname "$0")/lib.sh"
seconds=${1:-15}
find_agent
work=$(mktemp -d "${2:-${TMPDIR:-/var/tmp}}/x2k-bench.XXXXXX")
trap 'rm -rf "$work"' EXIT
before=$(load)
python3 "$BENCH/limits.py" "$AGENT" "$work" "$seconds" | tee "$work/rows" >&2
{
  echo '## Limits of bandwidth'
  echo
  facts "$before before, $(load) after" "tests/bench/run.sh limits $seconds"
  printf '\n| told to four copies | wanted, MB/s | obtained, MB/s | off | each, MB/s | worst of them off |\n|---|---|---|---|---|---|\n'
  cat "$work/rows"
  cat <<TEXT

How to read it: four agents copy a disk that does not compress to four others on this machine, all at once, and are told their shares as the dashboard
tells them, while they work. What arrives at the receivers is counted outside of the agents, over $seconds s from two seconds after a change.
The last two rows are one timetable that was told once. The promise is to be within 5 % of the limit.
TEXT
} | put_section limits
