# shellcheck shell=bash
# Which machines there are and how they are called. Every image depends on this file.

SUITE=bookworm
HOSTS=(xen1 kvm1)
GUESTS=(files web old)
MACHINES=("${HOSTS[@]}" "${GUESTS[@]}")
declare -A ADDRESS=([xen1]=10.77.0.10 [kvm1]=10.77.0.20 [files]=10.77.0.31 [web]=10.77.0.32 [old]=10.77.0.33)
declare -A MAC=([xen1]=52:54:00:77:00:10 [kvm1]=52:54:00:77:00:20
    [files]=00:16:3e:77:00:31 [web]=00:16:3e:77:00:32 [old]=00:16:3e:77:00:33)
DASHBOARD_ADDRESS=10.77.0.1

# A person's account on both hosts that is not root: signs in with a password, may use sudo without one.
OPERATOR=mover
OPERATOR_PASSWORD='mover of the lab'
