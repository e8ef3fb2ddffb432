#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# From a fresh machine to buys: installs, builds, and runs the buy pipeline. See usage().
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

usage() {
  cat <<EOF
Usage: scripts/demo.sh [OPTION]...

Runs the whole buy pipeline over 12,154 real daily prices, on the embedded broker: prices become alerts and
variations, those that meet within five minutes become buys. The first run installs the Debian packages that are
missing and builds buy_pipeline and topics (some minutes); later runs start at once.

Options (all go to build/release/bin/buy_pipeline; the most useful ones):
  --threshold PRICE              a close above this is an alert (default 195)
  --min-variation FRACTION       a buy needs at least this change against the close before (default 0.02)
  --csv FILE                     other prices with the same columns
  --bootstrap-servers HOST:PORT  runs the same on Apache Kafka (scripts/servers.sh start kafka gives you one)
  --page PORT                    serves a live page of prices, alerts and buys (0: a free port), until Ctrl-C
  --help                         this text, then that of buy_pipeline if it is built
EOF
}

pipeline=$root/build/release/bin/buy_pipeline
csv_given=
for argument in "$@"; do
  case $argument in
    --csv | --csv=*) csv_given=yes ;;
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
"$root/scripts/build.sh" release --without-tests --target buy_pipeline --target topics
[ -n "$csv_given" ] || set -- --csv "$root/data/stocks.csv.gz" "$@"
exec "$pipeline" "$@"
