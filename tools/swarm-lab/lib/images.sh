# shellcheck shell=bash
# Images under their official names, made of Debian's packages and npm's; no public registry.
# Which names: those that the stack files and docker/Dockerfile pin, each with an exact version.

# The image that a file of the project uses by default: `image_pinned FILE BEGINNING`.
image_pinned() {
  local found
  found=$(grep -oE "\b$2:[0-9]+\.[0-9]+\.[0-9]+[0-9A-Za-z.-]*" "$CHECKOUT/$1" | sort -u)
  [[ -n $found && $found != *$'\n'* ]] || die "$1 must name one version of the image $2, it names: ${found:-none}"
  printf '%s\n' "$found"
}

# Builds run side by side: the lab is held only while its builder starts.
builder_start() {
  local held=$LOCKED
  node_on builder && return
  [[ $held ]] || lock
  check_host
  engine_build
  node_start builder
  [[ $held ]] || unlock
}
have() { docker_on builder image inspect "$1" >/dev/null 2>&1; }

cmd_build() {
  builder_start
  docker_on builder build --network host "$@"
}

image_debian() {
  have "debian:$SUITE-slim" || docker_on builder import -c 'CMD ["bash"]' "$DEBIAN_TAR" "debian:$SUITE-slim" >/dev/null
}

# One version of an npm package, unpacked into a folder.
npm_unpack() {
  local spec=$1 to=$2 tmp
  tmp=$(mktemp -d)
  (cd "$tmp" && npm pack --silent "$spec" >/dev/null) || { rm -rf "$tmp"; die "npm has no $spec"; }
  mkdir -p "$to"
  tar -xzf "$tmp"/*.tgz -C "$to" --strip-components=1
  rm -rf "$tmp"
}

# node_tree VERSION TREE: /usr/local of a Node image.
node_tree() {
  local version=$1 tree=$2 major=${1%%.*} arch=x64 npm=10 tmp
  command -v npm >/dev/null || die "npm is needed for the node image"
  [[ $(uname -m) != aarch64 ]] || arch=arm64
  ((major < 24)) || npm=11
  tmp=$(mktemp -d)
  npm_unpack "node-linux-$arch@$version" "$tmp/node"
  install -D -m 755 "$tmp/node/bin/node" "$tree/usr/local/bin/node"
  rm -rf "$tmp"
  npm_unpack "npm@$npm" "$tree/usr/local/lib/node_modules/npm"
  chmod +x "$tree"/usr/local/lib/node_modules/npm/bin/*-cli.js
  ln -s ../lib/node_modules/npm/bin/npm-cli.js "$tree/usr/local/bin/npm"
  ln -s ../lib/node_modules/npm/bin/npx-cli.js "$tree/usr/local/bin/npx"
  install -D -m 644 /etc/ssl/certs/ca-certificates.crt "$tree/etc/ssl/certs/ca-certificates.crt"
  install -m 755 "$HERE/images/node/docker-entrypoint.sh" "$tree/usr/local/bin/"
}

# image_node VERSION: node:VERSION-trixie-slim
image_node() {
  local version=$1 image=node:$1-$SUITE-slim context packages=
  have "$image" && return
  ((${version%%.*} < 25)) || packages=libatomic1
  context=$(mktemp -d)
  node_tree "$version" "$context/tree"
  cmd_build -t "$image" --build-arg "PACKAGES=$packages" -f "$HERE/images/node/Dockerfile" "$context"
  rm -rf "$context"
}

# Debian has one patch release of the series that the stack names; the series must be the same.
image_rabbitmq() {
  local image series
  image=$(image_pinned swarm-stack.yml rabbitmq)
  have "$image" && return
  series=$(grep -oE '^[0-9]+\.[0-9]+' <<<"${image#*:}")
  cmd_build -t "$image" --build-arg "SERIES=$series" "$HERE/images/rabbitmq"
}

image_celery() { have "$CELERY_IMAGE" || cmd_build -t "$CELERY_IMAGE" --build-arg "VERSION=${CELERY_IMAGE#*:}" "$HERE/images/celery"; }

# image NAME: makes one, and says on fd 3 how long that took.
image() {
  local name=$1 started=$SECONDS
  case $name in
    node) name=$(image_pinned docker/Dockerfile node); name=${name#node:}; image_node "${name%-"$SUITE"-slim}" ;;
    node:*) image_node "${name#node:}" ;;
    *) "image_$name" ;;
  esac
  log "$name ready after $((SECONDS - started)) s" 2>&3
}

# Side by side: one of them waits for the network while another unpacks.
cmd_images() {
  local name job=0 jobs=() failed=()
  (($#)) || set -- node rabbitmq celery
  for name in "$@"; do
    [[ $name =~ ^(debian|rabbitmq|celery|node(:[1-9][0-9]\.[0-9]+\.[0-9]+)?)$ ]] ||
      misuse "images: unknown base image $name (debian, node, node:24.22.3, rabbitmq, celery)"
  done
  builder_start
  image_debian
  for name in "$@"; do
    image "$name" 3>&2 >"$LAB_HOME/image-$name.log" 2>&1 &
    jobs+=($!)
  done
  for name in "$@"; do
    wait "${jobs[job++]}" || { failed+=("$name"); tail -5 "$LAB_HOME/image-$name.log" >&2; }
  done
  ((${#failed[@]} == 0)) || die "no image of ${failed[*]} (see $LAB_HOME/image-*.log)"
  docker_on builder images --format 'table {{.Repository}}:{{.Tag}}\t{{.Size}}'
}

# load: straight into every node that is on.
cmd_load() {
  local n img tar images=() tars=()
  for img in "$@"; do
    if [[ -f $img ]]; then tars+=("$img"); else images+=("$img"); fi
  done
  if ((${#images[@]})); then
    builder_start
    tar=$LAB_HOME/load.$$.tar
    tars+=("$tar")
    docker_on builder save -o "$tar" "${images[@]}"
  fi
  for n in $(node_list); do
    node_on "$n" || { log "$n is off: not loaded"; continue; }
    for img in "${tars[@]}"; do
      docker_on "$n" load -q -i "$img" >/dev/null
    done
  done
  rm -f "${tar-}"
}

# push: into the lab's registry, where every node finds them under their own names.
cmd_push() {
  local img path
  builder_start
  registry_start
  for img in "$@"; do
    case $img in
      "$REGISTRY"/*) path=${img#"$REGISTRY"/} ;;
      *.*/* | *:*/*) die "$img names another registry; only images without a registry can be mirrored" ;;
      */*) path=$img ;;
      *) path=library/$img ;;
    esac
    docker_on builder tag "$img" "$REGISTRY/$path"
    docker_on builder push -q "$REGISTRY/$path" >/dev/null
    [[ $img == "$REGISTRY/$path" ]] || docker_on builder rmi "$REGISTRY/$path" >/dev/null
  done
}

# The builder outlives 'down' for its images and build cache; containers and volumes end with the lab.
builder_tidy() {
  local containers
  node_on builder || return 0
  containers=$(docker_on builder ps -aq)
  # shellcheck disable=SC2086  # a list of ids
  [[ -z $containers ]] || docker_on builder rm -f $containers >/dev/null
  docker_on builder volume prune -af >/dev/null
}
