#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Checks that Millrace can be built with Clang: configures it, and compiles the lower layers and the examples, fast.
# Clang-tidy reads all other sources with the same frontend (scripts/tidy.py).
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
compiler=${CLANG:-clang++-19}
build=$root/build/clang
# shellcheck source=lib/ccache.sh
source "$root/scripts/lib/ccache.sh"

cmake -S "$root" -B "$build" -G Ninja -D CMAKE_BUILD_TYPE=Release -D CMAKE_CXX_COMPILER="$compiler" \
  -D CMAKE_CXX_FLAGS_RELEASE=-O0 -D MILLRACE_BUILD_TESTS=OFF -D MILLRACE_WERROR=ON >/dev/null
objects=$(ninja -C "$build" -t targets all | sed -n 's/^\(examples\/.*\.cpp\.o\): .*/\1/p')
# shellcheck disable=SC2086 # one word per object
ninja -C "$build" --quiet millrace_common millrace_metrics millrace_config millrace_serde millrace_functions $objects
