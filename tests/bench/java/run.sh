#!/usr/bin/env bash
# Runs the Kafka Streams peer of the benchmarks: run.sh stateless|join --bootstrap-servers HOST:PORT [...]
# Built into build/bench-java at the first call; JAVA_HEAP (default 512m) is -Xmx. The shell is replaced by java, so
# the pid that started this script is the one to measure and to terminate.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
build=${MILLRACE_BENCH_JAVA_BUILD:-$here/../../../build/bench-java}
"$here/../../oracle/build-java.sh" "$here" "$build"
[[ ${1:-} == --build-only ]] && exit 0
exec java "-Xmx${JAVA_HEAP:-512m}" -Dorg.slf4j.simpleLogger.defaultLogLevel=warn \
  -cp "$build/classes:$build/lib/*" millrace.bench.BenchApp "$@"
