# shellcheck shell=bash
# What every measurement shares: the page it writes to, the machine's facts, the programs under test.

BENCH=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
ROOT=$(cd "$BENCH/../.." && pwd)
PAGE=$ROOT/docs/measurements.md
SEED=0123456789abcdef

say() { printf '[%4ds] %s\n' "$SECONDS" "$*" >&2; }
die() { printf 'bench: %s\n' "$*" >&2; exit 1; }
load() { cut -d' ' -f1 /proc/loadavg; }

# facts LOAD COMMAND [DAY]: the line under a section's title.
facts() {
  printf '*%s: %s cores (%s), %s GiB of memory, Linux %s; load average %s.* `%s`\n' "${3:-$(date -u +%F)}" "$(nproc)" \
    "$(sed -n 's/^model name.*: //p' /proc/cpuinfo | head -n 1)" "$(awk '/MemTotal/ { printf "%.0f", $2 / 1048576 }' /proc/meminfo)" \
    "$(uname -r)" "$1" "$2"
}

# put_section NAME: replaces the page's section of that name with standard input, or adds it at the end.
put_section() {
  local name=$1 text
  text=$(mktemp)
  cat >"$text"
  awk -v begin="<!-- $name: begin -->" -v end="<!-- $name: end -->" -v text="$text" '
    function put(line) { print begin; while ((getline line < text) > 0) print line; print end; found = 1 }
    $0 == begin { put(); inside = 1 }
    !inside { print }
    $0 == end { inside = 0 }
    END { if (!found) { print ""; put() } }' "$PAGE" >"$PAGE.new"
  mv "$PAGE.new" "$PAGE"
  rm -f "$text"
  say "$name: written to docs/measurements.md"
}

# The agent to measure: X2K_AGENT, or published from this tree into artifacts/bench.
find_agent() {
  AGENT=${X2K_AGENT:-$ROOT/artifacts/bench/agent/x2k-agent}
  [ -n "${X2K_AGENT:-}" ] || sh "$ROOT/src/Xen2Kvm.Agent/publish.sh" "$(dirname "$AGENT")" >/dev/null
}

root_hash() { "${AGENT:?}" hash "$1" --seed $SEED | grep -o '"rootHash":"[^"]*"'; }
state_of() { "$1" status "$2" | grep -o '"state":"[a-z]*"' | head -n 1 | cut -d'"' -f4; }
# field NAME: the first number of that name in a status.
field() { grep -o "\"$1\":[0-9]*" | head -n 1 | cut -d: -f2; }
sum_field() { grep -o "\"$1\":[0-9]*" | cut -d: -f2 | awk '{ s += $1 } END { print s }'; }

# The page cache forgets a file, so that whoever reads it next reads the medium.
make_cold() { sync -f "$1"; dd if="$1" iflag=nocache count=0 status=none; }
