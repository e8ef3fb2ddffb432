# SPDX-License-Identifier: Apache-2.0
"""scripts/check-licences.py: a source without licence is named, and --add mends it."""

import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

TOOL = pathlib.Path(__file__).resolve().parents[2] / "scripts" / "check-licences.py"
LICENCE = "SPDX-License-Identifier: Apache-2.0"


class CheckLicences(unittest.TestCase):
    def setUp(self):
        self.root = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.root)
        subprocess.run(["git", "init", "-q", self.root], check=True)
        # The tool is no source of this project.
        self.write(".gitignore", "scripts/\nbuild/\n")
        self.write("scripts/a", "")
        shutil.copy(TOOL, self.root / "scripts")

    def write(self, name, text):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def read(self, name):
        return (self.root / name).read_text(encoding="utf-8")

    def run_tool(self, *arguments):
        return subprocess.run([sys.executable, self.root / "scripts" / TOOL.name, *arguments], capture_output=True, text=True,
                              check=False)

    def named(self, files):
        """The names of those files that the check names."""
        for name, text in files.items():
            self.write(name, text)
        run = self.run_tool()
        found = [line.partition(":")[0] for line in run.stdout.splitlines()[:-1]]
        self.assertEqual(run.returncode, 1 if found else 0, run.stderr)
        return found

    def test_accepts_sources_with_licence(self):
        self.assertEqual(self.named({
            "a.hpp": f"// {LICENCE}\n#pragma once\n", "b/CMakeLists.txt": f"# {LICENCE}\nproject(b)\n",
            "c.py": f"#!/usr/bin/env python3\n# {LICENCE}\n", "run": f"#!/bin/sh\n# {LICENCE}\n"}), [])

    def test_names_each_kind_of_source_without_licence(self):
        names = ["A.java", "CMakeLists.txt", "Dockerfile", "a.cmake", "a.cmake.in", "a.cpp", "a.hpp", "a.py", "a.sh"]
        self.assertEqual(self.named({name: "int a;\n" for name in names} | {"empty.py": "", "run": "#!/bin/sh\n"}),
                         [*names, "empty.py", "run"])

    def test_names_licences_of_another_name_or_in_another_place(self):
        self.assertEqual(self.named({"a.cpp": "// SPDX-License-Identifier: MIT\n", "b.cpp": f"# {LICENCE}\n",
                                     "c.cpp": f"int a;\n// {LICENCE}\n"}), ["a.cpp", "b.cpp", "c.cpp"])

    def test_leaves_out_data_and_ignored_files(self):
        self.assertEqual(self.named({"a.json": "{}\n", "a.md": "# A\n", "build/a.cpp": "int a;\n"}), [])

    def test_add_writes_the_line_once_where_it_belongs(self):
        self.write("a.hpp", "#pragma once\n")
        self.write("b.py", "#!/usr/bin/env python3\n'''b'''\n")
        self.write("run", "#!/bin/sh")
        for _ in range(2):
            self.assertEqual(self.run_tool("--add").returncode, 0)
        self.assertEqual(self.read("a.hpp"), f"// {LICENCE}\n#pragma once\n")
        self.assertEqual(self.read("b.py"), f"#!/usr/bin/env python3\n# {LICENCE}\n'''b'''\n")
        self.assertEqual(self.read("run"), f"#!/bin/sh\n# {LICENCE}\n")
        self.assertEqual(self.run_tool().returncode, 0)

    def test_refuses_unknown_arguments(self):
        self.assertEqual(self.run_tool("--remove").returncode, 2)


unittest.main()
