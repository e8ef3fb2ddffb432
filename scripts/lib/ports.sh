# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Shell helpers for servers that the scripts start. Sourced, not run.

# port_in_use PORT: does anything answer on this local TCP port?
port_in_use() {
  (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}

# free_port: prints a free local TCP port below the range that the kernel assigns. In rare cases two callers get the
# same port. A server that cannot bind must then be started on another port.
free_port() {
  local port
  while :; do
    port=$((20000 + (RANDOM * 32768 + RANDOM) % 12000))
    port_in_use "$port" || break
  done
  echo "$port"
}
