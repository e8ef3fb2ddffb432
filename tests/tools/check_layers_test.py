# SPDX-License-Identifier: Apache-2.0
"""scripts/check-layers.py: each kind of wrong include is found."""

import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

TOOL = pathlib.Path(__file__).resolve().parents[2] / "scripts/check-layers.py"


class CheckLayers(unittest.TestCase):
    def setUp(self):
        self.root = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.root)
        (self.root / "scripts").mkdir()
        shutil.copy(TOOL, self.root / "scripts")

    def check(self, path, *includes):
        file = self.root / "framework" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("".join(f"#include {i}\n" for i in includes), encoding="utf-8")
        run = subprocess.run([sys.executable, self.root / "scripts" / TOOL.name], capture_output=True, text=True,
                             check=False)
        self.assertIn(run.returncode, (0, 1), run.stderr)
        file.unlink()
        return run.returncode == 0

    def test_lets_upper_layers_use_lower_ones(self):
        self.assertTrue(self.check("src/runtime/a.cpp", '"millrace/state/stores.hpp"', '"topology/node.hpp"', "<vector>"))
        self.assertTrue(self.check("src/broker/kafka/a.cpp", '"millrace/broker/broker.hpp"', "<librdkafka/rdkafka.h>"))

    def test_finds_a_lower_layer_that_uses_an_upper_one(self):
        self.assertFalse(self.check("src/state/a.cpp", '"millrace/runtime/streams.hpp"'))
        self.assertFalse(self.check("include/millrace/common/a.hpp", '"millrace/serde/serde.hpp"'))
        self.assertFalse(self.check("src/broker/kafka/a.cpp", '"broker/embedded/log.hpp"'))
        self.assertFalse(self.check("src/topology/a.cpp", '"runtime/streams_runtime.hpp"'))

    def test_finds_libraries_where_users_would_see_them(self):
        self.assertTrue(self.check("src/state/a.cpp", "<rocksdb/db.h>"))
        self.assertFalse(self.check("include/millrace/state/a.hpp", "<rocksdb/db.h>"))
        self.assertFalse(self.check("src/runtime/a.cpp", "<librdkafka/rdkafka.h>"))

    def test_finds_private_headers_in_public_ones(self):
        self.assertFalse(self.check("include/millrace/runtime/a.hpp", '"runtime/streams_runtime.hpp"'))

    def test_finds_a_folder_that_is_no_layer(self):
        self.assertFalse(self.check("src/misc/a.cpp"))

    def test_finds_rooms_that_use_rooms_above_them(self):
        self.assertTrue(self.check("src/runtime/thread/a.cpp", '"runtime/task/stream_task.hpp"'))
        self.assertFalse(self.check("src/runtime/task/a.cpp", '"runtime/thread/stream_thread.hpp"'))
        self.assertFalse(self.check("src/state/memory/a.cpp", '"state/cache/stores.hpp"'))
        self.assertTrue(self.check("include/millrace/dsl/detail/windows/a.hpp", '"millrace/dsl/detail/tables/b.hpp"'))
        self.assertFalse(self.check("include/millrace/dsl/detail/tables/a.hpp", '"millrace/dsl/detail/windows/b.hpp"'))

    def test_lets_no_room_of_the_runtime_use_what_stands_above_the_rooms(self):
        self.assertTrue(self.check("src/runtime/streams_runtime.cpp", '"runtime/thread/stream_thread.hpp"'))
        self.assertTrue(self.check("src/runtime/task/a.cpp", '"millrace/runtime/error_handlers.hpp"'))
        self.assertFalse(self.check("src/runtime/task/a.cpp", '"runtime/streams_runtime.hpp"'))

    def test_finds_a_folder_that_is_no_room(self):
        self.assertFalse(self.check("src/runtime/misc/a.cpp"))


unittest.main()
