#!/bin/bash
# Measures, and writes what it found into docs/measurements.md; every measurement replaces its own section only.
#   tests/bench/run.sh                          lab, peers, limits and memory, about an hour on 2 cores
#   tests/bench/run.sh lab [ROUNDS] [MIB]       the agent against dd over ssh, in the lab (which must be up, and is reset)
#   tests/bench/run.sh peers [MIB] [ROUNDS]     the agent against its peers on this machine
#   tests/bench/run.sh limits [SECONDS]         how well several agents at once keep to limits that change while they work
#   tests/bench/run.sh memory                   the agent at its peak, the dashboard at rest
#   tests/bench/run.sh size [MINUTES]           10,000 guests, 500 runs at once (for so many minutes, default 30), a log of a million lines
#   tests/bench/run.sh setup [FILE]             takes up the times that deploy/run.sh kept when it was run last
#   tests/bench/run.sh record-tests SECONDS "N passed, M failed"    writes down a run of tests/run.sh from nothing
# X2K_AGENT names the agent to measure (default: published from this tree), X2K_AGENT_OTHER another build to compare with in `peers`,
# X2K_DASHBOARD a published dashboard.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# Only root can install; another account is told what is missing by the measurement that needs it.
if [ "$(id -u)" -eq 0 ]; then
  mapfile -t packages <"$here/packages.txt"
  dpkg-query -W "${packages[@]}" >/dev/null 2>&1 || { apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${packages[@]}"; } >/dev/null
fi
what=${1:-all}
[ $# -eq 0 ] || shift
case $what in
  all) for one in lab peers limits memory; do "$here/$one.sh"; done ;;
  lab | peers | limits | memory | size | setup) "$here/$what.sh" "$@" ;;
  record-tests) "$here/setup.sh" record-tests "$@" ;;
  *) sed -n '2,12s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
esac
