# shellcheck shell=bash
# Nodes: each is a set of namespaces (mount, pid, uts, ipc, network) with a dockerd of its own.

valid_node() { [[ $1 =~ ^(n[1-9][0-9]?|builder)$ ]] || die "no such node: $1 (nodes are n1, n2, … and builder)"; }
node_dir()   { printf '%s/%s\n' "$NODES" "$1"; }
node_netns() { printf '%s-%s\n' "$LAB_NAME" "$1"; }
node_ip()    { printf '%s.%d\n' "$LAB_SUBNET" $((10 + ${1#n})); }
node_sock()  { printf '%s/%s/sock/docker.sock\n' "$NODES" "$1"; }

# The nodes of the lab, in order (not the builder).
node_list() {
  local d
  for d in "$NODES"/n[0-9]*; do
    [[ ! -d $d ]] || basename "$d"
  done | sort -V
}
need_up() { [[ -n $(node_list) ]] || die "the lab is not up: run 'swarm-lab up' first"; }

# The process that is PID 1 inside a node; fails when the node is off.
node_pid() {
  local outer file
  file=$(node_dir "$1")/pid
  [[ -s $file ]] || return 1
  outer=$(<"$file")
  # A process id can be used again: believe the file only if that process is still our launcher.
  tr '\0' ' ' 2>/dev/null <"/proc/$outer/cmdline" | grep -qF "node-init.sh $1 $ENGINE " || return 1
  ps -o pid= --ppid "$outer" | tr -d ' ' | grep .
}
node_on()  { node_pid "$1" >/dev/null; }
node_off() { ! node_on "$1"; }

# docker_on NODE ARGS...: the lab's own docker client against one node's engine.
docker_on() {
  local node=$1
  shift
  env DOCKER_CONFIG="$LAB_HOME/cli" DOCKER_HOST="unix://$(node_sock "$node")" "$ENGINE/usr/bin/docker" "$@"
}
# The same in place of this program, so that signals, streams and exit code are docker's own.
exec_docker_on() {
  local node=$1
  shift
  exec env DOCKER_CONFIG="$LAB_HOME/cli" DOCKER_HOST="unix://$(node_sock "$node")" "$ENGINE/usr/bin/docker" "$@" 9>&-
}
# The same, but a silent node costs 5 seconds at most.
ask() {
  local node=$1
  shift
  timeout 5 env DOCKER_CONFIG="$LAB_HOME/cli" DOCKER_HOST="unix://$(node_sock "$node")" "$ENGINE/usr/bin/docker" "$@" 2>/dev/null
}

# node_start NODE: switches a node on (again); its images, containers and swarm membership are kept.
node_start() {
  local node=$1 dir enter=() args
  dir=$(node_dir "$node")
  node_on "$node" && return
  rm -rf "${dir:?}/upper" "$dir/work"                # the system starts anew, /var/lib/docker stays
  mkdir -p "$dir"/{upper,work,root,sock,docker}
  # Records that callers and tasks append are one folder for all nodes, on or off; containers write there as uid 1000.
  [[ -d $SHARE ]] || install -d -m 0777 -o 1000 -g 1000 "$SHARE"
  args=(--cgroup-parent "/$LAB_NAME/$node" --insecure-registry "$LAB_SUBNET.0/24" --log-level warn
    --log-opt max-size=10m)
  if [[ $node == builder ]]; then
    # Builds share this machine's network (for the package registries); it is left as it is.
    # A bridge of its own, unused: with '--bridge none' dockerd would delete another engine's docker0.
    builder_net_up
    args+=(--bridge "$BUILDER_BRIDGE" --iptables=false --ip6tables=false --ip-forward=false --ip-masq=false)
  else
    node_net_up "$node"
    enter=(nsenter "--net=/run/netns/$(node_netns "$node")")
    args+=(--registry-mirror "http://$REGISTRY")
  fi
  setsid "${enter[@]}" unshare --mount --uts --ipc --pid --fork --kill-child=SIGKILL --propagation private \
    bash "$LIB/node-init.sh" "$node" "$ENGINE" "$dir" "$SHARE" "$CHECKOUT" "${args[@]}" >>"$dir/log" 2>&1 </dev/null 9>&- &
  echo $! >"$dir/pid"
  disown
  wait_until 60 answers_or_died "$node" && node_on "$node" && return
  node_kill "$node"
  no_engine "dockerd did not come up on $node: $(tail -1 "$dir/log" | cut -c1-200) (see $dir/log)"
}
answers_or_died() { ask "$1" info || ! kill -0 "$(<"$(node_dir "$1")/pid")"; }

# node_kill NODE: the power cord. Every process of the node ends at once.
node_kill() {
  local pid
  pid=$(node_pid "$1") || return 0
  kill -KILL "$pid"
  wait_until 20 node_off "$1" || die "$1 did not end"
}

# node_stop NODE: an orderly shutdown (dockerd stops its containers first).
node_stop() {
  local pid
  pid=$(node_pid "$1") || return 0
  kill -TERM "$pid"
  wait_until 60 node_off "$1" || node_kill "$1"
}

# node_remove NODE: switches it off and deletes all that it had, but for what its engine said last.
node_remove() {
  node_kill "$1"
  mkdir -p "$LAB_HOME/logs"
  mv "$(node_dir "$1")/log" "$LAB_HOME/logs/$1.log" 2>/dev/null || true
  [[ $1 == builder ]] || node_net_down "$1"
  rm -rf "$(node_dir "$1")"
}
