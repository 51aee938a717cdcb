#!/bin/bash
# Runs on the lab's xen1, put there by lab.sh: lab-source.sh METHOD DEVICE=TARGET… copies devices to files on kvm1 that exist and are empty.
# Prints "SECONDS [SECONDS UNTIL VERIFIED] READ SENT": bytes read from the devices, bytes that left the network card.
set -euo pipefail
method=$1; shift
here=$(cd "$(dirname "$0")" && pwd)
# As src/Xen2Kvm.Engine/Routes/BlockCopy/CopyJob.cs writes it; the same for all methods.
ssh=(ssh -T -F /dev/null -i "$here/key" -p 22 -l root -o IdentitiesOnly=yes -o IdentityAgent=none -o BatchMode=yes -o Compression=no
  -o ConnectTimeout=15 -o ServerAliveInterval=15 -o ServerAliveCountMax=4 -o StrictHostKeyChecking=yes -o HostKeyAlias=x2k-target
  -o "UserKnownHostsFile=$here/known_hosts" -- 10.77.0.20)

sectors_read() {
  local pair total=0
  for pair; do total=$((total + $(awk '{ print $3 }' "/sys/class/block/$(basename "$(readlink -f "${pair%%=*}")")/stat"))); done
  echo "$total"
}

each() { # RECEIVER [FILTER]
  local pair device receiver filter=${2:-}
  for pair in "${pairs[@]}"; do
    device=${pair%%=*} receiver=${1//TARGET/${pair#*=}}
    if [ -z "$filter" ]; then
      dd if="$device" bs=1M iflag=direct status=none | "${ssh[@]}" "$receiver"
    else
      dd if="$device" bs=1M iflag=direct status=none | $filter | "${ssh[@]}" "$receiver"
    fi
  done
}

agent() {
  local job=$here/job pair disks='' words='' word
  rm -rf "$job"; mkdir "$job"
  for pair in "${pairs[@]}"; do
    disks+="${disks:+,}{\"id\":\"$(basename "${pair%%=*}")\",\"source\":\"${pair%%=*}\",\"length\":$(blockdev --getsize64 "${pair%%=*}"),"
    disks+="\"target\":{\"kind\":\"file\",\"path\":\"${pair#*=}\",\"zeroes\":\"skip\"}}"
  done
  for word in "${ssh[@]}" "$here/x2k-agent receive $here/state"; do words+="${words:+,}\"$word\""; done
  (umask 077; echo "{\"id\":\"bench\",\"transport\":[$words],\"hashSeed\":\"0123456789abcdef\",\"disks\":[$disks]}" >"$job/job.json")
  # Nobody asks for its status meanwhile: on this processor that would cost a tenth of the time.
  tail -f /dev/null --pid="$("$here/x2k-agent" start "$job" | grep -o '"pid":[0-9]*' | cut -d: -f2)"
  "$here/x2k-agent" status "$job" >"$here/status"
  grep -q '^{"state":"done"' "$here/status" || { cat "$job/agent.log" >&2; return 1; }
}

pairs=("$@")
read_before=$(sectors_read "$@") sent_before=$(cat /sys/class/net/eth0/statistics/tx_bytes) begin=$(date +%s.%N)
case $method in
  x2k) agent ;;
  dd) each 'dd of=TARGET bs=1M iflag=fullblock conv=notrunc,fsync status=none' ;;
  dd-sparse) each 'dd of=TARGET bs=1M iflag=fullblock conv=notrunc,sparse,fsync status=none' ;;
  dd-zstd) each 'zstd -dc | dd of=TARGET bs=1M iflag=fullblock conv=notrunc,fsync status=none' 'zstd -1 -q -c' ;;
esac
end=$(date +%s.%N)
if [ "$method" = x2k ]; then
  number() { grep -o "\"$1\":[0-9]*" "$here/status" | head -n 1 | cut -d: -f2; }
  times=$(awk -v a="$(number startedAt)" -v c="$(number copiedAt)" -v f="$(number finishedAt)" 'BEGIN { print (c - a) / 1000, (f - a) / 1000 }')
else
  times=$(awk -v a="$begin" -v b="$end" 'BEGIN { print b - a, "-" }')
fi
echo "$times $((($(sectors_read "$@") - read_before) * 512)) $(($(cat /sys/class/net/eth0/statistics/tx_bytes) - sent_before))"
