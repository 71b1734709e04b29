# shellcheck shell=bash
# What this machine has to offer before a node can run on it.

# Ends with exit code 3 and one line when no engine can run here.
check_host() {
  local f missing=()
  [[ $(uname -s) == Linux ]] || no_engine "this is not Linux"
  [[ $(id -u) == 0 ]] || no_engine "root is needed"
  mkdir -p "$LAB_HOME" "$NODES" 2>/dev/null || no_engine "$LAB_HOME cannot be written"
  [[ -r /etc/debian_version && -x /usr/bin/apt-get ]] || no_engine "this is not a Debian system with apt-get"
  unshare --mount --uts --ipc --pid --fork --net true 2>/dev/null || no_engine "new namespaces are not permitted"
  for f in overlay cgroup; do
    grep -qw "$f" /proc/filesystems || no_engine "the kernel lacks $f"
  done
  grep -q ' /sys/fs/cgroup' /proc/mounts || no_engine "no cgroups are mounted under /sys/fs/cgroup"
  for f in ip nsenter ps bridge iptables; do
    command -v "$f" >/dev/null || missing+=("$f")
  done
  ((${#missing[@]} == 0)) || apt_need iproute2 util-linux procps iptables
  # Trial interfaces live in a namespace that ends with this one command.
  unshare --net bash -c 'ip link add b0 type bridge && ip link add v0 type veth peer name v1 &&
    ip link add x0 type vxlan id 4096 dstport 4789' 2>/dev/null ||
    no_engine "the kernel lacks bridge, veth or vxlan interfaces"
  unshare --net iptables -t nat -L -n >/dev/null 2>&1 || no_engine "iptables does not work"
}

# Swarm's virtual IPs and its routing mesh need IPVS in the kernel.
has_ipvs() { [[ -d /proc/sys/net/ipv4/vs ]] || modprobe -q ip_vs 2>/dev/null; }
# Encrypted overlay networks need IPsec ESP.
has_esp() { unshare --net ip xfrm state add src 127.0.0.1 dst 127.0.0.1 proto esp spi 1 mode transport \
  aead 'rfc4106(gcm(aes))' 0x0123456789abcdef0123456789abcdef01234567 128 2>/dev/null; }

# apt_need PACKAGE...: installs what is missing, quietly.
apt_need() {
  local p missing=()
  for p in "$@"; do
    dpkg-query -W -f '${Status}' "$p" 2>/dev/null | grep -q 'ok installed' || missing+=("$p")
  done
  ((${#missing[@]})) || return 0
  log "installing ${missing[*]}"
  if ! apt-get install -y --no-install-recommends "${missing[@]}" >"$LAB_HOME/apt.log" 2>&1; then
    { apt-get update && apt-get install -y --no-install-recommends "${missing[@]}"; } >>"$LAB_HOME/apt.log" 2>&1 ||
      no_engine "could not install ${missing[*]} (see $LAB_HOME/apt.log)"
  fi
}
