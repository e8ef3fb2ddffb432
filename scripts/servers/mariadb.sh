# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# MariaDB, through scripts/mariadb.sh. Sourced by scripts/servers.sh.

options=(--dir "$dir" ${port_given:+--port "$port_given"})

server_start() { "$root/scripts/mariadb.sh" start "${options[@]}" | one_line "MariaDB started"; }
server_stop() { "$root/scripts/mariadb.sh" stop "${options[@]}"; }
server_status() { "$root/scripts/mariadb.sh" status "${options[@]}" | one_line "MariaDB runs"; }

# The address as the last word, as all servers print it.
one_line() {
  local line address= others=()
  while read -r line; do
    if [[ $line == "database: "* ]]; then address=${line##* }; else others+=("$line"); fi
  done
  if [ -n "$address" ]; then
    echo "$1 (data and log in $dir): $address"
  else
    printf '%s\n' "${others[@]}"
  fi
}
