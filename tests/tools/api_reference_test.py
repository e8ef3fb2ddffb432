# SPDX-License-Identifier: Apache-2.0
"""scripts/api-reference.sh: mistakes in docstrings and missing docstrings are found."""

import pathlib
import shutil
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]


class ApiReference(unittest.TestCase):
    def setUp(self):
        self.root = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.root)
        headers = self.root / "framework" / "include" / "millrace"
        headers.mkdir(parents=True)
        for folder in ("scripts", "docs"):
            (self.root / folder).mkdir()
        shutil.copy(ROOT / "scripts" / "api-reference.sh", self.root / "scripts")
        shutil.copy(ROOT / "docs" / "Doxyfile", self.root / "docs")
        (self.root / "docs" / "api-reference.md").write_text(
            "# API reference {#mainpage}\n\n@namespace millrace\n@brief For users.\n", encoding="utf-8")
        shutil.copy(ROOT / "framework" / "include" / "millrace" / "version.hpp", headers)
        self.header = headers / "a.hpp"

    def check(self, text):
        self.header.write_text(f"#pragma once\nnamespace millrace {{\n{text}\n}}  // namespace millrace\n", encoding="utf-8")
        run = subprocess.run([self.root / "scripts" / "api-reference.sh"], capture_output=True, text=True, check=False)
        self.assertIn(run.returncode, (0, 1), run.stderr)
        if run.returncode == 1:
            self.assertIn("millrace/a.hpp:", run.stdout)
        return run.returncode == 0

    def test_accepts_what_is_documented(self):
        self.assertTrue(self.check("/// A.\nclass A {\n public:\n  int size() const;\n};\n/// Makes one.\nA make(int a);"))
        self.assertTrue((self.root / "build/docs/html/classmillrace_1_1A.html").exists())

    def test_accepts_private_code_without_docstrings(self):
        self.assertTrue(self.check("namespace detail {\nclass B {};\nvoid f();\n}  // namespace detail"))

    def test_finds_a_class_without_docstring(self):
        self.assertFalse(self.check("class A {\n public:\n  /// The size.\n  int size() const;\n};"))

    def test_finds_a_function_without_docstring(self):
        self.assertFalse(self.check("int make();"))

    def test_finds_unknown_commands(self):
        self.assertFalse(self.check("/// Makes one, see @nothing.\nint make();"))

    def test_finds_wrong_names_of_parameters(self):
        self.assertFalse(self.check("/// Makes one.\n/// @param b  the size\nint make(int a);"))

    def test_finds_references_to_nothing(self):
        self.assertFalse(self.check("/// Makes one, see @ref Nothing.\nint make();"))


unittest.main()
