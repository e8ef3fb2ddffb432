#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks that each source names its licence: an SPDX line is the first line, or the second one after `#!`.

Sources are the files that git tracks, and new ones that it does not ignore, with a name of MARKS or a first line `#!`.
Prints each file without the line as file:line. The exit code is 1 if there is one. With --add, writes the line into
these files.
"""

import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
LICENCE = "SPDX-License-Identifier: Apache-2.0"

# The end of a file's name, and how a comment begins in it. Data and generated files are of other kinds.
MARKS = {
    ".cpp": "//",
    ".hpp": "//",
    ".java": "//",
    ".py": "#",
    ".sh": "#",
    ".cmake": "#",
    ".cmake.in": "#",
    "CMakeLists.txt": "#",
    "Dockerfile": "#",
}


def mark_of(path):
    """How a comment begins in a source; None: the file is no source."""
    for end, mark in MARKS.items():
        if path.name.endswith(end):
            return mark
    with open(path, "rb") as file:
        return "#" if file.read(2) == b"#!" else None


def sources():
    """The sources with their marks."""
    listed = subprocess.run(["git", "-C", ROOT, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
                            capture_output=True, text=True, check=False)
    if listed.returncode != 0:
        sys.exit(f"check-licences.py: git cannot list the files: {listed.stderr.strip()}")
    for name in sorted(filter(None, listed.stdout.split("\0"))):
        path = ROOT / name
        # A deleted file is still listed until the deletion is staged.
        mark = mark_of(path) if path.is_file() and not path.is_symlink() else None
        if mark is not None:
            yield path, mark


def place_of(lines):
    """The number of the line, from 0, where the licence has to be."""
    return 1 if lines and lines[0].startswith("#!") else 0


def main():
    if sys.argv[1:] not in ([], ["--add"]):
        print(f"usage: scripts/check-licences.py [--add]\n\n{__doc__}", file=sys.stderr)
        return 2
    add = sys.argv[1:] == ["--add"]
    count = missing = 0
    for path, mark in sources():
        count += 1
        line = f"{mark} {LICENCE}\n"
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
        place = place_of(lines)
        if lines[place:place + 1] == [line]:
            continue
        missing += 1
        if add:
            if place == 1 and not lines[0].endswith("\n"):
                lines[0] += "\n"
            lines.insert(place, line)
            path.write_text("".join(lines), encoding="utf-8")
        else:
            print(f"{path.relative_to(ROOT)}:{place + 1}: no licence: write '{line.rstrip()}' there, "
                  "or run scripts/check-licences.py --add")
    print(f"licences: {count} files, {missing} {'were added' if add else 'are missing'}")
    return 1 if missing and not add else 0


sys.exit(main())
