#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Configures and builds one preset. See usage().
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

usage() {
  cat <<EOF
Usage: scripts/build.sh [PRESET] [--target TARGET]... [--without-tests] [-D NAME=VALUE]...

Builds everything (or the targets given) with a preset of CMakePresets.json: release (default), debug, asan or tsan.
Programs land in build/PRESET/bin. Nothing to do is quick.

  --without-tests   if the preset is configured for the first time, without the tests and what they need
EOF
}

preset=release
tests=yes
configure=()
build=()
while [ $# -gt 0 ]; do
  case $1 in
    release | debug | asan | tsan) preset=$1 ;;
    --target) build+=(--target "${2:?--target needs a name}") && shift ;;
    --without-tests) tests= ;;
    -D) configure+=(-D "${2:?-D needs NAME=VALUE}") && shift ;;
    -D*) configure+=("$1") ;;
    -h | --help) usage && exit 0 ;;
    *) echo "build.sh: unknown argument '$1'" >&2 && usage >&2 && exit 2 ;;
  esac
  shift
done

cd "$root"
# shellcheck source=lib/ccache.sh
source "$root/scripts/lib/ccache.sh"
cached() {
  grep -qs "^$1" "build/$preset/CMakeCache.txt"
}
if [ -z "$tests" ] && [ ! -e "build/$preset/build.ninja" ]; then
  configure+=(-D MILLRACE_BUILD_TESTS=OFF)
elif [ -n "$tests" ] && cached 'MILLRACE_BUILD_TESTS:BOOL=OFF'; then
  configure+=(-D MILLRACE_BUILD_TESTS=ON)
fi
# Ninja runs CMake by itself when a CMakeLists.txt has changed. This script runs CMake for a first configuration, for
# other settings and for changed presets.
if [ ! CMakePresets.json -ot "build/$preset/build.ninja" ] || [ ${#configure[@]} -gt 0 ]; then
  cmake --preset "$preset" "${configure[@]}"
fi
cmake --build --preset "$preset" "${build[@]}"
