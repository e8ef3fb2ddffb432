#!/usr/bin/env bash
# Are all C++ sources laid out as .clang-format says? --fix does it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
mode=(--dry-run -Werror)
[ "${1:-}" != --fix ] || mode=(-i)
git ls-files -z -- '*.cpp' '*.hpp' | xargs -0 -n 50 -P "$(nproc)" clang-format "${mode[@]}"
