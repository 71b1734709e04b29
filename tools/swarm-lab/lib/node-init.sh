#!/usr/bin/env bash
# node-init.sh NODE ENGINE DIR SHARE CHECKOUT ARGS...: runs as PID 1 of a node's fresh namespaces, gives the
# node a root file system of its own and becomes its init with dockerd (and its ARGS) below it.
set -euo pipefail

node=$1 engine=$2 dir=$3 share=$4 checkout=$5
shift 5
root=$dir/root

# The node sees the shared engine read-only below a private writable layer.
mount -t overlay overlay -o "lowerdir=$engine,upperdir=$dir/upper,workdir=$dir/work" "$root"
mount -t proc proc "$root/proc"
if [[ $node == builder ]]; then
  mount --rbind /sys "$root/sys"     # shares the machine's network, so sysfs cannot be mounted anew
else
  mount -t sysfs sysfs "$root/sys"
  mount --rbind /sys/fs/cgroup "$root/sys/fs/cgroup"
fi
mount --rbind /dev "$root/dev"
mount -t tmpfs -o mode=755 tmpfs "$root/run"
mount -t tmpfs tmpfs "$root/tmp"
mkdir -p "$root/run/lab" "$root/var/lib/docker" "$root/shared" "$root$checkout"
mount --bind "$dir/sock" "$root/run/lab"
mount --bind "$dir/docker" "$root/var/lib/docker"    # overlayfs cannot lie on overlayfs
mount --bind "$share" "$root/shared"
mount --bind "$checkout" "$root$checkout"            # what a compose file mounts from beside itself
mount -o remount,bind,ro "$root$checkout"

rm -f "$dir/sock/"*
hostname "$node"
printf '127.0.0.1 localhost\n127.0.1.1 %s\n' "$node" >"$root/etc/hosts"
printf '%s\n' "$node" >"$root/etc/hostname"
if [[ $node == builder ]]; then
  cp /etc/resolv.conf "$root/etc/resolv.conf"
else
  printf 'options timeout:1 attempts:1\n' >"$root/etc/resolv.conf"   # no name server: the lab is closed
fi

mkdir -p "$root/.old"
cd "$root"
pivot_root . .old
umount -l /.old
export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root
# What a host's init does: ends the engine when the host is shut down, and starts it again when it has ended by itself.
# One that ends within ten seconds of its start cannot run here, and takes the node with it.
# shellcheck disable=SC2016
exec /usr/bin/docker-init -- bash -c '
  stopping=
  trap "stopping=yes; kill -TERM \$engine" TERM
  while :; do
    began=$SECONDS
    dockerd -H unix:///run/lab/docker.sock -H unix:///run/docker.sock "$@" &
    engine=$!
    wait "$engine"; code=$?
    while kill -0 "$engine" 2>/dev/null; do wait "$engine"; code=$?; done
    [[ -z $stopping ]] || exit 0
    ((SECONDS - began > 10)) || exit "$code"
    printf "%s the engine has ended with %s and is started again\n" "$(date -u +%FT%TZ)" "$code" >&2
  done' engine "$@"
