#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks that the framework reads every configuration key that has an effect.

The table of keys is framework/src/config/config_keys.cpp. The exit code is 1 if no other source of the framework names a
key marked kSupported, or if a source reads a key marked kIgnored.
"""

import pathlib
import re
import sys

FRAMEWORK = pathlib.Path(__file__).resolve().parent.parent / "framework"
TABLE = FRAMEWORK / "src/config/config_keys.cpp"
ROW = re.compile(r'\b(?:text|java_class|list|flag|number|bytes|millis)\(\s*"([a-z0-9._]+)",\s*"[^"]*",\s*(k\w+)')

sources = "".join(p.read_text(encoding="utf-8") for p in FRAMEWORK.rglob("*.?pp") if p != TABLE)
table = TABLE.read_text(encoding="utf-8")
aliases = re.findall(r'alias\(\w+\("([a-z.]+)"', table)
wrong = []
for key, support in ROW.findall(table):
    read = re.search(rf'(get_\w+|given|configured\w*)\("{re.escape(key)}"', sources) is not None
    named = f'"{key}"' in sources
    if support == "kSupported" and not named and key not in aliases:
        wrong.append(f"{key} is marked kSupported, but no source names it")
    if support == "kIgnored" and read:
        wrong.append(f"{key} is marked kIgnored, but it is read")
print("\n".join(wrong + [f"configuration keys: {len(wrong)} wrong"]))
sys.exit(1 if wrong else 0)
