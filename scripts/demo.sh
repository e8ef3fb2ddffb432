#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# From a fresh machine to results: installs, builds, and runs a pipeline in one process. See usage().
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

# Name, program, the option for other input, the shipped input, and what the pipeline does.
demos() {
  cat <<'TEXT'
buy_signals buy_pipeline    --csv  stocks.csv.gz    12,154 daily prices become alerts and variations, those that meet become buys
trades      trades_pipeline --feed trades.ndjson.gz 18,248 trades become one-minute candles, unusually large ones are shown
tweets      tweets_pipeline --tweets tweets.json.gz 5,000 tweets go over MQTT, hashtags per minute and languages are counted
TEXT
}

usage() {
  cat <<EOF
Usage: scripts/demo.sh [NAME] [OPTION]...

Runs a whole pipeline over a recorded feed, on the embedded broker. The first run installs the Debian packages that are
missing and builds the programs (some minutes); later runs start at once.

Pipelines (default: buy_signals):
$(demos | while read -r name _ _ _ text; do printf '  %-12s %s\n' "$name" "$text"; done)

Options (all go to the pipeline's program; the most useful ones):
  --csv, --feed, --tweets        other input
  --bootstrap-servers HOST:PORT  runs the same on Apache Kafka (scripts/servers.sh start kafka gives you one)
  --page PORT                    serves a live page (0: a free port), until Ctrl-C
  --help                         this text, then that of the pipeline's program if it is built
EOF
}

name=buy_signals
case ${1-} in
  '' | -*) ;;
  *) name=$1 && shift ;;
esac
read -r program input shipped < <(demos | awk -v name="$name" '$1 == name { print $2, $3, $4 }') || {
  echo "demo.sh: unknown pipeline '$name'" >&2
  usage >&2
  exit 2
}

pipeline=$root/build/release/bin/$program
input_given=
for argument in "$@"; do
  case $argument in
    "$input" | "$input"=*) input_given=yes ;;
    -h | --help)
      usage
      if [ -x "$pipeline" ]; then echo && exec "$pipeline" --help; fi
      exit 0
      ;;
  esac
done

log=$root/build/demo-build.log
mkdir -p "$root/build"
# Steps without work print nothing. Other steps show their progress.
"$root/scripts/install-deps.sh" --build >"$log" 2>&1 || {
  cat "$log" >&2
  exit 1
}
"$root/scripts/build.sh" release --without-tests --target "$program" --target topics
[ -n "$input_given" ] || set -- "$input" "$root/data/$shipped" "$@"
exec "$pipeline" "$@"
