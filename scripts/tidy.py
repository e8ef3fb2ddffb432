#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs clang-tidy over the sources of framework/, apps/ and examples/.

What was found clean is remembered in the build directory, by the contents of the source, of the project's headers
that it includes, of .clang-tidy and of its compile command: a second run checks only what changed. Exit code 1 if
clang-tidy reports anything.
"""

import argparse
import concurrent.futures
import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
CHECKED = ("framework/src/", "apps/", "examples/")
INCLUDE = re.compile(r'^\s*#\s*include\s*"([^"]+)"', re.MULTILINE)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", help="only these sources (default: all)")
    parser.add_argument("--build-dir", default="build/release", help="where compile_commands.json is (%(default)s)")
    parser.add_argument("--clang-tidy", default="clang-tidy-19", help="the program (%(default)s)")
    parser.add_argument("--budget", type=float, default=0, metavar="SECONDS",
                        help="start no further file after this time and say how many were left (default: no limit)")
    parser.add_argument("-j", "--jobs", type=int, default=os.cpu_count())
    return parser.parse_args()


def include_dirs(command):
    return [pathlib.Path(d) for d in re.findall(r"-I\s*(\S+)", command)]


def closure(source, dirs):
    """The source and every header of the project that it includes, directly or not."""
    seen, todo = set(), [source]
    while todo:
        file = todo.pop()
        if file in seen:
            continue
        seen.add(file)
        for name in INCLUDE.findall(file.read_text(encoding="utf-8", errors="replace")):
            found = next((p for p in (d / name for d in [file.parent, *dirs]) if p.is_file()), None)
            if found and found.resolve().is_relative_to(ROOT):
                todo.append(found.resolve())
    return sorted(seen)


def fingerprint(entry, salt):
    source = pathlib.Path(entry["file"])
    digest = hashlib.sha256(salt)
    digest.update(entry["command"].encode())
    for file in closure(source, include_dirs(entry["command"])):
        digest.update(str(file.relative_to(ROOT)).encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()


def main():
    args = arguments()
    build = (ROOT / args.build_dir).resolve()
    version = subprocess.run([args.clang_tidy, "--version"], capture_output=True, check=True).stdout
    salt = version + (ROOT / ".clang-tidy").read_bytes()
    wanted = {pathlib.Path(f).resolve() for f in args.files}
    entries = {}
    for entry in json.loads((build / "compile_commands.json").read_text()):
        file = pathlib.Path(entry["file"])
        if not file.is_file() or not file.is_relative_to(ROOT):
            continue
        if file in wanted or (not wanted and str(file.relative_to(ROOT)).startswith(CHECKED)):
            entries[file] = entry
    clean_dir = build / ".tidy-clean"
    clean_dir.mkdir(exist_ok=True)

    started = time.monotonic()

    def check(entry):
        mark = clean_dir / fingerprint(entry, salt)
        if mark.exists():
            return "known", ""
        if args.budget and time.monotonic() - started > args.budget:
            return "left", ""
        run = subprocess.run([args.clang_tidy, "--quiet", "-p", str(build), entry["file"]],
                             capture_output=True, text=True, check=False)
        if run.returncode == 0:
            mark.touch()
            return "clean", ""
        return "bad", run.stdout + "\n".join(
            line for line in run.stderr.splitlines() if "warnings generated" not in line and "Suppressed" not in line)

    count = {"known": 0, "clean": 0, "bad": 0, "left": 0}
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        for outcome, text in pool.map(check, entries.values()):
            count[outcome] += 1
            if text:
                print(text.replace(str(ROOT) + "/", ""), flush=True)
    print(f"clang-tidy: {len(entries)} sources, {count['bad']} with findings, {count['known']} unchanged since they "
          f"were clean" + (f", {count['left']} not reached within {args.budget:.0f} s" if count["left"] else ""))
    return 1 if count["bad"] else 0


sys.exit(main())
