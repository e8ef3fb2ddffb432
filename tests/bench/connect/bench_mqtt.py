#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Messages per second from an MQTT topic with QoS 1 to a topic of Kafka or of the embedded broker.

Starts Mosquitto. All messages wait there in mqtt_source's session before it starts. The time is that from its start of
copying until the last record is written.
Usage: MILLRACE_BIN_DIR=build/release/bin bench_mqtt.py [--messages N] [--bytes N] [--bootstrap-servers HOST:PORT]
       [--inflight N] [--mqtt-version 3|5]
"""

import argparse
import os
import pathlib
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "integration" / "tweets"))

from mosquitto import Mosquitto, until  # noqa: E402
from programs import Running, records, run, scratch_directory  # noqa: E402


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--programs", help="the folder of the built programs; default: MILLRACE_BIN_DIR")
    parser.add_argument("--messages", type=int, default=100_000)
    parser.add_argument("--bytes", type=int, default=400)
    parser.add_argument("--bootstrap-servers")
    parser.add_argument("--inflight", type=int, help="Mosquitto's max_inflight_messages; default: that of servers.sh")
    parser.add_argument("--mqtt-version", type=int, default=3)
    options = parser.parse_args()
    if options.programs:
        os.environ["MILLRACE_BIN_DIR"] = options.programs
    topic = f"bench-mqtt-{time.time_ns()}"
    with scratch_directory() as directory, Mosquitto(directory) as server:
        broker = (("--bootstrap-servers", options.bootstrap_servers) if options.bootstrap_servers
                  else ("--broker", f"embedded:{directory}/broker"))
        arguments = ("--mqtt", server.url, "--mqtt-version", options.mqtt_version, "--to", topic, "--create-topics", *broker)
        with Running("mqtt_source", *arguments, directory=directory) as source:
            until(lambda: server.saved("mqtt_source"), "a session")
            source.stop()
        line = "x" * options.bytes + "\n"
        subprocess.run(["mosquitto_pub", "-h", "localhost", "-p", str(server.port), "-q", "1", "-t", "tweets", "-l"],
                       input=line * options.messages, text=True, check=True)
        last = "last"
        server.publish("tweets", last.encode())
        begin = time.monotonic()
        with Running("mqtt_source", *arguments, directory=directory) as source:
            # Only the last records are read while the time runs.
            until(lambda: any(record["value"] == last for record in records(broker, topic, "--tail", "1")), "the last one", 300)
            seconds = time.monotonic() - begin
            source.stop()
        if options.bootstrap_servers:
            run("topics", "delete", *broker, topic)
    print(f"MQTT {options.mqtt_version}, QoS 1, {options.bytes} bytes: {options.messages} messages in {seconds:.2f} s, "
          f"{options.messages / seconds:,.0f} messages/s (with the start of mqtt_source)")


if __name__ == "__main__":
    main()
