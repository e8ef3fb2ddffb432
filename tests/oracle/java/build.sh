#!/usr/bin/env bash
# Builds the oracle: java/build.sh BUILD_DIR
# Maven fetches Kafka Streams into BUILD_DIR/lib once (later runs need no network), javac compiles in two seconds.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
build=$1
mkdir -p "$build"
build=$(cd "$build" && pwd)

# Several tests may want it at the same time.
exec 9>"$build/lock"
flock 9

fingerprint() { (cd "$here" && find pom.xml build.sh src -type f -print0 | sort -z | xargs -0 sha256sum) | sha256sum; }
[[ -f $build/built && $(cat "$build/built") == "$(fingerprint)" ]] && exit 0

if [[ ! -f $build/lib/pom.xml ]] || ! cmp -s "$here/pom.xml" "$build/lib/pom.xml"; then
  rm -rf "$build/lib"
  mvn -q -B -Dstyle.color=never -f "$here/pom.xml" dependency:copy-dependencies -DincludeScope=runtime -DoutputDirectory="$build/lib" >&2
  cp "$here/pom.xml" "$build/lib/pom.xml"
fi
rm -rf "$build/classes"
javac --release 17 -Xlint:all,-processing,-classfile -Werror -proc:none -d "$build/classes" -cp "$build/lib/*" \
  "$here"/src/millrace/oracle/*.java
fingerprint >"$build/built"
