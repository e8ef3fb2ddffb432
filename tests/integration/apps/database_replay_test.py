#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""price_ingest and price_replay --database, with a real MariaDB."""

import unittest
from urllib.parse import urlsplit

import programs


class DatabaseReplay(unittest.TestCase):
    def setUp(self):
        self.server = urlsplit(programs.mariadb())
        self.directory = self.enterContext(programs.scratch_directory())
        self.database = programs.mariadb()

    def test_gives_the_same_topic_as_the_csv_file(self):
        for _ in range(2):
            programs.run("price_ingest", "--csv", programs.SHIPPED_CSV, "--database", self.database)
        pricelists = []
        for source in (("--csv", programs.SHIPPED_CSV), ("--database", self.database)):
            broker = ("--broker", f"embedded:{self.directory}/{source[0]}")
            output = programs.run("price_replay", *source, *broker).stdout
            self.assertIn("12,154 rows replayed", output)
            pricelists.append(programs.records(broker, "pricelist"))
        self.assertEqual(len(pricelists[0]), 12154)
        self.assertEqual(pricelists[0], pricelists[1])

    def test_the_password_may_come_from_the_environment(self):
        url = self.database.replace(f":{self.server.password}@", "@")
        result = programs.run("price_ingest", "--csv", programs.SHIPPED_CSV, "--database", url,
                              env={"MYSQL_PWD": self.server.password})
        self.assertIn("12,154 rows", result.stdout)

    def test_a_refused_password_ends_at_once_and_is_not_shown(self):
        url = self.database.replace(f":{self.server.password}@", ":wrong-secret@")
        result = programs.run("price_ingest", "--csv", programs.SHIPPED_CSV, "--database", url, check=False, timeout=30)
        self.assertEqual(result.returncode, 1)
        self.assertIn("Access denied", result.stderr)
        self.assertNotIn("wrong-secret", result.stderr + result.stdout)


if __name__ == "__main__":
    unittest.main(verbosity=2)
