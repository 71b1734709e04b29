# shellcheck shell=bash
# Sends an ordinary docker command line to the engine of the lab that it is meant for (bin/docker).

# The position of the first argument that is not one of docker's global options.
command_position() {
  local i=1
  while ((i <= $#)); do
    case ${!i} in
      --config | --context | -c | --host | -H | --log-level | -l | --tlscacert | --tlscert | --tlskey) i=$((i + 2)) ;;
      -*) i=$((i + 1)) ;;
      *) break ;;
    esac
  done
  printf '%d\n' "$i"
}

# Where a command goes that names no node: a manager that answers, else a node that is on (its engine then says
# what is wrong), else the builder.
default_node() {
  local n
  a_manager && return
  for n in $(node_list); do
    ! node_on "$n" || { printf '%s\n' "$n"; return; }
  done
  printf 'builder\n'
}

cmd_route() {
  local at words node=${SWARM_LAB_NODE-}
  at=$(command_position "$@")
  words="${*:at:2}"
  if [[ -z $node ]]; then
    case $words in
      'push '* | 'image push') route_push "${@:at}"; return ;;
      build | 'build '* | buildx | 'buildx '* | builder | 'builder '* | image | 'image '* | images | 'images '* | \
        'tag '* | 'rmi '* | 'save '* | 'load'* | 'import '* | 'history '*) node=builder ;;
      *) node=$(default_node) ;;
    esac
  fi
  valid_node "$node"
  if [[ $node == builder ]]; then
    builder_start
    case $words in
      'buildx build' | 'image build' | 'builder build') at=$((at + 1)) ;;
      build | 'build '*) ;;
      *) at=0 ;;
    esac
    # First, so that a --network of the caller's own counts.
    ((at == 0)) || set -- "${@:1:at}" --network host "${@:at+1}"
  fi
  exec_docker_on "$node" "$@"
}

# A push to the public registry goes to the one that stands in for it here.
route_push() {
  local word images=()
  [[ $1 != image ]] || shift
  shift
  for word in "$@"; do
    case $word in
      -q | --quiet) ;;
      -*) misuse "docker push $word: not in the lab" ;;
      *) images+=("$word") ;;
    esac
  done
  ((${#images[@]})) || misuse "docker push: which image?"
  need_up
  lock
  cmd_push "${images[@]}"
}
