# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Mosquitto: an MQTT broker. Sourced by scripts/servers.sh; see scripts/lib/server.sh.

server_title=Mosquitto
server_port=1883
server_seconds=20
server_mark=$dir/mosquitto.conf
tls=
password=
lines=()

server_set() {
  case $1 in
    tls | password)
      [[ $2 == yes || $2 == no ]] || fail "--set mosquitto:$1 wants yes or no, not '$2'"
      printf -v "$1" '%s' "${2#no}"
      ;;
    *) lines+=("$1 $2") ;;
  esac
}

server_needs() {
  # Debian installs it where only root looks.
  PATH=$PATH:/usr/sbin
  command -v mosquitto >/dev/null || fail "Mosquitto is missing, install it: apt-get install mosquitto"
  [ -z "$tls" ] || command -v openssl >/dev/null || fail "openssl is missing, install it: apt-get install openssl"
}

# An authority of its own, and a certificate for localhost and 127.0.0.1. They stay for later starts.
make_certificates() {
  [ ! -s "$dir/server.crt" ] || return 0
  (
    cd "$dir"
    umask 077
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 3650 -keyout ca.key -out ca.crt \
      -subj "/CN=Millrace test authority"
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout server.key -out server.csr \
      -subj "/CN=localhost"
    openssl x509 -req -in server.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 3650 -out server.crt.new \
      -extfile <(echo "subjectAltName=DNS:localhost,IP:127.0.0.1")
    mv server.crt.new server.crt
  ) >"$dir/certificates.log" 2>&1 || fail "could not make certificates: see $dir/certificates.log"
}

server_prepare() {
  mkdir -p "$dir/data"
  if [ -n "$tls" ]; then make_certificates; fi
  if [ -n "$password" ]; then
    rm -f "$dir/passwords"
    (umask 077 && : >"$dir/passwords")
    mosquitto_passwd -b "$dir/passwords" millrace millrace
  fi
}

# Mosquitto acknowledges messages before it saves them. A kill loses what came since it saved.
server_configure() {
  {
    echo "# Written by scripts/servers.sh at each start."
    echo "listener $port 127.0.0.1"
    if [ -n "$tls" ]; then
      printf '%s\n' "cafile $dir/ca.crt" "certfile $dir/server.crt" "keyfile $dir/server.key"
    fi
    if [ -n "$password" ]; then
      printf '%s\n' "allow_anonymous false" "password_file $dir/passwords"
    else
      echo "allow_anonymous true"
    fi
    # Otherwise Mosquitto becomes the user `mosquitto` when it is started by root.
    echo "user $(id -un)"
    # All is saved once a second, in a new file each time. Saving at each change is a hundred times slower.
    printf '%s\n' "persistence true" "persistence_location $dir/data/" "autosave_interval 1"
    # The defaults are 20 messages under way and 1000 that wait; more are dropped.
    printf '%s\n' "max_inflight_messages 2000" "max_queued_messages 0"
    # Acknowledgements are small packets, and must not wait for more.
    echo "set_tcp_nodelay true"
    printf '%s\n' "log_dest stderr" "log_type error" "log_type warning" "log_type notice"
    printf '%s\n' "${lines[@]}"
  } >"$dir/mosquitto.conf"
}

server_exec() {
  exec setsid mosquitto -c "$dir/mosquitto.conf"
}

server_answers() {
  port_in_use "$port"
}

server_address() {
  if grep -q '^cafile' "$dir/mosquitto.conf"; then echo "mqtts://localhost:$1"; else echo "mqtt://localhost:$1"; fi
}
