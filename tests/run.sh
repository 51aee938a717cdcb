#!/usr/bin/env bash
# Sets up what the tests need and runs them, the quick ones first.
#   tests/run.sh          everything: unit, database, SSH, real Xen and libvirt (the lab), browser
#   tests/run.sh quick    all but the lab and the browser
#   tests/run.sh NAME…    only the projects whose name ends so: tests/run.sh Domain Engine
# The last line is "N passed, M failed"; the exit code is 0 only when none failed.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root"
out="$root/artifacts"
mkdir -p "$out/test-logs"
rm -f "$out"/test-logs/*.xml
started=$SECONDS
quick_projects=(Architecture Domain Engine Transfer Agent Guests Hosts Cli Persistence Web)
slow_projects=(Browser Lab)

say() { printf '[%4ds] %s\n' "$((SECONDS - started))" "$*"; }

case "${1:-all}" in
  all) projects=("${quick_projects[@]}" "${slow_projects[@]}") ;;
  quick) projects=("${quick_projects[@]}") ;;
  *) projects=("$@") ;;
esac

wants() { local name; for name in "${projects[@]}"; do [ "$name" = "$1" ] && return 0; done; return 1; }

say "packages"
"$root/deploy/packages.sh" build test
if wants Browser; then "$root/deploy/packages.sh" browser; fi
if wants Lab; then "$root/deploy/lab/lab.sh" packages; fi

export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
say "build"
if ! dotnet build Xen2Kvm.Web.sln -c Release -v quiet -nologo >"$out/test-logs/build.log" 2>&1; then
  grep -E 'error|warning' "$out/test-logs/build.log" | sort -u | head -40
  say "the build failed; see artifacts/test-logs/build.log"
  echo "0 passed, 1 failed"
  exit 1
fi

say "agent"
"$root/src/Xen2Kvm.Agent/publish.sh" "$out/agent" >"$out/test-logs/agent.log" 2>&1 || { tail -20 "$out/test-logs/agent.log"; echo "0 passed, 1 failed"; exit 1; }
export X2K_AGENT="$out/agent/x2k-agent"

# The lab's images are built while the quick tests run, and it starts while the browser's do: the first time that takes ten minutes.
in_background() { "$root/deploy/lab/lab.sh" "$1" >"$out/test-logs/lab-$1.log" 2>&1 & lab_job=$! lab_log=$out/test-logs/lab-$1.log; }
await_lab() {
  wait "$lab_job" && return
  tail -n 20 "$lab_log"
  failed=$((failed + 1))
  return 1
}
if wants Lab; then in_background build; fi

# Of each test that failed its name and the first lines of why; what a program logged meanwhile is in the log.
failures() {
  awk '/\[FAIL\]$/ { left = 30; print; next }
       left > 0 && /^ {6}/ { left--; print; next }
       { left = 0 }' "$1"
  echo "        all of it: ${1#"$root/"}"
}

passed=0
failed=0
run_project() {
  local name=$1 log="$out/test-logs/$1.log" code=0 summary total errors bad skipped
  dotnet "tests/Xen2Kvm.$name.Tests/bin/Release/net10.0/Xen2Kvm.$name.Tests.dll" -noColor -xml "${log%.log}.xml" >"$log" 2>&1 || code=$?
  summary=$(grep -E 'Total: [0-9]+' "$log" | tail -n 1 || true)
  number() { printf '%s' "$summary" | grep -oE "$1: [0-9]+" | grep -oE '[0-9]+' || echo 0; }
  total=$(number Total) errors=$(number Errors) bad=$(number Failed) skipped=$(number Skipped)
  if [ -z "$summary" ] || [ "$total" -eq 0 ]; then
    say "$name: no test ran (exit $code)"
    tail -n 30 "$log"
    failed=$((failed + 1))
    return
  fi
  if [ "$code" -ne 0 ] && [ $((bad + errors)) -eq 0 ]; then bad=1; fi
  passed=$((passed + total - bad - skipped))
  failed=$((failed + bad + errors))
  say "$name: $((total - bad - skipped)) passed, $((bad + errors)) failed, $skipped skipped"
  if [ $((bad + errors)) -gt 0 ]; then failures "$log"; fi
  return 0
}

for name in "${projects[@]}"; do
  case "$name" in
    Browser | Lab)
      if wants Lab && [ -z "${lab_starts:-}" ]; then
        await_lab || break
        say "lab images"
        in_background up
        lab_starts=yes
      fi
      ;;
  esac
  if [ "$name" = Lab ]; then
    await_lab || break
    sed 's/^/        /' "$lab_log"
    say "lab is up"
  fi
  run_project "$name"
done

# What to look at when a run takes too long.
slowest() {
  grep -oh '<test [^>]*' "$out"/test-logs/*.xml | sed -E 's/.* time="([0-9.]+)".* type="([^"]*)" method="([^"]*)".*/\1 \2.\3/' \
    | sort -rn | awk 'NR <= 10 { printf "        %4d s %s\n", $1, $2 }'
}

say "done; the slowest tests were"
slowest || true
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
