# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2154
# MariaDB, beside any that the system runs. Sourced by scripts/servers.sh; see scripts/lib/server.sh.

server_title=MariaDB
server_port=3306
server_seconds=60
server_mark=--datadir=$dir/data

server_needs() {
  mariadbd=$(PATH=$PATH:/usr/sbin command -v mariadbd) ||
    fail "MariaDB's server is missing, install it: apt-get install mariadb-server-core mariadb-client-core"
}

server_prepare() {
  [ ! -d "$dir/data/mysql" ] || return 0
  rm -rf "$dir/data.new"
  mariadb-install-db --no-defaults "--user=$(id -un)" "--datadir=$dir/data.new" --auth-root-authentication-method=normal \
    --skip-test-db >"$dir/install.log" 2>&1 || {
    tail -n 20 "$dir/install.log" >&2
    fail "could not prepare $dir/data: see $dir/install.log"
  }
  rm -rf "$dir/data"
  mv "$dir/data.new" "$dir/data"
}

server_configure() {
  cat >"$dir/init.sql" <<EOF
CREATE DATABASE IF NOT EXISTS millrace CHARACTER SET utf8mb4;
CREATE USER IF NOT EXISTS 'millrace'@'%' IDENTIFIED BY 'millrace';
GRANT ALL PRIVILEGES ON *.* TO 'millrace'@'%';
EOF
}

# --no-defaults ignores the settings of the system. The server refuses to run as root unless a user is given.
# A socket path may have at most 107 bytes, so the path is relative to the data directory.
server_exec() {
  exec setsid "$mariadbd" --no-defaults "--user=$(id -un)" --innodb-fast-shutdown=1 "$server_mark" \
    --socket=mariadb.sock "--pid-file=$dir/data/mariadb.pid" --bind-address=127.0.0.1 "--port=$port" \
    --skip-name-resolve "--init-file=$dir/init.sql" --innodb-buffer-pool-size=64M
}

# The server sends the first message, a greeting with its version.
server_answers() {
  local greeting
  greeting=$( (timeout 2 dd bs=64 count=1 <"/dev/tcp/127.0.0.1/$port" | tr -c '[:alnum:]._-' ' ') 2>/dev/null) || true
  [[ $greeting == *MariaDB* ]] && grep -q 'ready for connections' "$dir/server.log"
}

server_address() {
  echo "mysql://millrace:millrace@127.0.0.1:$1/millrace"
}
