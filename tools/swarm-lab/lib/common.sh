# shellcheck shell=bash
# shellcheck disable=SC2034  # the other files use these
# Settings, and what every part of the lab asks of them.

LAB_HOME=${SWARM_LAB_HOME:-/var/tmp/celeriac-lab}  # everything the lab writes
LAB_NAME=${SWARM_LAB_NAME:-cellab}                 # prefix of namespaces, links and cgroups
LAB_SUBNET=${SWARM_LAB_SUBNET:-198.18.90}          # first three octets of the lab's /24
LAB_MIRROR=${SWARM_LAB_MIRROR:-}                   # Debian mirror; empty: the one apt uses here

SUITE=trixie                                       # the Debian of the engine and of the base images
CELERY_IMAGE=celeriac-lab/celery:5.5.2             # the Celery that SUITE has
ENGINE_PACKAGES=docker.io,docker-cli,docker-buildx,docker-compose,docker-registry,iptables,iproute2,procps
ENGINE=$LAB_HOME/engine-$(cksum <<<"$ENGINE_PACKAGES" | cut -d' ' -f1) # root file system of every node
DEBIAN_TAR=$LAB_HOME/debian-$SUITE.tar             # what debian:trixie-slim is imported from
NODES=$LAB_HOME/nodes                              # one folder for each node (and "builder")
SHARE=$LAB_HOME/share                              # /shared of every node
CHECKOUT=$(dirname "$(dirname "$HERE")")           # this repository, seen by every node at its own path
HUB=$LAB_NAME-hub                                  # network namespace that holds the switch
BUILDER_BRIDGE=$LAB_NAME-br                        # unused bridge that the builder's engine insists on
HOST_IP=$LAB_SUBNET.1                              # this machine's address on the lab network
HUB_IP=$LAB_SUBNET.254
REGISTRY=$HUB_IP:5000
EXIT_NO_ENGINE=3

log()    { printf 'swarm-lab: %s\n' "$*" >&2; }
die()    { log "error: $*"; exit 1; }
misuse() { log "$* (see swarm-lab --help)"; exit 2; }
# The one line (and exit code) that a test may turn into "skipped: no Docker engine".
no_engine() { log "no Docker engine can be started here: $*"; exit "$EXIT_NO_ENGINE"; }

# wait_until SECONDS COMMAND...: polls COMMAND until it succeeds or the time is over.
wait_until() {
  local limit=$1 end
  shift
  end=$((SECONDS + limit))
  until "$@" >/dev/null 2>&1; do
    ((SECONDS < end)) || return 1
    sleep 0.2
  done
}

check_settings() {
  [[ $LAB_NAME =~ ^[a-z][a-z0-9]{0,7}$ ]] ||
    misuse "SWARM_LAB_NAME is '$LAB_NAME'; it names links: at most 8 small letters and digits"
  [[ $LAB_SUBNET =~ ^[0-9]+\.[0-9]+\.[0-9]+$ ]] ||
    misuse "SWARM_LAB_SUBNET is '$LAB_SUBNET'; give three octets, such as 198.18.90"
  [[ $LAB_HOME == /* ]] || misuse "SWARM_LAB_HOME is '$LAB_HOME'; give an absolute path"
}

# One change of the lab at a time; the engines must not inherit the lock (9>&-).
LOCKED=
lock() {
  [[ $(id -u) == 0 ]] || no_engine "root is needed"
  mkdir -p "$(dirname "$LAB_HOME")"
  exec 9>"$LAB_HOME.lock"
  flock -w 900 9 || die "another swarm-lab command holds the lab"
  LOCKED=yes
}
unlock() {
  exec 9>&-
  LOCKED=
}
