#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Everything that CI runs. See usage().
set -uo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root" || exit 1

usage() {
  cat <<EOF
Usage: scripts/test.sh [--quick] [--only STAGE[,STAGE]...] [--skip STAGE[,STAGE]...]

Builds Millrace and runs its tests. Starts its own Apache Kafka and MariaDB on free ports and stops them again.
The last line is 'N passed, N failed' (test cases; a check or a build counts as one); exit code 0 if none failed.

  --quick       for development: only the unit tests, release build, nothing installed
  --only LIST   only these stages (and the builds that they need)
  --skip LIST   all but these

Stages, in this order:
  deps      installs missing packages
  checks    clang-format, layers, configuration keys, shell scripts, compose file, API reference, licences
  local     unit tests (with asan: only those that asan does not run), and integration tests on the embedded broker
  servers   integration tests on Apache Kafka and MariaDB
  package   programs outside of this tree that use Millrace
  asan      unit tests, and those below, under address and undefined-behaviour sanitizer
  tsan      tests of what has threads, under thread sanitizer: units, contract and runtime on the embedded broker, chaos
  tidy      a build with Clang; clang-tidy, which after a while without having seen all sources stops and says so

Logs: build/test/STAGE*.log. Compiled objects are kept by ccache.
EOF
}

all_stages=(deps checks local servers package asan tsan tidy)
stages=("${all_stages[@]}")

# pick LIST: prints the words of a comma-separated list. Each must be a known stage.
pick() {
  local name
  for name in ${1//,/ }; do
    if [[ " ${all_stages[*]} " != *" $name "* ]]; then
      echo "test.sh: there is no stage '$name', only ${all_stages[*]}" >&2
      exit 2
    fi
    echo "$name"
  done
}

while [ $# -gt 0 ]; do
  case $1 in
    --quick) stages=(local) && quick=1 ;;
    --only) picked=$(pick "${2:?--only needs a list}") || exit 2 && mapfile -t stages <<<"$picked" && shift ;;
    --skip)
      picked=$(pick "${2:?--skip needs a list}") || exit 2
      mapfile -t stages < <(printf '%s\n' "${stages[@]}" | grep -vxF "$picked")
      shift
      ;;
    -h | --help) usage && exit 0 ;;
    *) echo "test.sh: unknown argument '$1'" >&2 && usage >&2 && exit 2 ;;
  esac
  shift
done
quick=${quick:-}

# shellcheck source=lib/ccache.sh
source "$root/scripts/lib/ccache.sh"
# count_tests.py reads this report.
export BOOST_TEST_REPORT_LEVEL=short
export ASAN_OPTIONS=detect_stack_use_after_return=1:strict_string_checks=1
export UBSAN_OPTIONS=print_stacktrace=1
export TSAN_OPTIONS="halt_on_error=1 second_deadlock_stack=1 suppressions=$root/tests/support/tsan.supp"

logs=$root/build/test
mkdir -p "$logs"
exec 9>"$logs/lock"
if ! flock -n 9; then
  echo "another scripts/test.sh runs in this directory: waiting for it"
  flock 9
fi

passed=0
failed=0
summary=()
# The failed steps and test cases. They are printed at the end of the output, where a reader looks first.
complaints=()

note() { # NAME PASSED FAILED SECONDS
  passed=$((passed + $2))
  failed=$((failed + $3))
  summary+=("$(printf '%-22s %6d passed %4d failed %6d s' "$1" "$2" "$3" "$4")")
  printf '%s\n' "${summary[-1]}"
}

# check NAME COMMAND...: runs one case. Shows the end of its output if it fails.
check() {
  local name=$1 start=$SECONDS
  local log=$logs/${name// /-}.log
  shift
  if "$@" >"$log" 2>&1; then
    note "$name" 1 0 $((SECONDS - start))
  else
    tail -n 60 "$log"
    echo "(full log: ${log#"$root/"})"
    note "$name" 0 1 $((SECONDS - start))
    return 1
  fi
}

# run_ctest NAME PRESET CTEST-ARGUMENTS...: runs CTest and counts test cases.
run_ctest() {
  local name=$1 preset=$2 start=$SECONDS
  local log=$logs/${name// /-}.log junit=$logs/${name// /-}.xml
  shift 2
  rm -f "$junit"
  timeout 2400 ctest --preset "$preset" --no-tests=error --output-junit "$junit" --test-output-size-passed 1000000 \
    --test-output-size-failed 1000000 "$@" >"$log" 2>&1
  local status=$? counted=0\ 1 counts
  if [ -s "$junit" ]; then
    counts=$(python3 scripts/lib/count_tests.py "$junit")
    counted=${counts%%$'\n'*}
    [ "$counts" = "$counted" ] || mapfile -t -O "${#complaints[@]}" complaints <<<"${counts#*$'\n'}"
  fi
  local case_passed=${counted% *} case_failed=${counted#* }
  # CTest failed although no case failed: it found no tests, or ran out of time.
  if [ "$status" != 0 ] && [ "$case_failed" = 0 ]; then case_failed=1; fi
  if [ "$case_failed" != 0 ]; then
    grep -vE '^ *[0-9]+/[0-9]+ Test .*Passed|^ +Start ' "$log" | tail -n 150
    echo "(full log: ${log#"$root/"})"
    mapfile -t -O "${#complaints[@]}" complaints < <(
      sed 's/\x1b\[[0-9;]*m//g' "$log" | grep -E 'error: in "|Sanitizer:|\*\*\*Failed|\*\*\*Timeout' | cut -c1-400 | head -n 12
    )
  fi
  note "$name" "$case_passed" "$case_failed" $((SECONDS - start))
  [ "$case_failed" = 0 ]
}

# build NAME PRESET BUILD-ARGUMENTS...: builds once per preset and targets.
declare -A built
build() {
  local key="$*"
  if [ -z "${built[$key]:-}" ]; then
    check "$@" && built[$key]=ok || built[$key]=broken
  fi
  [ "${built[$key]}" = ok ]
}
build_release() {
  local directory targets=()
  if units_are_sanitized; then
    targets=(--target cache_memory_test)
    for directory in framework apps examples \
      tests/{bench,chaos,compile_fail,connect,contract,integration/{apps,connect,page,runtime,takeover,trades,trades_store,tweets},kafka,oracle,readme,tools}; do
      targets+=(--target "$directory/all")
    done
  fi
  build "build release" scripts/build.sh release "${targets[@]}"
}

cpus=$(nproc)

# The first start of FerretDB builds it, which would take too much of a test's time.
build_ferretdb() {
  local dir status=0
  dir=$(mktemp -d)
  scripts/servers.sh start --port ferretdb=0 --dir "$dir" ferretdb 9>&- && scripts/servers.sh stop --dir "$dir" ferretdb ||
    status=1
  rm -rf "$dir"
  return "$status"
}

stage_deps() {
  check "install packages" scripts/install-deps.sh
  check "FerretDB" build_ferretdb
}

stage_checks() {
  check "clang-format" scripts/check-format.sh
  check "layers" scripts/check-layers.py
  check "configuration keys" scripts/check-config-keys.py
  check "shell scripts" scripts/check-shell.sh
  check "compose file" scripts/check-compose.sh
  check "API reference" scripts/api-reference.sh
  check "licences" scripts/check-licences.py
}

# Under the thread sanitizer, only unit tests of code with threads. The others cannot have races and take long to build:
# scripts/build.sh tsan --target millrace_tests_unit && ctest --preset tsan -L unit
tsan_units=(unit_broker unit_serde test_state runtime_test)
# Tests that start threads and need no server: their programs, and CTest's names.
threaded_programs=(contract_tests connect_tests embedded_broker runtime_tests chaos_tests)
threaded='contract_embedded|connect_embedded|embedded_broker|runtime_embedded|chaos_tests'

# build_sanitizer STAGE [COMMAND...]: builds what the stage asan or tsan tests. COMMAND runs the build.
build_sanitizer() {
  local stage=$1 units=(millrace_tests_unit) targets=() name
  shift
  [ "$stage" = tsan ] && units=("${tsan_units[@]}")
  for name in "${units[@]}" "${threaded_programs[@]}"; do targets+=(--target "$name"); done
  "$@" scripts/build.sh "$stage" "${targets[@]}"
}

# Tests wait much of their time. So the builds of the sanitizers begin beside the release tests. They have the priority
# "idle": they get only the time that nobody else wants.
ahead=
build_ahead() {
  [ -z "$ahead" ] || return 0
  local stage idle=(nice -n 19)
  rm -f "$logs"/*-ahead
  chrt --idle 0 true 2>/dev/null && idle+=(chrt --idle 0)
  # A process group of its own, so that stop_ahead can end all of it.
  set -m
  for stage in asan tsan; do
    [[ " ${stages[*]} " != *" $stage "* ]] || build_sanitizer "$stage" "${idle[@]}"
    touch "$logs/$stage-ahead"
  done >"$logs/build-ahead.log" 2>&1 9>&- &
  set +m
  ahead=$!
}
stop_ahead() { [ -z "$ahead" ] || kill -- "-$ahead" 2>/dev/null; }

# finish_sanitizer STAGE: waits for the build that began early, and shows what failed.
finish_sanitizer() {
  # Two builds of one directory would disturb each other.
  while [ -n "$ahead" ] && [ ! -e "$logs/$1-ahead" ] && kill -0 "$ahead" 2>/dev/null; do sleep 1; done
  build_sanitizer "$1"
}

# Compiling the unit tests takes longer than anything else here, and the stage asan runs all of them. So if that stage is
# asked for as well, these programs are not built a second time for the release. One that is forgotten here is reported as
# a test that could not run.
sanitized_units='unit_.*|test_(state|state_crash|apps)|(app|examples|ksqldb|metrics|runtime|topology)_test'
units_are_sanitized() { [ -z "$quick" ] && [[ " ${stages[*]} " == *" asan "* ]]; }

stage_local() {
  if [ -n "$quick" ]; then
    build "build unit tests" scripts/build.sh release --target millrace_tests_unit &&
      run_ctest "unit tests" release -L '^unit$' -j "$cpus"
  else
    build_release || return
    build_ahead
    local only=()
    units_are_sanitized && only=(-E "^($sanitized_units)\$")
    run_ctest "unit tests" release -L '^unit$' "${only[@]}" -j "$cpus"
    run_ctest "embedded broker" release -LE '^(unit|kafka|mariadb|package)$' -j "$cpus"
  fi
}

servers_dir=
stop_servers() {
  [ -n "$servers_dir" ] || return 0
  scripts/servers.sh stop --dir "$servers_dir" kafka mariadb >>"$logs/servers.log" 2>&1
  cp "$servers_dir/kafka/server.log" "$logs/kafka-server.log" 2>/dev/null
  cp "$servers_dir/mariadb/server.log" "$logs/mariadb-server.log" 2>/dev/null
  rm -rf "$servers_dir"
  servers_dir=
}
trap 'stop_servers; stop_ahead' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# start SERVER: starts it and prints its address, which is the last word that the script prints.
start() {
  local output
  # File descriptor 9 is our lock. A server must not inherit it.
  output=$(scripts/servers.sh start --port "$1=0" --dir "$servers_dir" "$1" 2>&1 9>&-)
  local status=$?
  printf '%s\n' "$output" >>"$logs/servers.log"
  [ $status = 0 ] && tail -n 1 <<<"$output" | awk '{print $NF}'
}

stage_servers() {
  build_release || return
  build_ahead
  servers_dir=$(mktemp -d)
  : >"$logs/servers.log"
  local begin=$SECONDS
  if MILLRACE_TEST_KAFKA=$(start kafka) && MILLRACE_TEST_MARIADB=$(start mariadb); then
    export MILLRACE_TEST_KAFKA MILLRACE_TEST_MARIADB
    echo "Kafka: $MILLRACE_TEST_KAFKA, MariaDB: ${MILLRACE_TEST_MARIADB/:*@/:...@}"
    # These tests run in parallel, because they wait most of the time.
    run_ctest "Kafka and MariaDB" release -L '^(kafka|mariadb)$' -j "$cpus"
  else
    tail -n 40 "$logs/servers.log"
    note "Kafka and MariaDB" 0 1 $((SECONDS - begin))
  fi
  stop_servers
}

stage_package() {
  build_release && run_ctest "package" release -L '^package$'
}

# The compile-fail tests do not depend on a sanitizer.
stage_asan() {
  build "build asan" finish_sanitizer asan || return
  run_ctest "unit tests asan" asan -L '^unit$' -E '^compile_' -j "$cpus"
  run_ctest "threads asan" asan -R "^($threaded)\$" -j "$cpus"
}
stage_tsan() {
  build "build tsan" finish_sanitizer tsan || return
  run_ctest "unit tests tsan" tsan -R "^($(IFS='|' && echo "${tsan_units[*]}"))\$" -j "$cpus"
  run_ctest "threads tsan" tsan -R "^($threaded)\$" -j "$cpus"
}

stage_tidy() {
  check "build with Clang" scripts/check-clang.sh
  build_release && check "clang-tidy" scripts/tidy.py --budget "${MILLRACE_TIDY_SECONDS:-300}"
}

for stage in "${stages[@]}"; do
  "stage_$stage"
done

echo
printf '%s\n' "${summary[@]}"
[ ${#complaints[@]} = 0 ] || printf '%s\n' "${complaints[@]}"
echo "log files in build/test, $SECONDS s"
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
