#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs the Kafka Streams program of the benchmarks: run.sh stateless|join --bootstrap-servers HOST:PORT [...]
# The first call builds it in build/bench-java. JAVA_HEAP (default 512m) sets -Xmx. Java replaces the shell, so the pid
# that started this script is the pid to measure and to terminate.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
build=${MILLRACE_BENCH_JAVA_BUILD:-$here/../../../build/bench-java}
"$here/../../oracle/build-java.sh" "$here" "$build"
[[ ${1:-} == --build-only ]] && exit 0
exec java "-Xmx${JAVA_HEAP:-512m}" -Dorg.slf4j.simpleLogger.defaultLogLevel=warn \
  -cp "$build/classes:$build/lib/*" millrace.bench.BenchApp "$@"
