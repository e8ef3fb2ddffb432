# SPDX-License-Identifier: Apache-2.0
"""The fenced blocks of README.md, and what is made of them. As a program: writes the project that README.md describes."""

import dataclasses
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
README = ROOT / "README.md"


@dataclasses.dataclass
class Block:
    language: str
    text: str
    line: int  # of the first line inside the fence, from 1


@dataclasses.dataclass
class Command:
    text: str  # as printed, without the comment at its end
    note: str  # this comment
    line: int


def blocks(text, refuse_indented=True):
    """All fenced blocks in their order. Indented blocks are refused, because their commands would escape the test."""
    found, current = [], None
    for number, line in enumerate(text.splitlines(), 1):
        fence = re.fullmatch(r"```(\w*)", line)
        if fence and current is None:
            current = Block(fence[1], "", number + 1)
            if not current.language:
                raise ValueError(f"README.md:{number}: the block has no language: write ```sh, ```text, ```cpp or ```cmake")
        elif fence:
            found.append(current)
            current = None
        elif current is not None:
            current.text += line + "\n"
        elif refuse_indented and line.startswith("    "):
            raise ValueError(f"README.md:{number}: an indented block: write a fence, so that its commands are tested")
    if current is not None:
        raise ValueError(f"README.md:{current.line - 1}: the block has no end")
    return found


def commands(block):
    """The commands of a block of language sh. A line that ends with '|' or a backslash goes on."""
    found, text, begin = [], "", None
    for number, line in enumerate(block.text.splitlines(), block.line):
        code, _, note = line.partition(" # ")
        code = code.strip()
        begin = begin or number
        text = f"{text} {code}".strip().removesuffix("\\").strip()
        if not line.endswith(("|", "\\")):
            found.append(Command(text, note.strip(), begin))
            text, begin = "", None
    if text:
        raise ValueError(f"README.md:{begin}: the command has no end: {text}")
    return found


def program(all_blocks):
    """The program: the first block of language cpp."""
    return next(block.text for block in all_blocks if block.language == "cpp")


def project(all_blocks):
    """The files of README.md's project, by name: what its text tells a reader to write."""
    cmake = [block.text for block in all_blocks if block.language == "cmake"]
    sources = [block.text for block in all_blocks if block.language == "cpp"]
    if len(cmake) != 1 or len(sources) != 2:
        raise ValueError(f"README.md has {len(cmake)} CMakeLists.txt and {len(sources)} sources, not one, a program and a test")
    header, main, body = program(all_blocks).partition("\nint main(")
    if not main:
        raise ValueError("README.md: the program has no main()")
    return {"CMakeLists.txt": cmake[0], "hot_readings.hpp": header, "hot_readings_test.cpp": sources[1],
            "main.cpp": '#include "hot_readings.hpp"\n' + main + body}


def main():
    if len(sys.argv) != 2:
        print("usage: readme_blocks.py DIRECTORY\nWrites the project that README.md describes.", file=sys.stderr)
        return 2
    directory = pathlib.Path(sys.argv[1])
    directory.mkdir(parents=True, exist_ok=True)
    for name, text in project(blocks(README.read_text(encoding="utf-8"))).items():
        (directory / name).write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
