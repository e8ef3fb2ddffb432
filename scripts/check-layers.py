#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks that each layer of framework/ includes only lower layers.

A folder of framework/include/millrace or framework/src is a layer. LAYERS says which other layers it may include.
A folder inside a layer is a room. ROOMS says which other rooms of its layer it may include. The folder `detail` holds
private headers of the same layer and is no room; `detail/ROOM` belongs to the room.
LIBRARIES says where the headers of a library may appear.
Prints each breach as file:line. The exit code is 1 if there is one.
"""

import pathlib
import re
import sys

FRAMEWORK = pathlib.Path(__file__).resolve().parent.parent / "framework"

# The layers, lowest first. The user's interface (dsl, processor) and the graph that it builds (topology) use serde and
# state. The runtime drives the graph through the broker interface. The two brokers know none of these.
LAYERS = {
    "common": [],
    "metrics": ["common"],
    "config": ["common"],
    "broker": ["common"],
    "broker_kafka": ["common", "broker"],
    "broker_embedded": ["common", "broker"],
    "serde": ["common"],
    "functions": ["common", "serde"],
    "state": ["common", "metrics", "broker", "serde"],
    "processor": ["common", "metrics", "broker", "serde", "state"],
    "topology": ["common", "metrics", "broker", "serde", "state", "processor"],
    "dsl": ["common", "metrics", "broker", "serde", "functions", "state", "processor", "topology"],
    "runtime": ["common", "metrics", "config", "broker", "serde", "state", "processor", "topology", "dsl"],
    "testing": ["common", "metrics", "config", "broker", "serde", "state", "processor", "topology", "dsl", "runtime"],
    "app": ["common", "metrics", "config", "broker", "serde", "state", "processor", "topology", "dsl", "runtime"],
    "connect": ["common", "metrics", "config", "broker", "app"],
}

# The rooms of a layer, lowest first, and the other rooms that each may include. Files outside of a room may include all
# rooms of their layer.
ROOMS = {
    "state": {
        # A tier keeps entries in memory so that the database need not be read. Tier and database know each other's
        # layout.
        "tier": ["rocksdb"],
        "rocksdb": ["tier"],
        "memory": ["tier"],
        "metered": [],
        # A measured store gives access to the cache behind it.
        "cache": ["tier", "rocksdb", "metered"],
        "changelog": ["memory"],
    },
    "dsl": {
        "graph": [],
        "streams": [],
        "tables": ["streams"],
        "joins": ["streams", "tables"],
        "windows": ["streams", "tables", "joins"],
        "foreign_key": ["streams", "tables", "joins"],
    },
    "runtime": {
        "plan": [],
        "task": [],
        "thread": ["plan", "task"],
        "global": ["task", "thread"],
    },
}

# Layers whose rooms may not include private headers outside of a room. Those headers are above the rooms.
ROOMS_BELOW_PRIVATE_HEADERS = ["runtime"]

# Plain values without behaviour, which lower layers may use too.
VALUES = {"millrace/processor/record.hpp": "common"}

# Include prefix: the layers whose sources may use it, and whether their public headers may use it too.
LIBRARIES = {
    # `broker` has rocksdb_log.hpp, which the databases of `state` and `broker_embedded` use.
    "rocksdb/": (["broker", "state", "broker_embedded"], False),
    "librdkafka/": (["broker_kafka"], False),
    "simdjson": (["serde", "state", "broker_embedded", "app"], False),
    "nlohmann/": (["serde", "app"], True),
    "CLI/": (["app", "connect"], False),
    "spdlog/": (["common"], False),
    "unicode/": (["functions"], False),
}

# Connectors are above all layers, each in a folder of its own.
CONNECTORS = FRAMEWORK / "connectors"
# Headers with a folder in their name that public headers of connectors may include.
CONNECTOR_HEADERS = ("millrace/", "nlohmann/", "sys/")

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


def layer_of(path):
    """The layer of a path below framework/include/millrace or framework/src; None for the umbrella headers."""
    parts = pathlib.PurePosixPath(path).parts
    if parts[0] == "broker" and len(parts) > 2 and parts[1] in ("kafka", "embedded"):
        return "broker_" + parts[1]
    return parts[0] if len(parts) > 1 else None


def room_of(path):
    """The room of a path below framework/include/millrace or framework/src; None for files outside of a room."""
    layer, *rest = pathlib.PurePosixPath(path).parts
    folders = [part for part in rest[:-1] if part != "detail"]
    return folders[0] if folders and layer in ROOMS else None


def room_breach(layer, room, path, private):
    """The error if a file of this room includes `path`, a file of the same layer. None: there is no error."""
    target = room_of(path)
    if room is None or target == room:
        return None
    if target is None:
        if private and layer in ROOMS_BELOW_PRIVATE_HEADERS:
            return f"room {layer}/{room} may not include {path}, which stands above the rooms"
        return None
    if target not in ROOMS[layer][room]:
        return f"room {layer}/{room} may not include {path} (room {layer}/{target})"
    return None


def connector_breaches(file):
    """A connector may use everything. Its public headers show no library, and no private header."""
    if "include" not in file.relative_to(CONNECTORS).parts:
        return
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
        match = INCLUDE.match(line)
        if match and match[1] == '"' and not match[2].startswith("millrace/"):
            yield number, f'"{match[2]}": a public header may include public headers only, as "millrace/..."'
        if match and match[1] == "<" and "/" in match[2] and not match[2].startswith(CONNECTOR_HEADERS):
            yield number, f"<{match[2]}> belongs to the sources of the connector"


def breaches(file):
    if file.is_relative_to(CONNECTORS):
        yield from connector_breaches(file)
        return
    public = file.is_relative_to(FRAMEWORK / "include")
    inside = file.relative_to(FRAMEWORK / ("include/millrace" if public else "src"))
    layer = layer_of(inside)
    if layer is None:
        return
    if layer not in LAYERS:
        yield 1, f"folder '{layer}' is no layer: add it to LAYERS in scripts/check-layers.py"
        return
    room = room_of(inside)
    if room is not None and room not in ROOMS[layer]:
        yield 1, f"folder '{room}' is no room of {layer}: add it to ROOMS in scripts/check-layers.py"
        return
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
        match = INCLUDE.match(line)
        if not match:
            continue
        quote, path = match.groups()
        same_layer = None
        if path.startswith("millrace/"):
            same_layer = path.removeprefix("millrace/")
            target = VALUES.get(path) or layer_of(path.removeprefix("millrace/"))
            if target is None and path != "millrace/version.hpp":
                yield number, f"<{path}> is for users: include the headers that are needed"
        elif quote == '"':
            if public:
                yield number, f'"{path}": a public header may include public headers only, as "millrace/..."'
            # Search beside the including file, then in framework/src, as the compiler does.
            beside = (file.parent / path).exists()
            target = layer if beside else layer_of(path)
            same_layer = None if beside else path
        else:
            target = None
            for prefix, (layers, in_headers) in LIBRARIES.items():
                if path.startswith(prefix) and (layer not in layers or (public and not in_headers)):
                    yield number, f"<{path}> belongs to the sources of {', '.join(layers)}"
        if target is not None and target != layer and target not in LAYERS[layer]:
            yield number, f"layer {layer} may not include {path} (layer {target})"
        elif target == layer and same_layer is not None:
            wrong = room_breach(layer, room, same_layer, not path.startswith("millrace/"))
            if wrong:
                yield number, wrong


def main():
    # Connectors stand above the framework, each in a folder of its own.
    files = sorted(p for folder in ("include", "src") for p in (FRAMEWORK / folder).rglob("*")
                   if p.suffix in (".hpp", ".cpp"))
    found = 0
    for file in files:
        for number, text in breaches(file):
            print(f"{file.relative_to(FRAMEWORK.parent)}:{number}: {text}")
            found += 1
    print(f"layers: {len(files)} files, {found} wrong includes")
    return 1 if found else 0


sys.exit(main())
