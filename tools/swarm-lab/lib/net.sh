# shellcheck shell=bash
# The lab's network: one switch (a bridge) in a namespace of its own; every node is a namespace
# with one cable (veth pair) to it, and this machine has a cable too. There is no default route
# anywhere in the lab, so nothing leaves the machine.

net_up() {
  ip netns list | grep -qw "$HUB" && return
  ip netns add "$HUB"
  ip -n "$HUB" link set lo up
  ip -n "$HUB" link add br0 type bridge
  ip -n "$HUB" addr add "$HUB_IP/24" dev br0
  ip -n "$HUB" link set br0 up
  ip link add "$LAB_NAME" type veth peer name host netns "$HUB"
  ip -n "$HUB" link set host master br0
  ip -n "$HUB" link set host up
  ip addr add "$HOST_IP/24" dev "$LAB_NAME"
  ip link set "$LAB_NAME" up
}

builder_net_up() {
  ip link show "$BUILDER_BRIDGE" >/dev/null 2>&1 && return
  ip link add "$BUILDER_BRIDGE" type bridge
  ip addr add "169.254.${LAB_SUBNET##*.}.1/28" dev "$BUILDER_BRIDGE"
}

lab_netns() { ip netns list | awk '{ print $1 }' | grep -E "^$LAB_NAME-(hub|n[0-9]+)$" || true; }

net_down() {
  local ns
  ip link del "$LAB_NAME" 2>/dev/null || true
  ip link del "$BUILDER_BRIDGE" 2>/dev/null || true
  for ns in $(lab_netns); do
    ip netns del "$ns"
  done
  # The mount that 'ip netns' makes for its first namespace; busy, and so left alone, while there are others.
  [[ -n $(ls /run/netns 2>/dev/null) ]] || umount /run/netns 2>/dev/null || true
}

node_net_up() {
  local n=$1 ns
  ns=$(node_netns "$n")
  ip netns list | grep -qw "$ns" && return
  ip netns add "$ns"
  ip -n "$ns" link set lo up
  ip link add eth0 netns "$ns" type veth peer name "$n" netns "$HUB"
  ip -n "$ns" addr add "$(node_ip "$n")/24" dev eth0
  ip -n "$ns" link set eth0 up
  ip -n "$HUB" link set "$n" master br0
  ip -n "$HUB" link set "$n" up
}

node_net_down() { ip netns del "$(node_netns "$1")" 2>/dev/null || true; }

# The node's cable stays up, but the switch drops all its frames without a word.
partition() { bridge -n "$HUB" link set dev "$1" state disabled; }
heal()      { bridge -n "$HUB" link set dev "$1" state forwarding; }
partitioned() { bridge -n "$HUB" link show dev "$1" 2>/dev/null | grep -q 'state disabled'; }
