#!/usr/bin/env bash
# Installs the Debian packages of the given groups; quick when they are present, safe to run twice.
#   deploy/packages.sh run build test browser
set -euo pipefail

run=(postgresql-15 openssh-client util-linux)
build=(gcc libc6-dev libxxhash-dev libzstd-dev zlib1g-dev)
test=(openssh-server qemu-utils fdisk e2fsprogs libguestfs-tools linux-image-amd64 grub-pc-bin grub-common libvirt-clients libxml2-utils patch)
browser=(chromium fonts-dejavu-core)

wanted=()
for group in "$@"; do
  declare -n packages=$group
  wanted+=("${packages[@]}")
done

missing=()
for package in "${wanted[@]}"; do
  state=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
  if [ "$state" != installed ]; then missing+=("$package"); fi
done

if [ ${#missing[@]} -eq 0 ]; then exit 0; fi
if [ "$(id -u)" -ne 0 ]; then
  echo "These Debian packages are missing and only root can install them: ${missing[*]}" >&2
  exit 1
fi

echo "installing ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
apt-get update -q >/dev/null
# A server package must not start its own service here: the program runs a private one.
apt-get install -y -q --no-install-recommends "${missing[@]}" >/dev/null
