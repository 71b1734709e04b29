# shellcheck shell=bash
# What of the lab is still on this machine: after 'down' nothing but files (caches and records).

# Processes that live in a node (its cgroup or its mounts), start one, or are the registry.
leftover_processes() {
  local dir pid own
  own=$(readlink /proc/self/ns/mnt)
  for dir in /proc/[0-9]*; do
    pid=${dir#/proc/}
    if grep -qs "/$LAB_NAME/" "$dir/cgroup" ||
      { [[ $(readlink "$dir/ns/mnt") != "$own" ]] && grep -qsF "$LAB_HOME/" "$dir/mountinfo"; } ||
      tr '\0' ' ' 2>/dev/null <"$dir/cmdline" | grep -qE "(node-init.sh [a-z0-9]+|docker-registry serve) $LAB_HOME/"; then
      printf 'process %s %s\n' "$pid" "$(tr '\0' ' ' 2>/dev/null <"$dir/cmdline" | cut -c1-100)"
    fi
  done
}

leftover_links() {
  local link
  for link in "$LAB_NAME" "$BUILDER_BRIDGE"; do
    ip link show "$link" >/dev/null 2>&1 && printf 'link %s\n' "$link"
  done
}

# A node's disk holds its volumes; the builder's outlives 'down', for its images, and must hold none.
leftover_disks() {
  local d
  for d in "$NODES"/n[0-9]* "$NODES"/builder/docker/{containers,volumes}/*/; do
    [[ ! -d $d ]] || printf 'disk %s\n' "$d"
  done
}

# Prints one line for each; exit code 1 when there is any.
cmd_leftovers() {
  local found
  found=$(
    leftover_processes
    lab_netns | sed 's/^/namespace /'
    awk -v home="$LAB_HOME/" -v ns="/run/netns/$LAB_NAME-" \
      'index($5, home) == 1 || index($5, ns) == 1 { print "mount", $5 }' /proc/self/mountinfo
    lab_cgroups | sed 's/^/cgroup /'
    leftover_links
    leftover_disks
  )
  [[ -n $found ]] || { log "nothing is left"; return 0; }
  printf '%s\n' "$found"
  return 1
}
