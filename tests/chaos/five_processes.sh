#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The long form of tests/integration/apps/five_processes_test.py, run by hand. See usage().
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)

usage() {
  cat <<EOF
Usage: tests/chaos/five_processes.sh [--runs N] [--kill never|half|always] [--seed S] [--bin DIR]

Runs the five processes of the buy signals on a Kafka and a MariaDB that it starts itself: 20 times, in every second
run each process is killed with kill -9 once at a random moment and started again. Every run must give exactly the
buys that a computation straight from the CSV file gives. Build the programs first (scripts/build.sh release).

  --bin DIR   where the programs are (default build/release/bin)
EOF
}

bin=$root/build/release/bin
arguments=(--runs 20 --kill half)
while [ $# -gt 0 ]; do
  case $1 in
    -h | --help) usage && exit 0 ;;
    --bin) bin=${2:?--bin needs a directory} && shift ;;
    --runs | --kill | --seed) arguments+=("$1" "${2:?$1 needs a value}") && shift ;;
    *) echo "five_processes.sh: unknown argument '$1'" >&2 && usage >&2 && exit 2 ;;
  esac
  shift
done

servers=$(mktemp -d)
stop() {
  "$root/scripts/servers.sh" stop --dir "$servers" kafka mariadb >/dev/null
  rm -rf "$servers"
}
trap stop EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# The last word that the script prints is the server's address.
start() {
  "$root/scripts/servers.sh" start --port "$1=0" --dir "$servers" "$1" | awk '{print $NF}'
}
kafka=$(start kafka)
database=$(start mariadb)

MILLRACE_BIN_DIR=$(cd "$bin" && pwd) python3 "$root/tests/integration/apps/five_processes.py" \
  --kafka "$kafka" --database "$database" "${arguments[@]}"
