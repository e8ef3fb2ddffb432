#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""buy_notifier with a real mail server, on the embedded broker."""

import json
import os
import pathlib
import random
import time
import unittest

import programs
from mail_server import PASSWORD, USER, MailServer, certificate

KILL_RUNS = int(os.environ.get("MILLRACE_KILL_RUNS", "2"))


def wait_for(condition, what, seconds=60):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return
        time.sleep(0.02)
    raise AssertionError(f"{what} did not happen within {seconds} s")


class BuyNotifier(unittest.TestCase):
    def setUp(self):
        self.directory = self.enterContext(programs.scratch_directory())
        self.broker = ("--broker", f"embedded:{self.directory}/broker")
        programs.run("topics", "create", "buy", *self.broker)
        self.key, self.certificate = certificate(self.directory)
        self.count = 0

    def serve(self, **more):
        return self.enterContext(MailServer(self.key, self.certificate, **more))

    def put(self, count):
        """Puts further buys into the topic. Returns all ids so far."""
        ids = [f"SYM{number % 7}@2012-{1 + number // 28 % 12:02}-{1 + number % 28:02}"
               for number in range(self.count, self.count + count)]
        self.count += count
        programs.run("topics", "put", "buy", "--format", "records", *self.broker,
                     stdin="\n".join(json.dumps({"key": one, "value": json.dumps({"A_ID": one})}) for one in ids))
        return ids

    def arguments(self, server, *arguments, to="b@y.example", digest="0s"):
        return ("--smtp", server.url, "--mail-from", "buys@x.example", "--mail-to", to, "--user", USER, "--tls-ca",
                self.certificate, "--digest", digest, "-c", "retry.backoff.ms=50", "-c",
                "millrace.connector.retry.delay.max.ms=200", *self.broker, *arguments)

    def notify(self, server, *arguments, check=True, password=PASSWORD, **more):
        result = programs.run("buy_notifier", *self.arguments(server, "--until-end", *arguments, **more), check=check,
                              env={"SMTP_PASSWORD": password}, timeout=60)
        self.assertNotIn(password, result.stdout + result.stderr)
        return result

    def start(self, server, *arguments, **more):
        os.environ["SMTP_PASSWORD"] = PASSWORD
        self.addCleanup(os.environ.pop, "SMTP_PASSWORD", None)
        return self.enterContext(programs.Running("buy_notifier", *self.arguments(server, *arguments, **more),
                                                  directory=self.directory))

    @staticmethod
    def buys(mails):
        lines = [line.split() for mail in mails for line in mail.get_content().splitlines() if line.startswith("  ")]
        return [f"{symbol}@{day}" for symbol, day in lines]

    def test_many_buys_are_one_mail_and_a_restart_repeats_none(self):
        server = self.serve()
        ids = self.put(600)
        self.notify(server, to="b@y.example,c@y.example", digest="1s")
        self.assertEqual(len(server.mails), 1)
        mail = server.mails[0]
        self.assertEqual(self.buys([mail]), ids)
        self.assertEqual(mail["From"], "buys@x.example")
        self.assertEqual(mail.recipients, ["b@y.example", "c@y.example"])
        self.assertEqual(mail["Subject"], "600 buys: SYM0, SYM1, SYM2, SYM3, SYM4 and 2 more")
        self.assertRegex(mail["Message-ID"], r"^<buy\.0\.0-599\.[0-9a-f]{16}@x\.example>$")
        self.notify(server, digest="1s")
        self.assertEqual(len(server.mails), 1)
        more = self.put(1)
        self.notify(server)
        self.assertEqual(self.buys(server.mails[1:]), more)
        self.assertEqual(server.mails[1]["Subject"], "1 buy: SYM5")

    def test_buys_that_wait_for_their_mail_come_after_a_restart(self):
        server = self.serve()
        ids = self.put(3)
        waiting = self.start(server, digest="1h")
        wait_for(lambda: "copies topics" in waiting.log(), "the start")
        self.assertEqual(waiting.stop(), 0, waiting.log())
        self.assertEqual(server.mails, [])
        self.notify(server)
        self.assertEqual(self.buys(server.mails), ids)

    def test_a_crash_before_the_commit_repeats_the_mail_with_its_id_or_not_at_all(self):
        chance = random.Random()
        for run in range(KILL_RUNS):
            server = self.serve()
            ids = self.put(200)
            arguments = ("-c", f"application.id=run{run}", "--max-buys", 30)
            # The process dies when the server has the mail and has not said so: at a random mail.
            process = self.start(server, *arguments)
            at = chance.randrange(1, 7)
            server.after_data = lambda: process.kill() if len(server.mails) == at else None
            wait_for(lambda: not process.running(), "the kill")
            server.after_data = None
            self.put(10)
            self.notify(server, *arguments)
            by_id = {}
            for mail in server.mails:
                by_id.setdefault(mail["Message-ID"], []).append(self.buys([mail]))
            with self.subTest(run=run, at=at):
                self.assertTrue(all(mails == mails[:1] * len(mails) for mails in by_id.values()), by_id)
                self.assertLessEqual(sum(len(mails) - 1 for mails in by_id.values()), 1)
                found = [one for mails in by_id.values() for one in mails[0]]
                self.assertEqual(len(found), self.count)
                self.assertEqual(found[-210:-10], ids)

    def test_kill_9_at_random_moments_loses_no_buy(self):
        chance = random.Random()
        for run in range(KILL_RUNS):
            server = self.serve()
            self.put(300)
            arguments = ("-c", f"application.id=random{run}", "--max-buys", 20)
            for mails in sorted(chance.sample(range(1, 12), 2)):
                process = self.start(server, *arguments)
                wait_for(lambda: len(server.mails) >= mails or not process.running(), "the next mail")
                process.kill()
            self.notify(server, *arguments)
            by_id = {mail["Message-ID"]: self.buys([mail]) for mail in server.mails}
            self.assertEqual(sum(map(len, by_id.values())), self.count)

    def test_a_refused_recipient_does_not_take_the_mail_from_others(self):
        server = self.serve()
        server.answers["nobody@y.example"] = "550 5.1.1 no such user here"
        ids = self.put(2)
        result = self.notify(server, to="nobody@y.example,b@y.example")
        self.assertIn("refuses the recipient nobody@y.example: 550 5.1.1 no such user here", result.stderr)
        self.assertEqual((self.buys(server.mails), server.mails[0].recipients), (ids, ["b@y.example"]))

    def test_a_recipient_that_must_wait_gets_the_mail_later_and_the_others_once(self):
        server = self.serve()
        server.answers["busy@y.example"] = ["450 try later", "450 try later"]
        ids = self.put(2)
        self.notify(server, to="busy@y.example,b@y.example")
        self.assertEqual([mail.recipients for mail in server.mails], [["b@y.example"], ["busy@y.example"]])
        self.assertEqual(len({mail["Message-ID"] for mail in server.mails}), 1)
        self.assertEqual(self.buys(server.mails), ids * 2)

    def test_buys_of_a_mail_that_is_refused_for_good_are_dead_letters(self):
        for name, setting in (("recipient", {"answers": {"b@y.example": "550 no such user"}}),
                              ("mail", {"data_answers": ["552 5.3.4 the mail is too large"]})):
            with self.subTest(name):
                server = self.serve()
                server.__dict__.update(setting)
                ids = self.put(3)
                self.notify(server, "--dead-letters", f"refused-{name}", "--create-topics")
                letters = programs.records(self.broker, f"refused-{name}")
                self.assertEqual([json.loads(letter["value"])["A_ID"] for letter in letters], ids)
                self.assertIn("55", str(letters[0]["headers"]))
                self.assertEqual(server.mails, [])

    def test_records_that_are_no_buys_are_dead_letters(self):
        server = self.serve()
        bad = ["nonsense", "{}", '{"A_ID":7}', '{"A_ID":""}', '{"A_ID":"a\\r\\nBcc: x@y"}', json.dumps({"A_ID": "x" * 300})]
        ids = self.put(1)
        programs.run("topics", "put", "buy", "--format", "records", *self.broker,
                     stdin="\n".join(json.dumps({"value": text}) for text in bad) + '\n{"value": null}')
        ids += self.put(1)
        self.notify(server, "--dead-letters", "refused", "--create-topics")
        self.assertEqual(self.buys(server.mails), ids)
        letters = programs.records(self.broker, "refused")
        self.assertEqual([letter["value"] for letter in letters], [*bad, None])

    def test_a_server_that_is_away_or_busy_is_tried_again(self):
        server = self.serve()
        port = server.port
        server.stop()
        ids = self.put(4)
        process = self.start(server, "--until-end")
        wait_for(lambda: "trying again" in process.log(), "a retry")
        again = self.serve(port=port)
        again.data_answers = ["451 4.3.0 later", "421 closing"]
        self.assertEqual(process.process.wait(60), 0, process.log())
        self.assertEqual(self.buys(again.mails), ids)

    def test_what_does_not_pass_by_itself_ends_the_program(self):
        server = self.serve()
        self.put(1)
        wrong = self.notify(server, password="wr0ng-password", check=False)
        self.assertEqual(wrong.returncode, 1, wrong.stderr)
        self.assertIn("check user and password", wrong.stderr)
        plain = self.serve(starttls=False, login=False)
        without = self.notify(plain, check=False)
        self.assertEqual(without.returncode, 1, without.stderr)
        self.assertIn("STARTTLS", without.stderr)
        other = pathlib.Path(self.directory) / "other"
        other.mkdir()
        distrusted = programs.run("buy_notifier", *self.arguments(server, "--until-end"), "--tls-ca", certificate(other)[1],
                                  check=False, env={"SMTP_PASSWORD": PASSWORD})
        self.assertNotEqual(distrusted.returncode, 0)
        self.assertEqual(server.mails + plain.mails, [])
        anonymous = programs.run("buy_notifier", "--smtp", plain.url, "--plain", "--mail-from", "a@x.example", "--mail-to",
                                 "b@y.example", "--digest", "0", "--until-end", *self.broker)
        self.assertEqual(len(plain.mails), 1, anonymous.stderr)

    def test_wrong_options_are_told_at_once(self):
        good = {"--smtp": "smtp://127.0.0.1:1", "--mail-from": "a@x.example", "--mail-to": "b@y.example"}
        for change, text in (({"--smtp": "http://127.0.0.1"}, "smtp://host:587"), ({"--mail-from": "nobody"}, "not a mail address"),
                             ({"--mail-to": "a@b,x y@z"}, "not a mail address"), ({"--digest": "soon"}, "not a time"),
                             ({"--user": "me"}, "SMTP_PASSWORD"), ({"--mail-to": ""}, "--mail-to"),
                             ({"--password-file": "/does/not/exist", "--user": "me"}, "/does/not/exist")):
            with self.subTest(change=change):
                options = [part for pair in (good | change).items() for part in pair]
                failed = programs.run("buy_notifier", *options, *self.broker, check=False, timeout=30)
                self.assertEqual(failed.returncode, 2, failed.stderr)
                self.assertIn(text, failed.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
