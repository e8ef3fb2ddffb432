# shellcheck shell=bash
# Shell helpers for servers that the scripts start. Sourced, not run.

# port_in_use PORT: does anything answer on this local TCP port?
port_in_use() {
  (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}

# free_port: prints a local TCP port on which nobody listens, below the range that the kernel hands out by itself.
# Two callers may get the same one in rare cases: a server that cannot bind must be started on another.
free_port() {
  local port
  while :; do
    port=$((20000 + (RANDOM * 32768 + RANDOM) % 12000))
    port_in_use "$port" || break
  done
  echo "$port"
}
