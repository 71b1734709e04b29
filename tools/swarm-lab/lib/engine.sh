# shellcheck shell=bash
# Docker Engine as Debian packages it, and the Debian base image: both from one installation.

# The Debian mirror this machine's apt is set up with.
mirror() {
  local host uri
  [[ -z $LAB_MIRROR ]] || { printf '%s\n' "$LAB_MIRROR"; return; }
  # shellcheck disable=SC1091
  host=$(. /etc/os-release && printf '%s' "$VERSION_CODENAME")
  # shellcheck disable=SC2016  # apt's own placeholders
  uri=$(apt-get indextargets --format '$(REPO_URI) $(CODENAME) $(COMPONENT)' 'Created-By: Packages' 'Origin: Debian' |
    awk -v c="$host" '$2 == c && $3 == "main" { print $1; exit }')
  [[ -n $uri ]] || die "apt here has no Debian mirror for $host: run apt-get update, or set SWARM_LAB_MIRROR"
  printf '%s\n' "${uri%/}"
}

# Installs a minimal Debian, keeps it as a tar for the base image, then goes on to the engine.
install_debian() {
  local from hook
  from=$(mirror)                                     # apart: a failure inside an argument would be lost
  # shellcheck disable=SC2016  # expanded by mmdebstrap's shell: $1 is the new tree
  hook='tar -C "$1" --numeric-owner --one-file-system --exclude=./var/lib/apt/lists/* --exclude=./var/cache/apt/* \
      --exclude=./dev/* --exclude=./tmp/* --exclude=./run/* --exclude=./etc/resolv.conf --exclude=./etc/hostname \
      -cf "$LAB_TAR" . &&
    APT_CONFIG=$MMDEBSTRAP_APT_CONFIG apt-get install -y -o DPkg::Chroot-Directory="$1" $LAB_PACKAGES'
  LAB_TAR=$DEBIAN_TAR.new LAB_PACKAGES=${ENGINE_PACKAGES//,/ } \
    mmdebstrap --quiet --variant=minbase --components=main --include=ca-certificates --customize-hook="$hook" \
    --aptopt='Apt::Install-Recommends "false"' --aptopt='Acquire::Languages "none"' \
    --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
    --dpkgopt='path-exclude=/usr/share/locale/*' --dpkgopt='path-exclude=/usr/share/info/*' \
    --dpkgopt=force-unsafe-io \
    "$SUITE" "$ENGINE.new" "$from"
}

# The file system that all nodes share below a layer of their own.
engine_build() {
  local started=$SECONDS
  [[ -x $ENGINE/usr/sbin/dockerd && -s $DEBIAN_TAR ]] && return
  log "installing Docker Engine from Debian $SUITE (once, about half a minute)"
  apt_need mmdebstrap debian-archive-keyring
  rm -rf "$ENGINE.new" "$DEBIAN_TAR.new"
  (install_debian) >"$LAB_HOME/engine.log" 2>&1 ||
    no_engine "Docker Engine could not be installed from Debian (see $LAB_HOME/engine.log)"
  mv "$DEBIAN_TAR.new" "$DEBIAN_TAR"
  rm -rf "$ENGINE"
  mv "$ENGINE.new" "$ENGINE"
  mkdir -p "$LAB_HOME/cli"
  printf '{ "cliPluginsExtraDirs": ["%s/usr/libexec/docker/cli-plugins"] }\n' "$ENGINE" >"$LAB_HOME/cli/config.json"
  log "engine ready after $((SECONDS - started)) s: $("$ENGINE/usr/sbin/dockerd" --version)"
}
