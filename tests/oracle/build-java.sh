#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds a small Java program that uses Kafka: build-java.sh PROJECT_DIR BUILD_DIR
# PROJECT_DIR contains pom.xml and src/. Maven fetches the libraries into BUILD_DIR/lib once, so later runs need no
# network. javac compiles into BUILD_DIR/classes in two seconds. A Maven build would take twenty.
set -euo pipefail
script=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/$(basename "${BASH_SOURCE[0]}")
project=$(cd "$1" && pwd)
mkdir -p "$2"
build=$(cd "$2" && pwd)

# Several tests may build it at the same time.
exec 9>"$build/lock"
flock 9

fingerprint() {
  (cd "$project" && find pom.xml src -type f -print0 | sort -z | xargs -0 sha256sum; sha256sum <"$script") | sha256sum
}
[[ -f $build/built && $(cat "$build/built") == "$(fingerprint)" ]] && exit 0

if ! cmp -s "$project/pom.xml" "$build/lib/pom.xml"; then
  rm -rf "${build:?}/lib"
  mvn -q -B -Dstyle.color=never -f "$project/pom.xml" \
    dependency:copy-dependencies -DincludeScope=runtime -DoutputDirectory="$build/lib" >&2
  cp "$project/pom.xml" "$build/lib/pom.xml"
fi
rm -rf "${build:?}/classes"
find "$project/src" -name '*.java' -print0 |
  xargs -0 javac --release 17 -Xlint:all,-processing,-classfile -Werror -proc:none -d "$build/classes" -cp "$build/lib/*"
fingerprint >"$build/built"
