#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""docs/ksqldb.md shows the rows that the tests of this folder run, and document.py finds each kind of difference."""

import pathlib
import tempfile
import unittest

from document import DOCUMENT, FOLDER, Mistake, compare, read_rows, rewrite, sources_of

SOURCE = """\
  StreamsBuilder builder;
  // [row: WHERE]
  orders.filter(large)
      .to("out");
  // [end]
"""
TEXT = """\
# Title

### WHERE

```sql
SELECT 1;
```

```cpp
orders.filter(large)
    .to("out");
```
"""


class Document(unittest.TestCase):
    maxDiff = None

    def test_shows_the_rows_of_the_tests(self):
        rows = read_rows(sources_of(FOLDER))
        self.assertGreater(len(rows), 30)
        found = compare(rows, DOCUMENT.read_text(encoding="utf-8"))
        if found:
            self.fail("\n" + "\n".join(found))

    def test_differs_after_any_change_of_a_block(self):
        rows = read_rows(sources_of(FOLDER))
        text = DOCUMENT.read_text(encoding="utf-8")
        for name, (_, lines) in rows.items():
            changed = text.replace("\n" + lines[0] + "\n", "\n" + lines[0] + "  // changed\n")
            self.assertIn(f"the block under '{name}' differs", "\n".join(compare(rows, changed)))


class Rows(unittest.TestCase):
    def rows(self, source):
        with tempfile.TemporaryDirectory() as directory:
            path = pathlib.Path(directory) / "a_test.cpp"
            path.write_text(source, encoding="utf-8")
            return read_rows([path])

    def mistake(self, source):
        with self.assertRaises(Mistake) as raised:
            self.rows(source)
        return str(raised.exception)

    def test_are_compared_without_their_indentation(self):
        self.assertEqual(compare(self.rows(SOURCE), TEXT), [])

    def test_that_differ_are_named_with_the_lines(self):
        found = compare(self.rows(SOURCE.replace("large", "small")), TEXT)
        self.assertEqual(len(found), 1)
        self.assertIn("the block under 'WHERE' differs", found[0])
        self.assertIn("-orders.filter(large)\n+orders.filter(small)", found[0])

    def test_without_a_block_are_named(self):
        found = compare(self.rows(SOURCE + SOURCE.replace("WHERE", "CASE")), TEXT)
        self.assertEqual(len(found), 1)
        self.assertIn("a_test.cpp:7: the row 'CASE' is not in the document", found[0])

    def test_that_a_block_lacks_are_named(self):
        found = compare({}, TEXT)
        self.assertEqual(found, ["the heading 'WHERE' has a C++ block, but no source has '// [row: WHERE]'"])

    def test_need_both_markers_and_names_of_their_own(self):
        self.assertIn("a_test.cpp:7: the row 'WHERE' is there already", self.mistake(SOURCE + SOURCE))
        self.assertIn("has no '// [end]'", self.mistake("// [row: A]\n"))
        self.assertIn("has no '// [end]' before", self.mistake("// [row: A]\n// [row: B]\n"))
        self.assertIn("ends no row", self.mistake("// [end]\n"))

    def test_are_written_into_the_document(self):
        rows = self.rows(SOURCE.replace("large", "small"))
        self.assertEqual(rewrite(rows, TEXT), TEXT.replace("large", "small"))

    def test_need_one_block_for_each_heading(self):
        with self.assertRaisesRegex(Mistake, "two C[+][+] blocks"):
            compare({}, TEXT + TEXT[TEXT.index("```cpp"):])
        with self.assertRaisesRegex(Mistake, "has no end"):
            compare({}, TEXT + "```cpp\n")
        with self.assertRaisesRegex(Mistake, "needs a heading"):
            compare({}, TEXT[TEXT.index("```cpp"):])


if __name__ == "__main__":
    unittest.main()
