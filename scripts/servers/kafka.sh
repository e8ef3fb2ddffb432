# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2154
# Apache Kafka, broker and controller in one process. Sourced by scripts/servers.sh; see scripts/lib/server.sh.

pom=$root/scripts/servers/kafka-pom.xml
version=$(sed -n 's:.*<kafka.version>\(.*\)</kafka.version>.*:\1:p' "$pom")
server_title="Kafka $version"
server_port=9092
server_seconds=90
server_mark=$dir/server.properties
kafka_settings=()

server_set() {
  kafka_settings+=("$1=$2")
}

fetch_jars() {
  libs=$cache/kafka-$version
  mkdir -p "$cache"
  exec 8>"$cache/kafka.lock"
  flock 8
  # A copy of the pom is kept beside the jars. When the pom changes, the jars are fetched again.
  if ! cmp -s "$pom" "$libs/pom.xml"; then
    command -v mvn >/dev/null || fail "Maven is missing, install it: apt-get install maven"
    echo "fetching Kafka $version from Maven Central (once)" >&2
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

server_needs() {
  command -v java >/dev/null || fail "Java is missing, install it: apt-get install openjdk-17-jre-headless"
}

server_prepare() {
  fetch_jars
  mkdir -p "$dir/data"
  [ -s "$dir/cluster-id" ] || head -c 16 /dev/urandom | base64 | tr '+/' 'Mr' | cut -c1-22 >"$dir/cluster-id"
  cluster_id=$(cat "$dir/cluster-id")
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

server_configure() {
  controller_port=$(free_port)
  while [ "$controller_port" = "$port" ]; do controller_port=$(free_port); done
  cat >"$dir/server.properties" <<EOF
# Written by scripts/servers.sh at each start.
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
  printf '%s\n' "${kafka_settings[@]}" >>"$dir/server.properties"
  if [ ! -e "$dir/data/meta.properties" ]; then
    java "${java_options[@]}" -Xmx128m -XX:TieredStopAtLevel=1 -cp "$libs/*" kafka.tools.StorageTool format \
      -t "$cluster_id" -c "$dir/server.properties" >"$dir/format.log" 2>&1 || {
      cat "$dir/format.log" >&2
      fail "could not prepare $dir/data"
    }
  fi
}

server_exec() {
  exec setsid java "${java_options[@]}" -Xms256m -Xmx512m -XX:+UseG1GC -XX:MaxGCPauseMillis=20 \
    -cp "$libs/*" kafka.Kafka "$dir/server.properties"
}

# Asks the server for its metadata (Metadata request, version 4, no topics). Succeeds when the answer has the id of our
# cluster and the host that the server advertises. Both are checked, because another server may use the port.
server_answers() {
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

# Kafka (4.3.1, 4.4.0) may complete transactions while it does not know the leaders of their partitions: after a kill, or
# while it shuts down. It then takes the partitions for deleted, and writes no markers to them.
server_report() {
  if grep -q 'likely deleted' "$dir/server.log" 2>/dev/null; then
    echo "servers.sh: Kafka has completed transactions without writing their markers. Readers with read_committed may wait" \
      "for ever, or miss committed records. If it matters, stop it and start it with a new --dir." >&2
  fi
}

server_address() {
  echo "localhost:$1"
}
