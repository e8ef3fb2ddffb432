#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Makes the API reference with Doxygen. See usage().
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"

usage() {
  cat <<EOT
Usage: scripts/api-reference.sh [--undocumented]

Makes the API reference of the public headers from their docstrings: build/docs/html/index.html. Needs Doxygen.
The exit code is 1 if Doxygen finds a mistake in a docstring, or if a class, a struct, or a function or type outside of
classes has no docstring. Members need one only if their name does not say all.

  --undocumented   lists also the members of classes that have no docstring
EOT
}

list=
case ${1:-} in
  '') ;;
  --undocumented) list=yes ;;
  -h | --help) usage && exit 0 ;;
  *) usage >&2 && exit 2 ;;
esac
if ! command -v doxygen >/dev/null; then
  echo "api-reference.sh: Doxygen is missing, install it: scripts/install-deps.sh" >&2
  exit 1
fi

warnings=build/docs/warnings.log
rm -rf build/docs
mkdir -p build/docs
version=$(sed -n 's/.*kVersion = "\([0-9.]*\)".*/\1/p' framework/include/millrace/version.hpp)
{ cat docs/Doxyfile && echo "PROJECT_NUMBER = $version"; } | doxygen -
if [ ! -e build/docs/html/index.html ]; then
  echo "api-reference.sh: Doxygen made no build/docs/html/index.html" >&2
  exit 1
fi

sed -i "s|$root/||" "$warnings"
members='warning: Member .* of (class|struct) .* is not documented'
[ -z "$list" ] || grep -E "$members" "$warnings" || true
# The inconsistency is one of Doxygen 1.9.4: it does not know the classes of std that a header specialises.
if grep -vE "$members|Internal inconsistency: scope for class std::" "$warnings"; then
  echo "api-reference.sh: mend these docstrings" >&2
  exit 1
fi
echo "API reference: build/docs/html/index.html"
