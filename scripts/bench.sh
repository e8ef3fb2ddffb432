#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Measures Millrace against a bare librdkafka loop and Java Kafka Streams. See usage().
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

usage() {
  cat <<'TEXT'
Usage: scripts/bench.sh [--quick] [OPTION]...

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
TEXT
}

options=()
for argument in "$@"; do
  case $argument in
    -h | --help) usage && exit 0 ;;
    --quick) options+=(--rounds 1 --records 200000) ;;
    *) options+=("$argument") ;;
  esac
done

build=$root/build/bench
"$root/scripts/install-deps.sh"
cmake -S "$root" -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Release -DMILLRACE_BUILD_BENCH=ON >/dev/null
cmake --build "$build" --target bench_millrace bench_raw bench_pipeline
"$root/tests/bench/java/run.sh" --build-only

work=$(mktemp -d)
stop() {
  "$root/scripts/servers.sh" stop --dir "$work" kafka >/dev/null || true
  rm -rf "$work"
}
trap stop EXIT
bootstrap=$("$root/scripts/servers.sh" start --port kafka=0 --dir "$work" kafka | awk '{print $NF}')

"$build/bin/bench_pipeline" --bootstrap-servers "$bootstrap" --programs "$build/bin" \
  --java "$root/tests/bench/java/run.sh" --work "$work/runs" --json "$root/build/bench.json" "${options[@]}"
