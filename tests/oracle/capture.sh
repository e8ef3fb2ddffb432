#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# capture.sh           writes golden/ again from the real Kafka Streams
# capture.sh --check   captures into a temporary directory and fails if the committed files differ
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

fresh=$(mktemp -d)
trap 'rm -rf "$fresh"' EXIT
"$here/oracle.sh" capture "$here/programs" "$fresh"

case "${1:-}" in
  --check)
    # diff shows the name of the case beside each difference.
    if ! diff -r -u -F '^=== \|^{"program"' "$here/golden" "$fresh"; then
      echo "golden files differ from what Kafka Streams says: run tests/oracle/capture.sh and look at the difference" >&2
      exit 1
    fi
    cases=$(cat "$fresh"/*/*.txt "$fresh"/programs.jsonl | grep -c '^=== \|^{"program"')
    echo "$cases cases in $(find "$fresh" -type f | wc -l) golden files are as Kafka Streams writes them"
    ;;
  "")
    rm -rf "$here/golden"
    cp -r "$fresh" "$here/golden"
    ;;
  *)
    echo "usage: capture.sh [--check]" >&2
    exit 2
    ;;
esac
