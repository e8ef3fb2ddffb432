# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2154
# What the servers of scripts/servers/*.sh have in common. Sourced, not run: scripts/servers.sh sources it and then one
# server's file.
#
# A server's file sets:
#   server_title    the name for messages
#   server_port     the default port
#   server_seconds  how long a start may take
#   server_mark     an argument of its command line which only the server of this directory has
# and defines functions. They may use $dir (absolute, exists at start) and $port:
#   server_needs        checks that the programs it needs are installed (once per start)
#   server_prepare      makes the data directory ready (once per start)
#   server_configure    writes the settings for $port (once per attempt to find a free port)
#   server_exec         replaces the process by the server
#   server_answers      succeeds once this server answers on $port
#   server_address P    prints the address that clients use
#   server_set KEY VAL  takes one --set option; without this function there are no settings
#   server_report       optional: prints warnings after a start and after a stop, to stderr

fail() {
  echo "servers.sh: $*" >&2
  exit 1
}

# Prints the pid of the server of this directory, or nothing if it does not run. Checks the command line as well,
# because after a crash or a reboot the number may belong to another process.
running_pid() {
  local pid
  pid=$(cat "$dir/pid" 2>/dev/null) || return 0
  if tr '\0' '\n' 2>/dev/null <"/proc/$pid/cmdline" | grep -qxF -e "$server_mark"; then
    echo "$pid"
  fi
}

server_set() { fail "$server_title has no setting $1"; }
server_report() { :; }
server_prepare() { :; }
server_configure() { :; }

# One attempt; returns 2 if a port was taken.
launch() {
  server_configure
  # The log of the last run is kept.
  if [ -s "$dir/server.log" ]; then cat "$dir/server.log" >>"$dir/server.previous.log"; fi
  # The server must not inherit open files of this shell, or callers that read our output would wait for the server.
  # server_exec uses setsid: Ctrl-C in this terminal does not reach the server. exec: the pid is the server's own.
  (
    exec 9>&- </dev/null >"$dir/server.log" 2>&1
    echo "$BASHPID" >"$dir/pid"
    server_exec
  ) &
  local deadline=$((SECONDS + server_seconds))
  while ((SECONDS < deadline)); do
    if ! kill -0 $! 2>/dev/null; then
      rm -f "$dir/pid"
      if grep -qiE 'Address already in use|BindException' "$dir/server.log"; then return 2; fi
      tail -n 20 "$dir/server.log" >&2
      fail "$server_title ended while starting: see $dir/server.log"
    fi
    if server_answers; then return 0; fi
    sleep 0.1
  done
  kill $! 2>/dev/null || true
  rm -f "$dir/pid"
  fail "$server_title did not answer within $server_seconds s: see $dir/server.log"
}

# A server that was just killed may still be shutting down.
becomes_free() {
  local deadline=$((SECONDS + 3))
  while port_in_use "$1"; do
    ((SECONDS < deadline)) || return 1
    sleep 0.1
  done
}

server_start() {
  server_needs
  mkdir -p "$dir"
  exec 9>"$dir/lock"
  flock 9
  local pid kept_port
  kept_port=$(cat "$dir/port" 2>/dev/null) || kept_port=
  pid=$(running_pid)
  if [ -n "$pid" ]; then
    if [ "${port_given:-$kept_port}" != "$kept_port" ] && [ "$port_given" != 0 ]; then
      fail "the $server_title in $dir runs on port $kept_port already: stop it first or leave out --port"
    fi
    echo "$server_title runs already (pid $pid, data and log in $dir): $(server_address "$kept_port")"
    return
  fi
  server_prepare

  local wanted=${port_given:-$server_port} attempt status
  for attempt in 1 2 3 4 5; do
    if [ "$wanted" != 0 ]; then
      port=$wanted
      becomes_free "$port" ||
        fail "port $port is in use: choose another with --port $server=N, or --port $server=0 for a free one"
    elif [ "$attempt" = 1 ] && [ -n "$kept_port" ] && becomes_free "$kept_port"; then
      port=$kept_port
    else
      port=$(free_port)
    fi
    status=0
    launch || status=$?
    if [ "$status" = 0 ]; then
      echo "$port" >"$dir/port"
      server_report
      echo "$server_title started (pid $(cat "$dir/pid"), data and log in $dir): $(server_address "$port")"
      return
    fi
  done
  fail "$server_title found no free port: see $dir/server.log"
}

server_stop() {
  local pid
  pid=$(running_pid)
  if [ -z "$pid" ]; then
    rm -f "$dir/pid"
    echo "$server_title does not run in $dir"
    return
  fi
  kill "$pid" 2>/dev/null || true
  local deadline=$((SECONDS + 30))
  while [ -n "$(running_pid)" ]; do
    if ((SECONDS >= deadline)); then
      echo "$server_title (pid $pid) did not stop within 30 s: killing it" >&2
      kill -9 "$pid" 2>/dev/null || true
      deadline=$((SECONDS + 30))
    fi
    sleep 0.1
  done
  rm -f "$dir/pid"
  server_report
  echo "$server_title stopped (pid $pid)"
}

server_status() {
  local pid
  pid=$(running_pid)
  if [ -z "$pid" ]; then
    echo "$server_title does not run in $dir"
    return 3
  fi
  echo "$server_title runs (pid $pid, data and log in $dir): $(server_address "$(cat "$dir/port")")"
}
