#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""mqtt_source with a real Mosquitto: versions of MQTT, TLS, passwords, wrong settings, odd messages."""

import pathlib
import time
import unittest

from mosquitto import SECRET, MqttTest, records, until
from programs import run


class MqttSource(MqttTest):
    def messages(self, count, topic="tweets"):
        """Waits for so many records."""
        return until(lambda: found if len(found := records(self.broker, topic)) >= count else None, f"{count} records")

    def start_subscribed(self, server, *arguments):
        source = self.source(server.url, *arguments)
        self.subscribed(server)
        return source

    def stop(self, source):
        begin = time.monotonic()
        self.assertEqual(source.stop(), 0, source.log())
        self.assertLess(time.monotonic() - begin, 5)

    def check_messages(self, version):
        server = self.mosquitto()
        source = self.start_subscribed(server, "--topic", "sensors/+/a b/#", "--mqtt-version", version, "--dead-letters",
                                       "letters")
        odd = {
            "sensors/1/a b/c": b"plain",
            "sensors/2/a b": b"",
            "sensors/\u00e4\u6771\U0001f600/a b/$x": bytes(range(256)),
            "sensors/3/a b/nul": b"\x00\xff\xfe",
            "sensors/4/a b/id": b'{"id_str":"17","id":18}',
            "sensors/5/a b/id": b' {"id":1234567890123456789}',
            "sensors/6/a b/id": b'{"id":{"a":[1]}}',
            "sensors/7/a b/id": b'{"id":',
            "sensors/8/a b/id": b'[{"id":1}]',
            "sensors/9/a b/large": b"x" * 500_000,
        }
        for topic, payload in odd.items():
            server.publish(topic, payload)
        server.publish("sensors/x/other", b"not subscribed")
        found = self.messages(len(odd))
        self.assertEqual([record["headers"] for record in found],
                         [[{"key": "mqtt.topic", "value": topic}] for topic in odd])
        self.assertEqual([record["key"] for record in found][4:6], ["17", "1234567890123456789"])
        self.assertEqual([record["key"] for record in found if not record["key"]], [None] * 7)
        self.assertEqual(found[0]["value"], "plain")
        self.assertEqual(found[1]["value"], "")
        self.assertEqual(len(found[9]["value"]), 500_000)
        # Larger than the broker takes.
        server.publish("sensors/9/a b/huge", b"y" * 10_000_000)
        server.publish("sensors/9/a b/last", b"last")
        self.assertEqual(self.messages(len(odd) + 1)[len(odd)]["value"][:4], "last")
        self.assertRegex(source.log(), "larger than .* written to the dead-letter topic")
        self.stop(source)
        # All is acknowledged: nothing comes again.
        source = self.source(server.url, "--topic", "sensors/+/a b/#", "--mqtt-version", version)
        server.publish("sensors/9/a b/last", b"after")
        found = self.messages(len(odd) + 2)
        self.stop(source)
        self.assertEqual([record["value"] for record in found[len(odd):]], ["last", "after"])

    def test_odd_messages_with_mqtt_3(self):
        self.check_messages(3)

    def test_odd_messages_with_mqtt_5(self):
        self.check_messages(5)

    def test_messages_without_a_program_are_kept(self):
        server = self.mosquitto()
        self.stop(self.start_subscribed(server))
        for number in range(20):
            server.publish("tweets", str(number).encode())
        self.stop_after(self.source(server.url), 20)
        self.assertEqual([record["value"] for record in records(self.broker, "tweets")], [str(n) for n in range(20)])

    def stop_after(self, source, count):
        self.messages(count)
        self.stop(source)

    def check_tls_and_password(self, version):
        server = self.mosquitto("tls=yes", f"password={SECRET}")
        self.assertTrue(server.url.startswith("mqtts://"))
        login = ("--user", "millrace", "--password-file", self.password_file, "--ca-file", server.ca, "--mqtt-version",
                 version)
        source = self.start_subscribed(server, *login)
        server.publish("tweets", b"secret", "--cafile", str(server.ca), "-u", "millrace", "-P", SECRET)
        self.assertEqual([record["value"] for record in self.messages(1)], ["secret"])
        self.stop(source)
        self.check_refusals(server, version)

    def check_refusals(self, server, version):
        wrong = pathlib.Path(self.directory) / "wrong"
        wrong.write_text("wr0ng\n")
        wrong.chmod(0o600)
        common = ("--to", "tweets", *self.broker, "--mqtt-version", version, "--user", "millrace")
        with_ca = (*common, "--ca-file", server.ca)
        url = ("--broker", server.url)
        said = self.fails("mqtt_source", *url, *with_ca, "--password-file", wrong)
        self.assertRegex(said, "(user or password are wrong|not authorised); check --user and --password-file")
        self.assertNotIn("wr0ng", said)
        said = self.fails("mqtt_source", *url, *with_ca, env={"MQTT_PASSWORD": "wr0ng"})
        self.assertIn("check --user and --password-file", said)
        self.assertNotIn("wr0ng", said)
        # Another authority, here: those of the system.
        said = self.fails("mqtt_source", *url, *common, "--password-file", self.password_file)
        self.assertIn("is not to be trusted", said)
        self.assertIn("--ca-file", said)
        # This is 127.0.0.1 as well, but the certificate has no such name.
        said = self.fails("mqtt_source", "--broker", f"mqtts://127.1:{server.port}", *with_ca, "--password-file",
                          self.password_file)
        self.assertRegex(said, "not to be trusted: .*mismatch")

    def test_tls_and_password_with_mqtt_3(self):
        self.check_tls_and_password(3)

    def test_tls_and_password_with_mqtt_5(self):
        self.check_tls_and_password(5)

    def test_wrong_settings_are_named(self):
        common = ("--to", "tweets", *self.broker)
        for arguments, said in {
            ("--mqtt", "http://localhost"): "does not begin with mqtt://",
            ("--mqtt", f"mqtt://me:{SECRET}@localhost"): "contains a user",
            ("--broker=mqtt://192.0.2.1",): "--allow-plain",
            ("--broker", "mqtt://localhost:0"): "no usable port",
            ("--broker", "mqtt://localhost:99999"): "no usable port",
            ("--broker", "mqtt://"): "no usable host",
            ("--topic", "a/#/b"): "'#' for all further levels",
            ("--topic", "a/b+"): "stands for a whole level",
            ("--topic", ""): "is empty",
            ("--mqtt-version", 4): "3 (for MQTT 3.1.1) or 5",
            ("--ca-file", "x"): "--ca-file is for mqtts://",
            ("--password-file", self.password_file): "add --user",
            ("--password-file", "/nowhere", "--user", "u"): "/nowhere",
        }.items():
            with self.subTest(arguments):
                self.assertIn(said, self.fails("mqtt_source", *arguments, *common))

    def test_a_broker_that_comes_later_is_waited_for(self):
        server = self.mosquitto()
        server.kill()
        source = self.source(server.url, "-c", "millrace.connector.retry.delay.max.ms=300")
        until(lambda: "Connection refused" in source.log(), "a report")
        server.start()
        self.subscribed(server)
        server.publish("tweets", b"hello")
        self.messages(1)
        self.stop(source)

    def test_a_plain_connection_to_a_port_with_tls_is_reported(self):
        server = self.mosquitto("tls=yes")
        source = self.source(server.url.replace("mqtts:", "mqtt:"))
        until(lambda: "MQTT broker" in source.log() and "trying again" in source.log(), "a report")
        self.stop(source)

    def test_topics_lists_both_spellings(self):
        self.assertIn("--bootstrap-servers", run("mqtt_source", "--help").stdout)


if __name__ == "__main__":
    unittest.main()
