#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Measures Millrace against a bare librdkafka loop and Java Kafka Streams. See usage().
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

usage() {
  cat <<'TEXT'
Usage: scripts/bench.sh [--quick] [OPTION]...
       scripts/bench.sh connect

Builds what is needed, starts an Apache Kafka of its own, and runs two programs on each of four systems, interleaved:
  stateless   1 M variations: decode JSON, keep |variation_ex| > 0.02, encode
  join        buy_stream over 1 M alerts and 1 M variations: re-key, join within 5 minutes, RocksDB stores, changelog

  millrace            Millrace
  raw                 a bare librdkafka loop
  java                Kafka Streams, -Xmx512m
  java-transactional  Kafka Streams with enable.transactional.statestores=true: as in Millrace, uncommitted state stays in
                      memory, so that a failure costs only the tail of the changelog
Prints a line per run and the medians; writes build/bench.json.

  --quick     one round over 200,000 records
Options of bench_pipeline pass through: --rounds N, --records N, --cases LIST, --systems LIST, --guarantee G,
--millrace-setting key=value.

connect: builds the programs, starts a Kafka of its own, and runs each program in tests/bench/connect, which can also be
run alone, with options of their own (--help).
TEXT
}

work=
stop() {
  "$root/scripts/servers.sh" stop --dir "$work" kafka >/dev/null || true
  rm -rf "$work"
}
# Sets `bootstrap`. The server ends with this script.
start_kafka() {
  work=$(mktemp -d)
  trap stop EXIT
  bootstrap=$("$root/scripts/servers.sh" start --port kafka=0 --dir "$work" kafka | awk '{print $NF}')
}

connect=
if [ "${1-}" = connect ]; then
  connect=yes
  shift
fi
options=()
for argument in "$@"; do
  case $argument in
    -h | --help) usage && exit 0 ;;
    --quick) options+=(--rounds 1 --records 200000) ;;
    *) options+=("$argument") ;;
  esac
done

if [ -n "$connect" ]; then
  "$root/scripts/install-deps.sh"
  targets=()
  for target in trades_ingest exchange_stand_in mqtt_source tweets_replay trades_store mongodb_bare topics; do
    targets+=(--target "$target")
  done
  "$root/scripts/build.sh" release "${targets[@]}"
  start_kafka
  for program in "$root"/tests/bench/connect/*.py; do
    "$program" --bootstrap-servers "$bootstrap" --programs "$root/build/release/bin"
  done
  exit 0
fi

build=$root/build/bench
"$root/scripts/install-deps.sh"
cmake -S "$root" -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Release -DMILLRACE_BUILD_BENCH=ON >/dev/null
cmake --build "$build" --target bench_millrace bench_raw bench_pipeline
"$root/tests/bench/java/run.sh" --build-only

start_kafka

"$build/bin/bench_pipeline" --bootstrap-servers "$bootstrap" --programs "$build/bin" \
  --java "$root/tests/bench/java/run.sh" --work "$work/runs" --json "$root/build/bench.json" "${options[@]}"
