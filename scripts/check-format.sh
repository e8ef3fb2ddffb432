#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Checks that all C++ sources are formatted as .clang-format says. --fix formats them.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
mode=(--dry-run -Werror)
[ "${1:-}" != --fix ] || mode=(-i)
git ls-files -z -- '*.cpp' '*.hpp' | xargs -0 -n 50 -P "$(nproc)" clang-format "${mode[@]}"
