#!/bin/bash
# How long it takes from nothing: setup.sh [FILE] takes up what deploy/run.sh kept of its stages; setup.sh record-tests SECONDS SUMMARY
# writes down a run of tests/run.sh in an empty clone after the lab's images were removed (its last stamp and its last line).
set -euo pipefail
# shellcheck source=tests/bench/lib.sh
. "$(dirname "$0")/lib.sh"

if [ "${1:-}" = record-tests ]; then
  [ $# -eq 3 ] || die 'record-tests SECONDS "N passed, M failed"'
  {
    printf '## The tests, from nothing\n\n'
    facts "not noted" "tests/run.sh"
    printf '\n| | |\n|---|---|\n| build, lab images, all tests | %d min %d s |\n| result | %s |\n' $(($2 / 60)) $(($2 % 60)) "$3"
    printf '\nHow to read it: from an empty clone, with nothing of the lab built, real Xen and Chromium included; Debian packages were in place, which take about
half a minute where they are not. The promise is under 45 minutes on 2 cores.\n'
  } | put_section tests
  exit
fi

times=${1:-${X2K_STATE_DIR:-/var/lib/xen2kvm}/log/setup-times.txt}
[ -s "$times" ] || die "$times is missing: run deploy/run.sh first, or name the file that holds what it printed"
{
  echo '## From nothing to a usable dashboard'
  echo
  # The first line says when and what: DATE LOAD COMMAND, a dash for a load that nobody noted.
  read -r day load command <"$times"
  facts "$([ "$load" = - ] && echo 'not noted' || echo "$load before")" "$command" "$day"
  printf '\n| stage | took s | done at s |\n|---|---|---|\n'
  # "[  97s] dashboard built (89 s)", and lines of the lab, which count from its own start.
  awk '
    { inner = /^ /; line = $0; gsub(/^ +/, "", line) }
    !match(line, /^\[ *[0-9]+ ?s\] /) { next }
    {
      at = substr(line, 2, RLENGTH) + 0; text = substr(line, RLENGTH + 1); took = ""
      if (match(text, / \([0-9]+ s\)$/)) { took = substr(text, RSTART + 2) + 0; text = substr(text, 1, RSTART - 1) }
      if (!inner) { base = at; if (text ~ /^lab:/) next }
      else if (took == "" || took == 0) next
      if (text == "ready") printf "| **all of it** | | **%d** |\n", at
      else if (inner) printf "| lab: %s | %s | %d |\n", text, took, base + at
      else printf "| %s | %s | %d |\n", text, took, at
    }' "$times"
  cat <<'TEXT'

How to read it: a machine that has never seen the program, with the .NET SDK and nothing else of what it needs. The dashboard can be used
from the line `dashboard started` on; what follows builds and starts the lab, a real Xen host and a real KVM host, all emulated. A second
`deploy/run.sh --lab` finds packages and images in place.
TEXT
} | put_section setup
