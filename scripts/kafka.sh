#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A single Apache Kafka server for development and tests, without Docker. See usage().
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
pom=$root/scripts/kafka/pom.xml
version=$(sed -n 's:.*<kafka.version>\(.*\)</kafka.version>.*:\1:p' "$pom")
cache=${XDG_CACHE_HOME:-${HOME:-$root}/.cache}/millrace
# shellcheck source=lib/ports.sh
source "$root/scripts/lib/ports.sh"

usage() {
  cat <<EOF
Usage: scripts/kafka.sh start|stop|status [--port N] [--dir D] [--set KEY=VALUE]...

Runs one Apache Kafka $version (broker and controller in one process) on this machine.
Needs a Java 17 runtime and Maven; the jars come from Maven Central once and are kept in
$cache.

  start    starts it, waits until it answers, prints 'bootstrap servers: localhost:PORT' last.
           Already running in this directory: prints that and succeeds.
  stop     stops it and waits; the data stay for the next start.
  status   tells whether it runs; exit code 0 if it does, 3 if not.

  --port N   the port for clients (default 9092). 0: a free one, the same again at the next start if still free.
  --dir D    data, log, settings and pid file (default build/.kafka). Servers in different directories are
             independent and can run side by side.
  --set K=V  one of the server's settings, in place of the script's own (start only). Not kept for the next start.
  --help     this text.
EOF
}

fail() {
  echo "kafka.sh: $*" >&2
  exit 1
}

# Prints the pid of the server of this directory, or nothing if it does not run. Checks the command line as well,
# because after a crash or a reboot the number may belong to another process.
running_pid() {
  local pid
  pid=$(cat "$dir/pid" 2>/dev/null) || return 0
  if tr '\0' '\n' 2>/dev/null <"/proc/$pid/cmdline" | grep -qxF "$dir/server.properties"; then
    echo "$pid"
  fi
}

fetch_jars() {
  libs=$cache/kafka-$version
  mkdir -p "$cache"
  exec 8>"$cache/kafka.lock"
  flock 8
  # A copy of the pom is kept beside the jars. When the pom changes, the jars are fetched again.
  if ! cmp -s "$pom" "$libs/pom.xml"; then
    command -v mvn >/dev/null || fail "Maven is missing, install it: apt-get install maven"
    echo "fetching Kafka $version from Maven Central (once)"
    local attempt
    for attempt in 1 2 3; do
      rm -rf "$libs.part"
      if mvn -q -B -f "$pom" dependency:copy-dependencies -DoutputDirectory="$libs.part" >&2; then break; fi
      [ "$attempt" -lt 3 ] || fail "Maven could not fetch Kafka $version: see above; check the network and ~/.m2/settings.xml"
      sleep $((attempt * 2))
    done
    cp "$pom" "$libs.part/pom.xml"
    rm -rf "$libs"
    mv "$libs.part" "$libs"
  fi
  exec 8>&-
}

write_settings() {
  cat >"$dir/server.properties" <<EOF
# Written by scripts/kafka.sh at each start.
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@localhost:$controller_port
controller.listener.names=CONTROLLER
listeners=PLAINTEXT://localhost:$port,CONTROLLER://localhost:$controller_port
advertised.listeners=PLAINTEXT://localhost:$port
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT
log.dirs=$dir/data

# One server only, so one copy of everything.
default.replication.factor=1
offsets.topic.replication.factor=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
# Few applications run here, so internal topics have few partitions. The first application starts faster.
offsets.topic.num.partitions=4
transaction.state.log.num.partitions=4
share.coordinator.state.topic.num.partitions=4

auto.create.topics.enable=false
# For development: do not wait for more members, and notice crashed members soon.
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
transaction.abort.timed.out.transaction.cleanup.interval.ms=1000
EOF
  # Of two lines with the same key, the later one counts.
  printf '%s\n' "${settings[@]}" >>"$dir/server.properties"
}

java_options=(
  -Djava.awt.headless=true
  -Dorg.slf4j.simpleLogger.logFile=System.out
  -Dorg.slf4j.simpleLogger.defaultLogLevel=warn
  -Dorg.slf4j.simpleLogger.log.kafka.server.KafkaRaftServer=info
  -Dorg.slf4j.simpleLogger.log.kafka.coordinator.transaction.TransactionMarkerChannelManager=info
  -Dorg.slf4j.simpleLogger.showDateTime=true
  "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd HH:mm:ss.SSS"
)

# Asks the server for its metadata (Metadata request, version 4, no topics). Succeeds when the answer has the id of our
# cluster and the host that the server advertises. Both are checked, because another server may use the port.
answers() {
  local reply
  reply=$( (
    exec 3<>"/dev/tcp/127.0.0.1/$port"
    printf '\x00\x00\x00\x0f\x00\x03\x00\x04\x00\x00\x00\x01\xff\xff\x00\x00\x00\x00\x00' >&3
    timeout 2 dd bs=512 count=1 <&3 | tr -c '[:alnum:]_-' ' '
  ) 2>/dev/null) || true
  # `reply` has spaces instead of all characters except letters, digits, '_' and '-'. So the host needs the same change.
  local host
  host=$(sed -n 's|^advertised.listeners=PLAINTEXT://\(.*\):[0-9]*$|\1|p' "$dir/server.properties" | tail -n 1)
  [[ $reply == *"${host//[^[:alnum:]_-]/ }"* && $reply == *"$cluster_id"* ]]
}

# One attempt; returns 2 if a port was taken.
launch() {
  write_settings
  if [ ! -e "$dir/data/meta.properties" ]; then
    java "${java_options[@]}" -Xmx128m -XX:TieredStopAtLevel=1 -cp "$libs/*" kafka.tools.StorageTool format \
      -t "$cluster_id" -c "$dir/server.properties" >"$dir/format.log" 2>&1 || {
      cat "$dir/format.log" >&2
      fail "could not prepare $dir/data"
    }
  fi
  # The log of the last run shows whether its shutdown was harmless.
  if [ -s "$dir/server.log" ]; then cat "$dir/server.log" >>"$dir/server.previous.log"; fi
  # The server must not inherit open files of this shell, or callers that read our output would wait for the server.
  # setsid: Ctrl-C in this terminal does not reach the server. exec: the pid is the server's own.
  (
    exec 9>&- </dev/null >"$dir/server.log" 2>&1
    echo "$BASHPID" >"$dir/pid"
    exec setsid java "${java_options[@]}" -Xms256m -Xmx512m -XX:+UseG1GC -XX:MaxGCPauseMillis=20 \
      -cp "$libs/*" kafka.Kafka "$dir/server.properties"
  ) &
  local deadline=$((SECONDS + 90))
  while ((SECONDS < deadline)); do
    if ! kill -0 $! 2>/dev/null; then
      rm -f "$dir/pid"
      if grep -qE 'Address already in use|BindException' "$dir/server.log"; then return 2; fi
      tail -n 20 "$dir/server.log" >&2
      fail "Kafka ended while starting: see $dir/server.log"
    fi
    if answers; then return 0; fi
    sleep 0.1
  done
  kill $! 2>/dev/null || true
  rm -f "$dir/pid"
  fail "Kafka did not answer within 90 s: see $dir/server.log"
}

# A server that was just killed may still be shutting down.
becomes_free() {
  local deadline=$((SECONDS + 3))
  while port_in_use "$1"; do
    ((SECONDS < deadline)) || return 1
    sleep 0.1
  done
}

start() {
  command -v java >/dev/null || fail "Java is missing, install it: apt-get install openjdk-17-jre-headless"
  mkdir -p "$dir/data"
  exec 9>"$dir/lock"
  flock 9
  local pid kept_port
  kept_port=$(cat "$dir/port" 2>/dev/null) || kept_port=
  pid=$(running_pid)
  if [ -n "$pid" ]; then
    if [ "${port_given:-$kept_port}" != "$kept_port" ] && [ "$port_given" != 0 ]; then
      fail "the server in $dir runs on port $kept_port already: stop it first or leave out --port"
    fi
    echo "Kafka $version is running already (pid $pid)"
    echo "bootstrap servers: localhost:$kept_port"
    return
  fi
  fetch_jars
  [ -s "$dir/cluster-id" ] || head -c 16 /dev/urandom | base64 | tr '+/' 'Mr' | cut -c1-22 >"$dir/cluster-id"
  cluster_id=$(cat "$dir/cluster-id")

  local wanted=${port_given:-9092} attempt status
  for attempt in 1 2 3 4 5; do
    if [ "$wanted" != 0 ]; then
      port=$wanted
      ! port_in_use "$port" || fail "port $port is in use: choose another with --port N, or --port 0 for a free one"
    elif [ "$attempt" = 1 ] && [ -n "$kept_port" ] && becomes_free "$kept_port"; then
      port=$kept_port
    else
      port=$(free_port)
    fi
    controller_port=$(free_port)
    [ "$controller_port" != "$port" ] || continue
    status=0
    launch || status=$?
    if [ "$status" = 0 ]; then
      echo "$port" >"$dir/port"
      warn_of_lost_markers
      echo "Kafka $version started (pid $(cat "$dir/pid"), data and log in $dir)"
      echo "bootstrap servers: localhost:$port"
      return
    fi
  done
  fail "found no free port: see $dir/server.log"
}

# Kafka (4.3.1, 4.4.0) may complete transactions while it does not know the leaders of their partitions: after a kill, or
# while it shuts down. It then takes the partitions for deleted, and writes no markers to them.
warn_of_lost_markers() {
  if grep -q 'likely deleted' "$dir/server.log"; then
    echo "kafka.sh: Kafka has completed transactions without writing their markers. Readers with read_committed may wait" \
      "for ever, or miss committed records. If it matters, stop it and start it with a new --dir." >&2
  fi
}

stop() {
  local pid
  pid=$(running_pid)
  if [ -z "$pid" ]; then
    rm -f "$dir/pid"
    echo "Kafka is not running in $dir"
    return
  fi
  kill "$pid" 2>/dev/null || true
  local deadline=$((SECONDS + 30))
  while [ -n "$(running_pid)" ]; do
    if ((SECONDS >= deadline)); then
      echo "Kafka (pid $pid) did not stop within 30 s: killing it" >&2
      kill -9 "$pid" 2>/dev/null || true
      deadline=$((SECONDS + 30))
    fi
    sleep 0.1
  done
  rm -f "$dir/pid"
  warn_of_lost_markers
  echo "Kafka stopped (pid $pid)"
}

status() {
  local pid
  pid=$(running_pid)
  if [ -z "$pid" ]; then
    echo "Kafka is not running in $dir"
    return 3
  fi
  echo "Kafka is running (pid $pid, data and log in $dir)"
  echo "bootstrap servers: localhost:$(cat "$dir/port")"
}

command=
port_given=
settings=()
dir=$root/build/.kafka
while [ $# -gt 0 ]; do
  case $1 in
    start | stop | status) command=$1 ;;
    --port) port_given=${2:?--port needs a number} && shift ;;
    --port=*) port_given=${1#*=} ;;
    --set) settings+=("${2:?--set needs KEY=VALUE}") && shift ;;
    --set=*) settings+=("${1#*=}") ;;
    --dir) dir=${2:?--dir needs a directory} && shift ;;
    --dir=*) dir=${1#*=} ;;
    -h | --help) usage && exit 0 ;;
    *) echo "kafka.sh: unknown argument '$1'" >&2 && usage >&2 && exit 2 ;;
  esac
  shift
done
[ -n "$command" ] || { usage >&2 && exit 2; }
if [[ ! $port_given =~ ^[0-9]{0,5}$ ]] || ((10#0$port_given > 65535)); then
  fail "--port wants a number up to 65535, not '$port_given'"
fi
case $dir in /*) ;; *) dir=$PWD/$dir ;; esac
"$command"
