#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A single MariaDB server for development and tests. See usage().
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=lib/ports.sh
source "$root/scripts/lib/ports.sh"

usage() {
  cat <<EOF
Usage: scripts/mariadb.sh start|stop|status [--port N] [--dir D]

Runs one MariaDB on this machine with data of its own, beside any that the system runs. It listens on 127.0.0.1 and
has a user 'millrace' (password 'millrace') who may do everything, and an empty database 'millrace'.
Needs Debian's mariadb-server-core and mariadb-client-core.

  start    starts it, waits until it answers, prints 'database: mysql://...' last.
           Already running in this directory: prints that and succeeds.
  stop     stops it and waits; the data stay for the next start.
  status   tells whether it runs; exit code 0 if it does, 3 if not.

  --port N   the port (default 3306). 0: a free one, the same again at the next start if still free.
  --dir D    data, log, socket and pid file (default build/.mariadb). Servers in different directories are
             independent and can run side by side.
  --help     this text.
EOF
}

fail() {
  echo "mariadb.sh: $*" >&2
  exit 1
}

# Prints the pid of the server of this directory, or nothing if it does not run. Checks the command line as well,
# because after a crash or a reboot the number may belong to another process.
running_pid() {
  local pid
  pid=$(cat "$dir/pid" 2>/dev/null) || return 0
  if tr '\0' '\n' 2>/dev/null <"/proc/$pid/cmdline" | grep -qxF -- "--datadir=$dir/data"; then
    echo "$pid"
  fi
}

url() {
  echo "mysql://millrace:millrace@127.0.0.1:$1/millrace"
}

# --no-defaults ignores the settings of the system. The server refuses to run as root unless a user is given.
server_options=(--no-defaults "--user=$(id -un)" --innodb-fast-shutdown=1)

prepare_data() {
  [ ! -d "$dir/data/mysql" ] || return 0
  rm -rf "$dir/data.new"
  mariadb-install-db --no-defaults "--user=$(id -un)" "--datadir=$dir/data.new" --auth-root-authentication-method=normal \
    --skip-test-db >"$dir/install.log" 2>&1 || {
    tail -n 20 "$dir/install.log" >&2
    fail "could not prepare $dir/data: see $dir/install.log"
  }
  rm -rf "$dir/data"
  mv "$dir/data.new" "$dir/data"
}

# The server sends the first message, a greeting with its version.
answers() {
  local greeting
  greeting=$( (timeout 2 dd bs=64 count=1 <"/dev/tcp/127.0.0.1/$port" | tr -c '[:alnum:]._-' ' ') 2>/dev/null) || true
  [[ $greeting == *MariaDB* ]] && grep -q 'ready for connections' "$dir/server.log"
}

# One attempt; returns 2 if the port was taken.
launch() {
  cat >"$dir/init.sql" <<EOF
CREATE DATABASE IF NOT EXISTS millrace CHARACTER SET utf8mb4;
CREATE USER IF NOT EXISTS 'millrace'@'%' IDENTIFIED BY 'millrace';
GRANT ALL PRIVILEGES ON *.* TO 'millrace'@'%';
EOF
  # The server must not inherit open files of this shell, or callers that read our output would wait for the server.
  # setsid: Ctrl-C in this terminal does not reach the server. exec: the pid is the server's own.
  # A socket path may have at most 107 bytes, so the path is relative to the data directory.
  (
    exec 9>&- </dev/null >"$dir/server.log" 2>&1
    echo "$BASHPID" >"$dir/pid"
    exec setsid "$mariadbd" "${server_options[@]}" "--datadir=$dir/data" --socket=mariadb.sock \
      "--pid-file=$dir/data/mariadb.pid" --bind-address=127.0.0.1 "--port=$port" --skip-name-resolve \
      "--init-file=$dir/init.sql" --innodb-buffer-pool-size=64M
  ) &
  local deadline=$((SECONDS + 60))
  while ((SECONDS < deadline)); do
    if ! kill -0 $! 2>/dev/null; then
      rm -f "$dir/pid"
      if grep -q 'Address already in use' "$dir/server.log"; then return 2; fi
      tail -n 20 "$dir/server.log" >&2
      fail "MariaDB ended while starting: see $dir/server.log"
    fi
    if answers; then return 0; fi
    sleep 0.1
  done
  kill $! 2>/dev/null || true
  rm -f "$dir/pid"
  fail "MariaDB did not answer within 60 s: see $dir/server.log"
}

start() {
  mariadbd=$(PATH=$PATH:/usr/sbin command -v mariadbd) ||
    fail "MariaDB's server is missing, install it: apt-get install mariadb-server-core mariadb-client-core"
  mkdir -p "$dir"
  exec 9>"$dir/lock"
  flock 9
  local pid kept_port
  kept_port=$(cat "$dir/port" 2>/dev/null) || kept_port=
  pid=$(running_pid)
  if [ -n "$pid" ]; then
    if [ "${port_given:-$kept_port}" != "$kept_port" ] && [ "$port_given" != 0 ]; then
      fail "the server in $dir runs on port $kept_port already: stop it first or leave out --port"
    fi
    echo "MariaDB is running already (pid $pid)"
    echo "database: $(url "$kept_port")"
    return
  fi
  prepare_data

  local wanted=${port_given:-3306} attempt status
  for attempt in 1 2 3 4 5; do
    if [ "$wanted" != 0 ]; then
      port=$wanted
      ! port_in_use "$port" || fail "port $port is in use: choose another with --port N, or --port 0 for a free one"
    elif [ "$attempt" = 1 ] && [ -n "$kept_port" ] && ! port_in_use "$kept_port"; then
      port=$kept_port
    else
      port=$(free_port)
    fi
    status=0
    launch || status=$?
    if [ "$status" = 0 ]; then
      echo "$port" >"$dir/port"
      echo "MariaDB started (pid $(cat "$dir/pid"), data and log in $dir)"
      echo "database: $(url "$port")"
      return
    fi
  done
  fail "found no free port: see $dir/server.log"
}

stop() {
  local pid
  pid=$(running_pid)
  if [ -z "$pid" ]; then
    rm -f "$dir/pid"
    echo "MariaDB is not running in $dir"
    return
  fi
  kill "$pid" 2>/dev/null || true
  local deadline=$((SECONDS + 30))
  while [ -n "$(running_pid)" ]; do
    if ((SECONDS >= deadline)); then
      echo "MariaDB (pid $pid) did not stop within 30 s: killing it" >&2
      kill -9 "$pid" 2>/dev/null || true
      deadline=$((SECONDS + 30))
    fi
    sleep 0.1
  done
  rm -f "$dir/pid"
  echo "MariaDB stopped (pid $pid)"
}

status() {
  local pid
  pid=$(running_pid)
  if [ -z "$pid" ]; then
    echo "MariaDB is not running in $dir"
    return 3
  fi
  echo "MariaDB is running (pid $pid, data and log in $dir)"
  echo "database: $(url "$(cat "$dir/port")")"
}

command=
port_given=
dir=$root/build/.mariadb
while [ $# -gt 0 ]; do
  case $1 in
    start | stop | status) command=$1 ;;
    --port) port_given=${2:?--port needs a number} && shift ;;
    --port=*) port_given=${1#*=} ;;
    --dir) dir=${2:?--dir needs a directory} && shift ;;
    --dir=*) dir=${1#*=} ;;
    -h | --help) usage && exit 0 ;;
    *) echo "mariadb.sh: unknown argument '$1'" >&2 && usage >&2 && exit 2 ;;
  esac
  shift
done
[ -n "$command" ] || { usage >&2 && exit 2; }
if [[ ! $port_given =~ ^[0-9]{0,5}$ ]] || ((10#0$port_given > 65535)); then
  fail "--port wants a number up to 65535, not '$port_given'"
fi
case $dir in /*) ;; *) dir=$PWD/$dir ;; esac
"$command"
