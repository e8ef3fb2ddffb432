#!/usr/bin/env python3
"""Checks that the layers of framework/ include only what stands below them.

A folder of framework/include/millrace or framework/src is a layer; LAYERS says what it may include beside itself,
LIBRARIES where the headers of a library may appear. Prints each breach as file:line and exits with 1 if there is one.
"""

import pathlib
import re
import sys

FRAMEWORK = pathlib.Path(__file__).resolve().parent.parent / "framework"

# Lowest first. What users see (dsl, processor) and the graph that it builds (topology) stand on serde and state;
# the runtime drives the graph over the broker interface; the two brokers know nothing of any of this.
LAYERS = {
    "common": [],
    "broker": ["common"],
    "broker_kafka": ["common", "broker"],
    "broker_embedded": ["common", "broker"],
    "serde": ["common"],
    "state": ["common", "broker", "serde"],
    "processor": ["common", "broker", "serde", "state"],
    "topology": ["common", "broker", "serde", "state", "processor"],
    "dsl": ["common", "broker", "serde", "state", "processor", "topology"],
    "runtime": ["common", "broker", "serde", "state", "processor", "topology", "dsl"],
    "testing": ["common", "broker", "serde", "state", "processor", "topology", "dsl", "runtime"],
    "app": ["common", "broker", "serde", "state", "processor", "topology", "dsl", "runtime"],
}

# Plain values without behaviour that lower layers may name too.
VALUES = {"millrace/processor/record.hpp": "common"}

# Include prefix: the layers whose sources may use it, and whether their public headers may as well.
LIBRARIES = {
    "rocksdb/": (["state", "broker_embedded"], False),
    "librdkafka/": (["broker_kafka"], False),
    "simdjson": (["serde", "state", "broker_embedded"], False),
    "nlohmann/": (["serde", "app"], True),
    "CLI/": (["app"], False),
    "spdlog/": (["common"], False),
}

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


def layer_of(path):
    """The layer of a path below framework/include/millrace or framework/src; None for the umbrella headers."""
    parts = pathlib.PurePosixPath(path).parts
    if parts[0] == "broker" and len(parts) > 2 and parts[1] in ("kafka", "embedded"):
        return "broker_" + parts[1]
    return parts[0] if len(parts) > 1 else None


def breaches(file):
    public = file.is_relative_to(FRAMEWORK / "include")
    inside = file.relative_to(FRAMEWORK / ("include/millrace" if public else "src"))
    layer = layer_of(inside)
    if layer is None:
        return
    if layer not in LAYERS:
        yield 1, f"folder '{layer}' is no layer: add it to LAYERS in scripts/check-layers.py"
        return
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
        match = INCLUDE.match(line)
        if not match:
            continue
        quote, path = match.groups()
        if path.startswith("millrace/"):
            target = VALUES.get(path) or layer_of(path.removeprefix("millrace/"))
            if target is None and path != "millrace/version.hpp":
                yield number, f"<{path}> is for users: include the headers that are needed"
        elif quote == '"':
            if public:
                yield number, f'"{path}": a public header may include public headers only, as "millrace/..."'
            # Found beside the including file, else from framework/src, as the compiler does.
            target = layer if (file.parent / path).exists() else layer_of(path)
        else:
            target = None
            for prefix, (layers, in_headers) in LIBRARIES.items():
                if path.startswith(prefix) and (layer not in layers or (public and not in_headers)):
                    yield number, f"<{path}> belongs to the sources of {', '.join(layers)}"
        if target is not None and target != layer and target not in LAYERS[layer]:
            yield number, f"layer {layer} may not include {path} (layer {target})"


def main():
    files = sorted(p for p in FRAMEWORK.rglob("*") if p.suffix in (".hpp", ".cpp"))
    found = 0
    for file in files:
        for number, text in breaches(file):
            print(f"{file.relative_to(FRAMEWORK.parent)}:{number}: {text}")
            found += 1
    print(f"layers: {len(files)} files, {found} wrong includes")
    return 1 if found else 0


sys.exit(main())
