# shellcheck shell=bash
# The cgroups that the lab's engines make: /<name> in every hierarchy (cgroup v1) or in the one there is (v2).

lab_cgroups() {
  local d
  for d in "/sys/fs/cgroup/$LAB_NAME" /sys/fs/cgroup/*/"$LAB_NAME"; do
    [[ ! -d $d ]] || printf '%s\n' "$d"
  done
}

no_cgroups() {
  local d
  for d in $(lab_cgroups); do
    find "$d" -depth -type d -exec rmdir {} +
  done
  [[ -z $(lab_cgroups) ]]
}

# A cgroup is busy until the last of its killed processes is gone.
cgroups_down() { wait_until 20 no_cgroups || die "cgroups stay busy: $(lab_cgroups | tr '\n' ' ')"; }
