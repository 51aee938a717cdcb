#!/bin/bash
# The agent and its peers copy a file to a file of the same machine, over TCP on loopback, without encryption: peers.sh [MIB] [ROUNDS] [DIRECTORY]
# X2K_AGENT_OTHER may name another build of the agent to be measured along with this one.
set -euo pipefail
# shellcheck source=tests/bench/lib.sh
. "$(dirname "$0")/lib.sh"
mib=${1:-1024} rounds=${2:-7}
bytes=$((mib * 1024 * 1024))
find_agent
work=$(mktemp -d "${3:-${TMPDIR:-/var/tmp}}/x2k-bench.XXXXXX")
port=$((20000 + RANDOM % 10000))
listener=
cleanup() { [ -z "$listener" ] || kill "$listener" 2>/dev/null || true; rm -rf "$work"; }
trap cleanup EXIT

listen() { "$@" & listener=$!; for _ in $(seq 500); do ss -Hltn "sport = :$port" | grep -q . && return; sleep 0.01; done; die "nobody listens on port $port"; }
unlisten() { kill "$listener" 2>/dev/null || true; wait "$listener" 2>/dev/null || true; listener=; }

# Each prints its seconds, two numbers for the agent: until all is durable, and until all is verified as well.
run_agent() { # AGENT SOURCE TARGET
  local job=$work/job
  rm -rf "$job" "$work/state"; mkdir "$job"
  cat >"$job/job.json" <<JSON
{"id":"b","transport":["socat","-b262144","-","TCP:127.0.0.1:$port"],"hashSeed":"$SEED","disks":[{"id":"d","source":"$2","length":$bytes,
"target":{"kind":"file","path":"$3","zeroes":"skip"}}]}
JSON
  listen socat "TCP-LISTEN:$port,fork,reuseaddr" "EXEC:$1 receive $work/state,nofork"
  "$1" start "$job" >/dev/null
  while [ "$(state_of "$1" "$job")" = running ]; do sleep 0.05; done
  unlisten
  [ "$(state_of "$1" "$job")" = done ] || { cat "$job/agent.log" >&2; return 1; }
  local status
  status=$("$1" status "$job")
  awk -v a="$(field startedAt <<<"$status")" -v c="$(field copiedAt <<<"$status")" -v f="$(field finishedAt <<<"$status")" \
    'BEGIN { print (c - a) / 1000, (f - a) / 1000 }'
}
timed() { local begin end; begin=$(date +%s.%N); "$@" >&2; end=$(date +%s.%N); awk -v a="$begin" -v b="$end" 'BEGIN { print b - a }'; }
dd_nc() {
  listen bash -c "nc -l 127.0.0.1 $port | dd of='$2' bs=1M iflag=fullblock oflag=direct conv=notrunc,fdatasync status=none"
  dd if="$1" bs=1M iflag=direct status=none | nc -N 127.0.0.1 "$port"
  wait "$listener"; listener=
}
dd_zstd_nc() {
  listen bash -c "nc -l 127.0.0.1 $port | zstd -dc | dd of='$2' bs=1M iflag=fullblock oflag=direct conv=notrunc,fdatasync status=none"
  dd if="$1" bs=1M iflag=direct status=none | zstd -1 -T0 -c | nc -N 127.0.0.1 "$port"
  wait "$listener"; listener=
}
with_nbd() { # TARGET COMMAND…
  local target=$1; shift
  listen qemu-nbd -b 127.0.0.1 -p "$port" -f raw --cache none --discard unmap -e 8 -t "$target"
  "$@"
  unlisten
}
qemu_convert() { with_nbd "$2" qemu-img convert -n -W -m 8 -T none -f raw -O raw --target-is-zero "$1" "nbd://127.0.0.1:$port"; }
nbdcopy() { with_nbd "$2" command nbdcopy --flush --destination-is-zero "$1" "nbd://127.0.0.1:$port"; }

methods=(x2k dd_nc dd_zstd_nc qemu_convert nbdcopy)
[ -z "${X2K_AGENT_OTHER:-}" ] || methods+=(x2k-other)
# shellcheck disable=SC2206
[ -z "${X2K_METHODS:-}" ] || methods=($X2K_METHODS)
before=$(load)
for kind in ${X2K_KINDS:-sparse random text}; do
  python3 "$BENCH/data.py" "$kind" "$work/source" "$bytes"
  want=$(root_hash "$work/source")
  for round in $(seq "$rounds"); do
    for method in $(shuf -e "${methods[@]}"); do
      rm -f "$work/target"; truncate -s "$bytes" "$work/target"
      make_cold "$work/source"
      case $method in
        x2k) seconds=$(run_agent "$AGENT" "$work/source" "$work/target") ;;
        x2k-other) seconds=$(run_agent "$X2K_AGENT_OTHER" "$work/source" "$work/target") ;;
        *) seconds=$(timed "$method" "$work/source" "$work/target") ;;
      esac
      [ "$want" = "$(root_hash "$work/target")" ] || { say "$kind, round $round, $method: wrong result"; continue; }
      case $method in
        x2k*) printf '%s\n' "$kind $round $method-copy ${seconds% *}" "$kind $round $method-copy+verify ${seconds#* }" ;;
        *) echo "$kind $round $method $seconds" ;;
      esac
    done
  done
done | tee "$work/times" >&2
{
  echo '## Copy between two files of one machine'
  echo
  facts "$before before, $(load) after" "tests/bench/run.sh peers $mib $rounds"
  echo
  python3 "$BENCH/table.py" x2k-copy "sparse=$mib" "random=$mib" "text=$mib" <"$work/times"
  cat <<'TEXT'

How to read it: both ends of every method, and what carries its bytes, share the two cores, so this compares the processor time of whole
chains, not networks; nothing is encrypted. Every method ends with a flush of the target, and the source is not in the page cache. The agent goes through
one `socat` more than nbdcopy and qemu-img (its transport is a program, usually ssh), hashes every block at both ends, and journals; no peer
does. `copy+verify` also reads the whole target back from its medium. `sparse` is 80% holes and the rest does not compress, `random` does not
compress, `text` does about threefold.
TEXT
} | put_section peers
