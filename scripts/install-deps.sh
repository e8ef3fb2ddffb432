#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs the Debian packages of scripts/packages.txt that are missing. See usage().
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

usage() {
  cat <<EOF
Usage: scripts/install-deps.sh [--build]

Installs what scripts/packages.txt lists and this machine lacks. Needs root or sudo, and only if something is missing.

  --build   only what is needed to build and run the programs, not what the tests need
  --help    this text
EOF
}

packages() {
  local unwanted='^#'
  [ "$1" = all ] || unwanted='^#|# test:'
  grep -vE "$unwanted" "$root/scripts/packages.txt" | sed 's/[[:space:]]*#.*//' | grep .
}

# Prints those of the given packages that are not installed.
missing() {
  dpkg-query -W -f '${db:Status-Status} ${Package}\n' "$@" 2>/dev/null | sed -n 's/^installed //p' | sort -u |
    comm -13 - <(printf '%s\n' "$@" | sort -u)
}

as_root() {
  if [ "$(id -u)" = 0 ]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    echo "install-deps.sh: needs root: run it as root, or install sudo" >&2
    exit 1
  fi
}

apt() {
  # Another apt may be running (unattended upgrades), so wait for it. Mirrors sometimes fail, so retry.
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=600 -o Acquire::Retries=3 "$@"
}

which=all
case ${1:-} in
  '') ;;
  --build) which=build ;;
  -h | --help) usage && exit 0 ;;
  *) usage >&2 && exit 2 ;;
esac

if ! command -v dpkg-query >/dev/null; then
  echo "install-deps.sh: this is no Debian: install the equivalents of scripts/packages.txt yourself" >&2
  exit 1
fi
mapfile -t wanted < <(packages "$which")
mapfile -t lacking < <(missing "${wanted[@]}")
if [ ${#lacking[@]} -eq 0 ]; then
  echo "all ${#wanted[@]} packages are installed"
  exit 0
fi
echo "installing ${lacking[*]}"
apt update
apt install --no-install-recommends "${lacking[@]}"
