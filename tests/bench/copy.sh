#!/bin/bash
# Compares x2k-agent with its peers: same data, same loopback TCP, same durability (every method ends with a flush of the target),
# random order in each block, result compared by hash. A wrong result gives no number.
#   copy.sh [MIB] [BLOCKS] [DIRECTORY]      needs the packages of packages.txt; X2K_AGENT may name a published agent
# Prints a table for measurements.md: median over the blocks, and the median of the per-block ratios to x2k-agent.
set -euo pipefail
mib=${1:-1024} blocks=${2:-7}
here=$(cd -- "$(dirname -- "$0")" && pwd)
work=$(mktemp -d "${3:-${TMPDIR:-/tmp}}/x2k-bench.XXXXXX")
port=$((20000 + RANDOM % 10000))
listener=
cleanup() { [ -z "$listener" ] || kill "$listener" 2>/dev/null || true; rm -rf "$work"; }
trap cleanup EXIT
agent=${X2K_AGENT:-}
if [ -z "$agent" ]; then
  sh "$here/../../src/Xen2Kvm.Agent/publish.sh" "$work/agent" >/dev/null
  agent=$work/agent/x2k-agent
fi
bytes=$((mib * 1024 * 1024))
seed=0123456789abcdef

# sparse: 80% holes, the rest incompressible, in pieces of 1 to 8 MiB. random: incompressible. text: compresses about threefold.
make_data() {
  python3 - "$1" "$2" "$bytes" <<'PY'
import random, sys
kind, path, size = sys.argv[1], sys.argv[2], int(sys.argv[3])
r = random.Random(kind)
words = [bytes(r.choices(b"abcdefghijklmnopqrstuvwxyz", k=r.randint(3, 10))) for _ in range(2000)]
with open(path, "wb") as f:
    f.truncate(size)
    at = 0
    while at < size:
        n = min(r.randint(1, 8) << 20, size - at)
        f.seek(at)
        if kind == "random" or (kind == "sparse" and r.random() < 0.2):
            f.write(r.randbytes(n))
        elif kind == "text":
            f.write(b" ".join(r.choices(words, k=n // 6))[:n])
        at += n
PY
}

listen() { "$@" & listener=$!; for _ in $(seq 500); do ss -Hltn "sport = :$port" | grep -q . && return; sleep 0.01; done; echo "nobody listens" >&2; return 1; }
unlisten() { kill "$listener" 2>/dev/null || true; wait "$listener" 2>/dev/null || true; listener=; }
state_of() { "$agent" status "$1" | grep -o '"state":"[a-z]*"' | head -1; }
field() { grep -o "\"$1\":[0-9]*" | head -1 | cut -d: -f2; }

# Each prints its seconds. The source's and target's pages are dropped before by using direct I/O in every tool that has it.
run_x2k() { # $1 source $2 target; also writes the copy-only seconds
  local job=$work/job
  rm -rf "$job" "$work/state"; mkdir "$job"
  cat >"$job/job.json" <<JSON
{"id":"b","transport":["socat","-b262144","-","TCP:127.0.0.1:$port"],"hashSeed":"$seed","disks":[{"id":"d","source":"$1","length":$bytes,
"target":{"kind":"file","path":"$2","zeroes":"skip"}}]}
JSON
  listen socat -b262144 "TCP-LISTEN:$port,fork,reuseaddr" "EXEC:$agent receive $work/state"
  "$agent" start "$job" >/dev/null
  while [ "$(state_of "$job")" = '"state":"running"' ]; do sleep 0.02; done
  unlisten
  [ "$(state_of "$job")" = '"state":"done"' ] || { cat "$job/agent.log" >&2; return 1; }
  local status start
  status=$("$agent" status "$job"); start=$(field startedAt <<<"$status")
  awk -v a="$start" -v c="$(field copiedAt <<<"$status")" -v f="$(field finishedAt <<<"$status")" 'BEGIN { print (c-a)/1000, (f-a)/1000 }'
}
timed() { local begin end; begin=$(date +%s.%N); "$@" >&2; end=$(date +%s.%N); awk -v a="$begin" -v b="$end" 'BEGIN { print b-a }'; }
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
with_nbd() { # $1 target, then the command
  local target=$1; shift
  listen qemu-nbd -b 127.0.0.1 -p "$port" -f raw --cache none --discard unmap -e 8 -t "$target"
  "$@"
  unlisten
}
qemu_convert() { with_nbd "$2" qemu-img convert -n -W -m 8 -T none -f raw -O raw --target-is-zero "$1" "nbd://127.0.0.1:$port"; }
nbd_copy() { with_nbd "$2" nbdcopy --flush --destination-is-zero "$1" "nbd://127.0.0.1:$port"; }

methods=(x2k dd_nc dd_zstd_nc qemu_convert nbd_copy)
for kind in sparse random text; do
  make_data "$kind" "$work/source"; sync
  want=$("$agent" hash "$work/source" --seed $seed | grep -o '"rootHash":"[^"]*"')
  for block in $(seq "$blocks"); do
    for method in $(shuf -e "${methods[@]}"); do
      rm -f "$work/target"; truncate -s "$bytes" "$work/target"
      if [ "$method" = x2k ]; then seconds=$(run_x2k "$work/source" "$work/target"); else seconds=$(timed "$method" "$work/source" "$work/target"); fi
      got=$("$agent" hash "$work/target" --seed $seed | grep -o '"rootHash":"[^"]*"')
      [ "$want" = "$got" ] || { echo "$kind $block $method: wrong result" >&2; continue; }
      if [ "$method" = x2k ]; then
        echo "$kind $block x2k-copy ${seconds% *}"; echo "$kind $block x2k-copy+verify ${seconds#* }"
      else
        echo "$kind $block $method $seconds"
      fi
    done
  done
done | tee /dev/stderr | python3 -c '
import collections, statistics, sys
times = collections.defaultdict(lambda: collections.defaultdict(dict))
for line in sys.stdin:
    kind, block, method, seconds = line.split()
    times[kind][method][block] = float(seconds)
print("| data | method | median s | MiB/s of disk | ratio to x2k-copy |\n|---|---|---|---|---|")
for kind, methods in times.items():
    for method, blocks in sorted(methods.items(), key=lambda m: statistics.median(m[1].values())):
        base = methods["x2k-copy"]
        ratios = [s / base[b] for b, s in blocks.items() if b in base]
        median = statistics.median(blocks.values())
        print(f"| {kind} | {method} | {median:.2f} | {'"$mib"' / median:.0f} | {statistics.median(ratios):.2f} |")
'
