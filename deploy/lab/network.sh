# shellcheck shell=bash
# The lab's network: a bridge in a namespace of its own, so nothing leaves this machine. A guest keeps MAC and
# address on both hosts because both are on this bridge.

in_lab() { ip netns exec "$NS_LAB" "$@"; }

network_up() {
    need_root
    if ! ip netns list | grep -qw "$NS_LAB"; then
        ip netns add "$NS_LAB"
    fi
    in_lab ip link set lo up
    if ! in_lab ip link show lab0 >/dev/null 2>&1; then
        in_lab ip link add lab0 type bridge stp_state 0 forward_delay 0
        in_lab ip addr add "$LAB0_ADDRESS/24" dev lab0
        in_lab ip link set lab0 up
    fi
    if ! ip link show "$ROOT_VETH" >/dev/null 2>&1; then
        ip link add "$ROOT_VETH" address 52:54:00:77:00:01 type veth peer name dashboard netns "$NS_LAB"
        ip addr add "$DASHBOARD_ADDRESS/24" dev "$ROOT_VETH"
        ip link set "$ROOT_VETH" up
        in_lab ip link set dashboard master lab0 up
    fi
    if ! in_lab ip link show xen1 >/dev/null 2>&1; then
        in_lab ip tuntap add xen1 mode tap
        in_lab ip link set xen1 master lab0 up
    fi
    if ! ip netns list | grep -qw "$NS_KVM1"; then
        ip netns add "$NS_KVM1"
        ip netns exec "$NS_KVM1" ip link set lo up
        ip netns exec "$NS_KVM1" ip link add eth0 type veth peer name kvm1 netns "$NS_LAB"
        in_lab ip link set kvm1 master lab0 up
        ip netns exec "$NS_KVM1" ip link add br0 address "${MAC[kvm1]}" type bridge stp_state 0 forward_delay 0
        ip netns exec "$NS_KVM1" ip link set eth0 master br0 up
        ip netns exec "$NS_KVM1" ip addr add "${ADDRESS[kvm1]}/24" dev br0
        ip netns exec "$NS_KVM1" ip link set br0 up
        ip netns exec "$NS_KVM1" ip route add default via "$DASHBOARD_ADDRESS"
    fi
}

network_down() {
    ip link del "$ROOT_VETH" 2>/dev/null || :
    local space
    for space in "$NS_KVM1" "$NS_LAB"; do
        ip netns del "$space" 2>/dev/null || :
    done
}

# A guest that has moved back must not be looked for where it was.
network_forget() {
    in_lab ip link set lab0 type bridge fdb_flush
    in_lab ip neigh flush dev lab0
    ip neigh flush dev "$ROOT_VETH"
}
