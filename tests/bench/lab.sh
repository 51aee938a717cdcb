#!/bin/bash
# The agent and dd over ssh copy logical volumes from the lab's xen1 to files on kvm1: lab.sh [ROUNDS] [MIB]
# Needs the lab up, and resets it at the end. MIB is the size of the disk that is half zeroes.
set -euo pipefail
# shellcheck source=tests/bench/lib.sh
. "$(dirname "$0")/lib.sh"
rounds=${1:-3} mib=${2:-512}
lab() { "$ROOT/deploy/lab/lab.sh" "$@"; }
lab status >/dev/null || die "the lab is not up: deploy/lab/lab.sh up"
find_agent
work=$(mktemp -d "${TMPDIR:-/var/tmp}/x2k-bench.XXXXXX")
trap 'rm -rf "$work"; lab reset >&2' EXIT
there=/root/x2k-bench images=/var/lib/libvirt/images/x2k-bench

say "the guest files is shut down, the others stand still, a disk that is half zeroes is made"
lab ssh xen1 "mkdir -p $there && xl shutdown -w files && xl pause web && xl pause old && lvcreate -q -y -Wn -L ${mib}M -n x2k-bench vg0 && ssh-keygen -q -t ed25519 -N '' -f $there/key && cat $there/key.pub" |
  tail -n 1 >"$work/key.pub"
lab ssh kvm1 "mkdir -p $there $images && cat >>/root/.ssh/authorized_keys" <"$work/key.pub"
install -m 0755 "$AGENT" "$work/x2k-agent"
cp "$BENCH/lab-source.sh" "$work"
tar -C "$work" -cf - x2k-agent | lab ssh kvm1 "tar -C $there -xf -"
tar -C "$work" -cf - x2k-agent lab-source.sh | lab ssh xen1 "tar -C $there -xf -"
lab env | jq -r '.hosts[] | select(.name == "kvm1") | .hostKeys[0] | "x2k-target \(.line)"' | lab ssh xen1 "cat >$there/known_hosts"
python3 "$BENCH/data.py" half "$work/half" $((mib * 1024 * 1024))
zstd -1 -q -c "$work/half" | lab ssh xen1 "zstd -dc | dd of=/dev/vg0/x2k-bench bs=1M iflag=fullblock oflag=direct status=none"

declare -A devices=([half]=/dev/vg0/x2k-bench [files]="/dev/vg0/files-root /dev/vg0/files-var") want=() size=()
for disk in "${!devices[@]}"; do
  want[$disk]=$(lab ssh xen1 "sha256sum ${devices[$disk]}" | cut -d' ' -f1)
  size[$disk]=$(lab ssh xen1 "blockdev --getsize64 ${devices[$disk]}")
done
before=$(load)
# What dd can be told besides is compared on the smaller disk.
declare -A methods=([half]="x2k dd dd-sparse dd-zstd" [files]="x2k dd")
for disk in half files; do
  for round in $(seq "$rounds"); do
    for method in $(tr ' ' '\n' <<<"${methods[$disk]}" | shuf); do
      pairs='' targets='' index=0
      for device in ${devices[$disk]}; do
        target=$images/$(basename "$device").img
        pairs+=" $device=$target" targets+=" $target"
      done
      lab ssh kvm1 "rm -rf $images/* $there/state && set -- $(tr '\n' ' ' <<<"${size[$disk]}") && for f in $targets; do truncate -s \$1 \$f; shift; done; sync"
      read -r seconds verified read sent < <(lab ssh xen1 "bash $there/lab-source.sh $method $pairs")
      read -r written < <(lab ssh kvm1 "stat -c %b $targets | awk '{ s += \$1 } END { print s * 512 }'")
      [ "${want[$disk]}" = "$(lab ssh kvm1 "sha256sum $targets" | cut -d' ' -f1)" ] || { say "$disk, round $round, $method: wrong result"; continue; }
      case $method in
        x2k) printf '%s\n' "$disk $round x2k-copy $seconds" "$disk $round x2k-copy+verify $verified" >>"$work/times" ;;
        *) echo "$disk $round $method $seconds" >>"$work/times" ;;
      esac
      echo "$disk $method $read $sent $written" >>"$work/bytes"
      say "$disk, round $round, $method: $seconds s (verified $verified), read $read, sent $sent, written $written"
    done
  done
done
{
  echo '## Copy from the Xen host to the KVM host of the lab'
  echo
  facts "$before before, $(load) after" "tests/bench/run.sh lab $rounds $mib"
  echo
  sizes=()
  for disk in "${!size[@]}"; do sizes+=("$disk=$(awk '{ s += $1 } END { print s / 1048576 }' <<<"${size[$disk]}")"); done
  python3 "$BENCH/table.py" x2k-copy "${sizes[@]}" <"$work/times"
  printf '\n| disk | method | MiB read from the disk | MiB that left the host | MiB allocated on the target |\n|---|---|---|---|---|\n'
  sort "$work/bytes" | awk '
    function put() { if (n) printf "| %s | %s | %.0f | %.0f | %.0f |\n", disk, method, read / n / 1048576, sent / n / 1048576, written / n / 1048576 }
    $1 " " $2 != key { put(); key = $1 " " $2; disk = $1; method = $2; n = read = sent = written = 0 }
    { n++; read += $3; sent += $4; written += $5 }
    END { put() }'
  cat <<TEXT

How to read it: only the ratios and the bytes count. xen1 is emulated instruction by instruction (no hardware virtualisation here), its dom0
has one processor (the other guests are paused), and the seconds are ten times those of a real machine or more. \`files\` is the lab's guest of that name, shut down: two volumes,
in one job for the agent, one after the other for dd. \`half\` is a volume of $mib MiB, half of it zeroes that were written, a quarter text and a
quarter that does not compress. All go over ssh with its default cipher, from the same key and options, into new files on kvm1, with a flush at the end.
\`dd\` is \`dd iflag=direct | ssh dd conv=fsync\`, \`dd-sparse\` has \`conv=sparse\` as well, \`dd-zstd\` is \`dd | zstd -1 | ssh 'zstd -d | dd'\`. The agent's time
begins with \`x2k-agent start\`; the bytes that left the host are those of its network card, verification included. \`copy+verify\` also reads the whole target back
from its medium and compares; dd does nothing of the kind.
TEXT
} | put_section lab
