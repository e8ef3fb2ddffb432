# SPDX-License-Identifier: Apache-2.0
"""Makes a failing program smaller while it still fails."""

import copy

PATIENCE = 600  # programs to try


def without_node(program, index):
    """The program without one operator. Operators that use its result take its input instead, or are removed too."""
    op = program["nodes"][index]
    gone = {op["id"]} if "id" in op else set()
    gone |= {branch["id"] for branch in op.get("branches", [])}
    gone |= {op["default"]["id"]} if "default" in op else set()
    rewired, cut = copy.deepcopy(program), copy.deepcopy(program)
    for candidate in (rewired, cut):
        del candidate["nodes"][index]
    if "from" in op:
        for other in rewired["nodes"]:
            for user in [other, *other.get("groups", [])]:
                for field in ("from", "with"):
                    if user.get(field) in gone:
                        user[field] = op["from"]
        yield rewired
    kept = []
    for other in cut["nodes"]:
        users = [other.get("from"), other.get("with")] + [group["from"] for group in other.get("groups", [])]
        if gone.intersection(users):
            gone.add(other.get("id"))
            gone |= {branch["id"] for branch in other.get("branches", [])}
            if "default" in other:
                gone.add(other["default"]["id"])
        else:
            kept.append(other)
    cut["nodes"] = kept
    yield cut


def simpler(program):
    """Programs that are one step smaller, those with the largest step first."""
    for index in reversed(range(len(program["nodes"]))):
        yield from without_node(program, index)
    size = len(program["input"])
    width = size // 2
    while width:
        for start in range(0, size, width):
            candidate = copy.deepcopy(program)
            del candidate["input"][start:start + width]
            yield candidate
        width //= 2
    if size:
        yield {**program, "input": []}
    for key in program.get("config", {}):
        candidate = copy.deepcopy(program)
        del candidate["config"][key]
        yield candidate
    for index in range(len(program.get("stores", []))):
        candidate = copy.deepcopy(program)
        del candidate["stores"][index]
        yield candidate
        for field in ("in_memory", "logging", "caching"):
            if field in program["stores"][index]:
                candidate = copy.deepcopy(program)
                del candidate["stores"][index][field]
                yield candidate
    for index, op in enumerate(program["nodes"]):
        for field in ("name", "materialized", "logging", "in_memory", "store", "partitions", "partitioner", "extractor",
                      "full", "max_records", "max_bytes", "emit", "legacy", "default", "merger", "partitioners", "this_store", "other_store",
                      "throw_if_contains", "no_topic_if_contains"):
            if field in op:
                candidate = copy.deepcopy(program)
                del candidate["nodes"][index][field]
                yield candidate
        for field in ("store", "in_memory", "logging", "caching", "retention", "versioned"):
            if field in op.get("materialized", {}):
                candidate = copy.deepcopy(program)
                del candidate["nodes"][index]["materialized"][field]
                yield candidate
        if len(op.get("topics", [])) > 1:
            for topic in op["topics"]:
                candidate = copy.deepcopy(program)
                candidate["nodes"][index]["topics"].remove(topic)
                yield candidate
        for which in range(len(op.get("branches", [])) if len(op.get("branches", [])) > 1 else 0):
            candidate = copy.deepcopy(program)
            del candidate["nodes"][index]["branches"][which]
            yield candidate
    for index, record in enumerate(program["input"]):
        if "headers" in record:
            candidate = copy.deepcopy(program)
            del candidate["input"][index]["headers"]
            yield candidate


def minimise(program, fails):
    """`fails(program)` returns whether the program still fails."""
    tried = 0
    smaller = True
    while smaller and tried < PATIENCE:
        smaller = False
        for candidate in simpler(program):
            tried += 1
            if fails(candidate):
                program, smaller = candidate, True
                break
            if tried >= PATIENCE:
                break
    return program
