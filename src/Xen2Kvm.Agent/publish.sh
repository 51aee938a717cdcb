#!/bin/sh
# Publishes the static agent: publish.sh OUTDIR writes OUTDIR/x2k-agent.
# Needs the packages of deploy/packages-agent.txt.
set -eu
out=${1:?usage: publish.sh OUTDIR}
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
mkdir -p "$out"
out=$(CDPATH= cd -- "$out" && pwd)
dotnet publish "$here/Xen2Kvm.Agent.csproj" -c Release -r linux-x64 -o "$out" --nologo -v quiet
