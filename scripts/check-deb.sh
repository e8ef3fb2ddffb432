#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Checks the Debian package on a clean Debian 12. See usage().
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

usage() {
  cat <<EOT
Usage: scripts/check-deb.sh [--package FILE.deb]

Makes the Debian package, and a minimal Debian 12 in a temporary directory. Installs the package there with apt, so
that its dependencies are proved. Builds and runs there the programs of the package test, and the project of README.md.
Takes some minutes, so CI does not run it. Needs root, mmdebstrap, and this machine's apt sources of Debian 12.

  --package FILE   checks this package, and makes none
EOT
}

fail() {
  echo "check-deb.sh: $*" >&2
  exit 1
}

package=
while [ $# -gt 0 ]; do
  case $1 in
    --package) package=${2:?--package needs a file} && shift ;;
    -h | --help) usage && exit 0 ;;
    *) echo "check-deb.sh: unknown argument '$1'" >&2 && usage >&2 && exit 2 ;;
  esac
  shift
done
[ "$(id -u)" = 0 ] || fail "needs root to make a Debian: run it with sudo"
command -v mmdebstrap >/dev/null || fail "mmdebstrap is missing, install it: apt-get install mmdebstrap"
[ -z "$package" ] || [ -e "$package" ] || fail "there is no file $package"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

if [ -z "$package" ]; then
  # shellcheck source=lib/ccache.sh
  source "$root/scripts/lib/ccache.sh"
  cmake -S "$root" -B "$root/build/deb" -G Ninja -D CMAKE_BUILD_TYPE=Release -D MILLRACE_WERROR=ON \
    -D MILLRACE_BUILD_TESTS=OFF -D MILLRACE_BUILD_EXAMPLES=OFF
  cmake --build "$root/build/deb"
  cpack --config "$root/build/deb/CPackConfig.cmake" -B "$work/cpack"
  package=$(echo "$work"/cpack/*.deb)
fi

# What the new Debian gets to see of this project.
mkdir "$work/millrace"
cp -r "$root/tests/package" "$work/millrace/"
PYTHONDONTWRITEBYTECODE=1 python3 "$root/tests/readme/readme_blocks.py" "$work/millrace/readme"
cp "$package" "$work/millrace/millrace.deb"

# shellcheck disable=SC2016 # apt replaces these variables
# Debian's archives and apt's settings are those of this machine, for example a mirror nearby.
apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' 'Origin: Debian' |
  sort -u | grep -E ' bookworm(-updates|-security)? ' |
  sed 's|^|deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] |' >"$work/sources.list" ||
  fail "apt knows no archive of Debian 12: run apt-get update on a Debian 12"
apt-config dump --no-empty --format '%F "%v";%n' Acquire::http Acquire::https Acquire::Retries \
  Acquire::Check-Valid-Until Acquire::Check-Date >"$work/apt.conf"

# Recommended packages are left out: the package must name all that it needs. Ninja is the user's own choice.
options="-D WAY=apt -D README_PROJECT=/millrace/readme -D WORK_DIR=/work -D GENERATOR=Ninja -D BUILD_TYPE=Release"
# shellcheck disable=SC2016 # mmdebstrap runs the hooks, in which $1 is the new Debian
mmdebstrap --mode=root --variant=apt --format=null --aptopt="$work/apt.conf" \
  --customize-hook="copy-in $work/millrace /" \
  --customize-hook='chroot "$1" apt-get install -q -y --no-install-recommends /millrace/millrace.deb ninja-build' \
  --customize-hook='chroot "$1" cmake -D COMPILER=/usr/bin/g++ '"$options"' -P /millrace/package/run.cmake' \
  --customize-hook='chroot "$1" apt-get remove -q -y libmillrace-dev' \
  --customize-hook='test ! -e "$1/usr/bin/topics"' \
  bookworm /dev/null "$work/sources.list"
echo "the package installs on a clean Debian 12, and programs outside of this tree build and run there"
