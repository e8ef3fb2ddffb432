#!/usr/bin/env bash
# Is docker-compose.yml valid by the schema of the Compose Specification? Needs no Docker: the schema comes with
# check-jsonschema, which is installed from PyPI once, into a directory of its own.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
version=0.39.0
venv=${XDG_CACHE_HOME:-${HOME:-$root}/.cache}/millrace/check-jsonschema-$version

if [ ! -x "$venv/bin/check-jsonschema" ]; then
  mkdir -p "$(dirname "$venv")"
  fresh=$(mktemp -d "$venv.XXXXXX")
  trap 'rm -rf "$fresh"' EXIT
  python3 -m venv "$fresh"
  "$fresh/bin/python" -m pip install -q "check-jsonschema==$version"
  # A venv does not move; but its programs run as modules of its own python.
  mv -T "$fresh" "$venv" 2>/dev/null || [ -x "$venv/bin/python" ]
fi
"$venv/bin/python" -m check_jsonschema --builtin-schema vendor.compose-spec "$root/docker-compose.yml"
