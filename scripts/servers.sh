#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The servers that Millrace's pipelines and tests use, on this machine and without Docker. See usage().
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cache=${XDG_CACHE_HOME:-${HOME:-$root}/.cache}/millrace
# shellcheck source=lib/ports.sh
source "$root/scripts/lib/ports.sh"
# shellcheck source=lib/server.sh
source "$root/scripts/lib/server.sh"

usage() {
  cat <<EOF
Usage: scripts/servers.sh start|stop|status [OPTION]... SERVER...

Runs one or several servers on this machine, each with data of its own. They listen on 127.0.0.1.

  kafka      Apache Kafka, broker and controller in one process (port 9092). Needs Java 17 and Maven; the jars come from
             Maven Central once and are kept in $cache.
  mariadb    MariaDB with an empty database 'millrace' and the user 'millrace', password 'millrace' (port 3306).
             Needs Debian's mariadb-server-core and mariadb-client-core.
  ferretdb   FerretDB: MongoDB's protocol over SQLite files (port 27017). Built once from its Go module and kept there
             as well. Uses go if it is 1.24 or later, else fetches one from PyPI.
  mosquitto  Mosquitto, an MQTT broker that keeps sessions and messages on disk (port 1883). Needs Debian's mosquitto.

  start    starts each, waits until it answers, and prints a line per server with its address as the last word.
           A server that runs already in this directory: the same line.
  stop     stops each and waits; the data stay for the next start.
  status   tells for each whether it runs; exit code 0 if all do, 3 if not.

  --port SERVER=N     the port for clients. 0: a free one, the same again at the next start if still free.
  --dir D             data, log, settings and pid file of each are in D/SERVER (default build/servers). Servers in
                      different directories are independent and can run side by side.
  --set SERVER:K=V    a setting for a start, not kept for the next one. kafka: a line of its server.properties.
                      mosquitto: tls=yes (own CA in D/mosquitto/ca.crt; mqtts://), password=yes or password=TEXT (user
                      'millrace', password 'millrace' or TEXT), anything else: a line of its configuration.
  --help              this text.
EOF
}

wrong_usage() {
  echo "servers.sh: $*" >&2
  usage >&2
  exit 2
}

known() {
  [ -f "$root/scripts/servers/$1.sh" ] || wrong_usage "there is no server '$1'"
}

command=
base=$root/build/servers
servers=()
settings=()
declare -A ports=()

take_port() {
  local server=${1%%=*} number=${1#*=}
  known "$server"
  if [[ $1 != *=* || ! $number =~ ^[0-9]{1,5}$ ]] || ((10#$number > 65535)); then
    wrong_usage "--port wants SERVER=N with a number up to 65535, not '$1'"
  fi
  ports[$server]=$number
}

take_setting() {
  [[ $1 == *:*=* ]] || wrong_usage "--set wants SERVER:KEY=VALUE, not '$1'"
  known "${1%%:*}"
  settings+=("$1")
}

while [ $# -gt 0 ]; do
  case $1 in
    --port) take_port "${2:?--port needs SERVER=N}" && shift ;;
    --port=*) take_port "${1#*=}" ;;
    --set) take_setting "${2:?--set needs SERVER:KEY=VALUE}" && shift ;;
    --set=*) take_setting "${1#*=}" ;;
    --dir) base=${2:?--dir needs a directory} && shift ;;
    --dir=*) base=${1#*=} ;;
    -h | --help) usage && exit 0 ;;
    -*) wrong_usage "unknown option '$1'" ;;
    start | stop | status)
      [ -z "$command" ] || wrong_usage "only one of start, stop and status"
      command=$1
      ;;
    *) known "$1" && servers+=("$1") ;;
  esac
  shift
done
[ -n "$command" ] || wrong_usage "start, stop or status?"
[ ${#servers[@]} -gt 0 ] || wrong_usage "which servers?"
case $base in /*) ;; *) base=$PWD/$base ;; esac

# Does it for $server, in a process of its own.
one() {
  # shellcheck disable=SC2034 # used by lib/server.sh
  dir=$base/$server port_given=${ports[$server]:-}
  # shellcheck source=/dev/null
  source "$root/scripts/servers/$server.sh"
  if [ "$command" = start ]; then
    local setting
    for setting in "${settings[@]}"; do
      [ "${setting%%:*}" = "$server" ] || continue
      setting=${setting#*:}
      server_set "${setting%%=*}" "${setting#*=}"
    done
  fi
  "server_$command"
}

result=0
for server in "${servers[@]}"; do
  # Not `one || ...`: the shell would go on after errors inside of it.
  set +e
  (set -e && one)
  status=$?
  set -e
  if [ "$status" != 0 ]; then
    result=$status
    # After a failed start, the others need no start.
    [ "$command" != start ] || break
  fi
done
exit "$result"
