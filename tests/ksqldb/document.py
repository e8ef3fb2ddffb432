#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares the C++ blocks of docs/ksqldb.md with the rows in the sources of this folder. See usage at the end.

A row is the text between two lines of a source:

    // [row: NAME]
    ...
    // [end]

It is the C++ block under the heading NAME of the document. The indentation that all its lines share is left out.
"""

import argparse
import difflib
import pathlib
import re
import sys
import textwrap

FOLDER = pathlib.Path(__file__).resolve().parent
DOCUMENT = FOLDER.parents[1] / "docs" / "ksqldb.md"
BEGIN = re.compile(r"\s*// \[row: (.+)\]$")
END = "// [end]"
HEADING = re.compile(r"#+ (.+)$")


class Mistake(Exception):
    """A marker or block that cannot be understood; the text says where and what."""


def read_rows(sources):
    """The rows of all sources, as {name: (place, lines)}."""
    rows = {}
    for source in sorted(sources):
        name = None
        for number, line in enumerate(source.read_text(encoding="utf-8").splitlines(), 1):
            place = f"{source.name}:{number}"
            begin = BEGIN.match(line)
            if begin and name:
                raise Mistake(f"{place}: the row '{name}' has no '{END}' before the next row begins")
            if begin:
                name = begin[1]
                if name in rows:
                    raise Mistake(f"{place}: the row '{name}' is there already, in {rows[name][0]}")
                rows[name] = (place, [])
            elif line.strip() == END:
                if not name:
                    raise Mistake(f"{place}: '{END}' ends no row")
                name = None
            elif name:
                rows[name][1].append(line)
        if name:
            raise Mistake(f"{source.name}: the row '{name}' has no '{END}'")
    return {name: (place, textwrap.dedent("\n".join(lines)).splitlines()) for name, (place, lines) in rows.items()}


def read_blocks(lines):
    """The C++ blocks of the document, as {heading: (first, last)}: lines[first:last] are the text of the block."""
    blocks = {}
    heading, first, language = None, None, None
    for index, line in enumerate(lines):
        if line.startswith("```"):
            if first is None:
                first, language = index + 1, line[3:].strip()
                continue
            if language == "cpp":
                if not heading:
                    raise Mistake(f"line {first}: a C++ block needs a heading that names its row")
                if heading in blocks:
                    raise Mistake(f"line {first}: the heading '{heading}' has two C++ blocks; give each a heading")
                blocks[heading] = (first, index)
            first = None
        elif first is None and HEADING.match(line):
            heading = HEADING.match(line)[1]
    if first is not None:
        raise Mistake(f"line {first}: this block has no end")
    return blocks


def compare(rows, text):
    """What differs, one text for each difference."""
    lines = text.splitlines()
    blocks = read_blocks(lines)
    found = [f"the heading '{name}' has a C++ block, but no source has '// [row: {name}]'"
             for name in blocks if name not in rows]
    for name, (place, row) in rows.items():
        if name not in blocks:
            found.append(f"{place}: the row '{name}' is not in the document: add a heading of this name with a C++ block")
            continue
        first, last = blocks[name]
        if lines[first:last] != row:
            difference = difflib.unified_diff(lines[first:last], row, f"document:{first + 1}", place, lineterm="")
            found.append(f"the block under '{name}' differs from its row; document.py --write changes it:\n"
                         + "\n".join(difference))
    return found


def rewrite(rows, text):
    """The document with all blocks replaced by their rows."""
    lines = text.splitlines()
    for name, (first, last) in sorted(read_blocks(lines).items(), key=lambda block: block[1], reverse=True):
        if name in rows:
            lines[first:last] = rows[name][1]
    return "\n".join(lines) + "\n"


def sources_of(folder):
    return [path for pattern in ("*.cpp", "*.hpp") for path in folder.glob(pattern)]


def main():
    usage = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    usage.add_argument("--write", action="store_true", help="write the C++ blocks of the document anew")
    arguments = usage.parse_args()
    try:
        rows = read_rows(sources_of(FOLDER))
        text = DOCUMENT.read_text(encoding="utf-8")
        if arguments.write:
            text = rewrite(rows, text)
            DOCUMENT.write_text(text, encoding="utf-8")
        found = compare(rows, text)
    except Mistake as mistake:
        found = [str(mistake)]
    for line in found:
        print(line, file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
