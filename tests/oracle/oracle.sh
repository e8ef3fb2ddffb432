#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs the Java oracle (see README.md): oracle.sh capture IN OUT | run [FILE] | serve | takeover ...
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
build=${MILLRACE_ORACLE_BUILD:-$here/../../build/oracle-java}
"$here/build-java.sh" "$here/java" "$build"
# Runs are short. The first compiler tier and the simplest collector start fastest.
exec java -XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Xmx512m -cp "$build/classes:$build/lib/*" millrace.oracle.Main "$@"
