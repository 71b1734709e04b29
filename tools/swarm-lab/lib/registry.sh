# shellcheck shell=bash
# A private registry inside the lab. Nodes use it as a mirror of the public one, so that images
# keep their official names in the stack file.

registry_start() {
  local dir=$LAB_HOME/registry
  registry_on && return
  mkdir -p "$dir/data"
  cat >"$dir/config.yml" <<YAML
version: 0.1
log: { level: warn, accesslog: { disabled: true } }
storage: { filesystem: { rootdirectory: $dir/data }, delete: { enabled: true } }
http: { addr: "$REGISTRY" }
YAML
  OTEL_TRACES_EXPORTER=none setsid nsenter "--net=/run/netns/$HUB" "$ENGINE/usr/bin/docker-registry" serve "$dir/config.yml" \
    >"$dir/log" 2>&1 </dev/null 9>&- &
  echo $! >"$dir/pid"
  disown
  wait_until 10 registry_on || die "the registry did not start (see $dir/log)"
}

# The registry's process; fails when there is none.
registry_pid() {
  local pid
  [[ -s $LAB_HOME/registry/pid ]] || return 1
  pid=$(<"$LAB_HOME/registry/pid")
  tr '\0' ' ' 2>/dev/null <"/proc/$pid/cmdline" | grep -qF "docker-registry serve $LAB_HOME/" && printf '%s\n' "$pid"
}

registry_on() { registry_pid >/dev/null && bash -c ": </dev/tcp/$HUB_IP/5000" 2>/dev/null; }
registry_off() { ! registry_pid; }

registry_stop() {
  local pid
  pid=$(registry_pid) || return 0
  kill "$pid"
  wait_until 10 registry_off || kill -KILL "$pid"
  rm -f "$LAB_HOME/registry/pid"
}
