# shellcheck shell=bash
# The swarm that the nodes form.

# A node that is on and is a reachable manager.
a_manager() {
  local n
  for n in $(node_list); do
    node_on "$n" || continue
    if ask "$n" node ls -q >/dev/null; then          # answers on a manager with a quorum only
      printf '%s\n' "$n"
      return
    fi
  done
  return 1
}

# swarm_join NODE worker|manager HEARTBEAT
swarm_join() {
  local node=$1 role=$2 heartbeat=$3 state leader token
  state=$(ask "$node" info -f '{{.Swarm.LocalNodeState}}')
  [[ $state == inactive ]] || return 0
  if [[ $node == n1 ]]; then
    docker_on n1 swarm init --advertise-addr "$(node_ip n1)" --dispatcher-heartbeat "$heartbeat" >/dev/null
    return
  fi
  leader=$(a_manager) || die "no manager answers"
  token=$(docker_on "$leader" swarm join-token -q "$role")
  docker_on "$node" swarm join --token "$token" --advertise-addr "$(node_ip "$node")" "$(node_ip "$leader"):2377" >/dev/null
}

cmd_availability() {
  local m
  m=$(a_manager) || die "no manager answers"
  docker_on "$m" node update --availability "$1" "$2" >/dev/null
}

# "RUNNING of WANTED": the tasks that should run and those of them that do (healthy, where there is a check).
task_counts() {
  ask "$1" service ps "$2" -f desired-state=running --format '{{.CurrentState}}' |
    awk '{ all++ } /^Running/ { run++ } END { print run + 0 " of " all + 0 }'
}

cmd_wait() {
  local service=$1 want=$2 limit=${3:-120} end m have=
  end=$((SECONDS + limit))
  while ((SECONDS <= end)); do
    if m=$(a_manager); then
      have=$(task_counts "$m" "$service") || have=
      [[ $have != "$want of $want" ]] || return 0
    fi
    sleep 0.5
  done
  log "$service: $want tasks wanted, ${have:-unknown} run after $limit s"
  [[ -z ${m-} ]] || docker_on "$m" service ps --no-trunc --format '{{.Name}} on {{.Node}}: {{.CurrentState}} {{.Error}}' "$service" |
    cut -c1-300 | awk 'NR <= 12' >&2
  return 1
}
