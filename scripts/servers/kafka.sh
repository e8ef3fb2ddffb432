# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Apache Kafka, through scripts/kafka.sh. Sourced by scripts/servers.sh.

options=(--dir "$dir" ${port_given:+--port "$port_given"})

server_set() { options+=(--set "$1=$2"); }

server_start() { "$root/scripts/kafka.sh" start "${options[@]}" | one_line "Kafka started"; }
server_stop() { "$root/scripts/kafka.sh" stop "${options[@]}"; }
server_status() { "$root/scripts/kafka.sh" status "${options[@]}" | one_line "Kafka runs"; }

# The address as the last word, as all servers print it.
one_line() {
  local line address= others=()
  while read -r line; do
    if [[ $line == "bootstrap servers: "* ]]; then address=${line##* }; else others+=("$line"); fi
  done
  if [ -n "$address" ]; then
    echo "$1 (data and log in $dir): $address"
  else
    printf '%s\n' "${others[@]}"
  fi
}
