#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Checks docker-compose.yml with the schema of the Compose Specification. Needs no Docker: the schema comes with
# check-jsonschema, which is installed once from PyPI into a separate directory.
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
  # A venv cannot be moved. So the program is run as a module of the venv's python.
  mv -T "$fresh" "$venv" 2>/dev/null || [ -x "$venv/bin/python" ]
fi
"$venv/bin/python" -m check_jsonschema --builtin-schema vendor.compose-spec "$root/docker-compose.yml"
