# SPDX-License-Identifier: Apache-2.0
"""Describes how two answers to one program differ."""

import re
from collections import defaultdict

# Headers of a dead-letter record that describe the error in the words of its language.
LANGUAGE_HEADERS = re.compile(r"__streams\.errors\.(exception|message|stacktrace)")


def unordered_topics(program):
    """Topics to which Kafka Streams writes the records of one input in no defined order (see ../README.md)."""
    topics = []
    for op in program["nodes"]:
        if op["op"] == "suppress":
            topics.append(re.compile(re.escape(f"app-{op['name']}-store-changelog") if "name" in op
                                     else r"app-KTABLE-SUPPRESS-STATE-STORE-\d+-changelog"))
    return topics


# Operators that make a table, and so have a cache, or that follow one.
TABLES = re.compile(r"table|to_table|count|reduce|aggregate|windowed_(count|reduce|aggregate)|cogroup|table_.*|fk_.*|suppress")

# Operators whose results have their own timing. Their results depend on which updates arrive.
RETIMED = re.compile(r"table_(left_|outer_)?join|table_(count|reduce|aggregate)")


class FullCaches:
    """What is promised of a program with full caches.

    Each input is committed. Behind a cache, the last value of each key per commit is promised, and so is the final
    content of the stores. It is not promised which entry leaves a full cache, nor when. So intermediate updates of a key,
    and rows that only such updates create, may be there or not: a row that is deleted or counts nothing at the end of
    the input is equal to no row. Records before the caches are compared one by one.
    """

    def __init__(self, program):
        size = int(program.get("config", {}).get("statestore.cache.max.bytes", "0"))
        self.full = 0 < size < 100_000
        self.timed = not any(RETIMED.fullmatch(op["op"]) for op in program["nodes"])
        behind = set()
        self.topics = set()
        for op in program["nodes"]:
            users = [op.get("from"), op.get("with")] + [group["from"] for group in op.get("groups", [])]
            if TABLES.fullmatch(op["op"]) or behind.intersection(users):
                behind.add(op.get("id"))
                self.topics.add(op.get("topic") if op["op"] == "to" else None)

    def state(self, answer, other):
        """The answer in which each topic behind a cache has its state after each input instead of its records.

        An input counts if either answer has records of it: one side may write a row and delete it again, or write a row
        a second time, where the other side writes nothing.
        """
        topics = {}
        result = {}
        for part in sorted({*answer, *other}, key=natural):
            rows = answer.get(part, [])
            if part.startswith("store "):
                result[part] = sorted((self.row(row) for row in rows if not self.nothing(row["value"])), key=repr)
            elif not part.startswith("input "):
                result[part] = rows
            else:
                topic = part.split(" topic ")[1]
                if topic not in self.topics and not topic.endswith(("-changelog", "-repartition")):
                    result[part] = rows
                elif not topic.endswith("-repartition"):    # those of tables carry what changed, old and new
                    self.follow(topics.setdefault(topic, {}), rows)
                    result[part] = sorted(topics[topic].values(), key=repr)
        return {part: rows for part, rows in result.items() if rows}

    def follow(self, state, records):
        for key, value, timestamp, headers in records:
            if self.nothing(value):
                state.pop(key, None)
            else:
                state[key] = (key, value, timestamp, headers) if self.timed else (key, value, None, ())

    def row(self, row):
        return row if self.timed else {k: row[k] for k in row if k not in ("timestamp", "headers")}

    @staticmethod
    def nothing(value):
        return value is None or value.endswith("0" * 16)


# Errors that are Kafka Streams' own mistakes (see ../README.md). Millrace need not fail there.
OWN_FAILURES = re.compile(r"NullPointerException|Found a null keyChangingChild node|InvalidStateStoreException: KTable source|"
                          r"Invalid partition: -1\.")


def record_of(line):
    headers = [header for header in line.get("headers", []) if not LANGUAGE_HEADERS.match(header[0])]
    return (line["key"], line["value"], line["timestamp"], tuple(map(tuple, headers)))


def parse(answer, program):
    """An answer as {what: content}: the description, the records by input and topic, the stores, the error."""
    unordered = unordered_topics(program)
    parts = defaultdict(list)
    for line in answer:
        if "crash" in line:
            parts["crash"].append(line["crash"])
        elif "error" in line:
            parts["error"].append(f"{line['error']}: {line.get('message')}")
        elif "describe" in line:
            # The class name of a topic extractor differs between the languages.
            parts["describe"] = re.sub(r"\(extractor class: .*\)", "(extractor class)", line["describe"]).split("\n")
        elif "store" in line:
            parts[f"store {line['store']}"].append({k: line[k] for k in sorted(line) if k != "store"})
        else:
            parts[f"input {line['input']} topic {line['topic']}"].append(record_of(line))
    for part in parts:
        if part.startswith("input ") and any(topic.fullmatch(part.split(" topic ")[1]) for topic in unordered):
            parts[part].sort(key=repr)
        if part.startswith("store "):
            parts[part].sort(key=repr)
    return parts


def differences(program, java, cpp):
    """Lines that say what differs; none if the answers agree."""
    left, right = parse(java, program), parse(cpp, program)
    if "crash" in right or "crash" in left:
        return [f"crash: Java {left.get('crash')}, C++ {right.get('crash')}"]
    if any(OWN_FAILURES.search(error) for error in left.get("error", [])):
        return []
    if "error" in left and "error" in right:
        # Only the fact of an error counts, not its words. Before the first input, the failing call may differ as well.
        left.pop("error"), right.pop("error")
        if not any(part.startswith("input") for part in [*left, *right]):
            return []
    keep_dead_letters(left, right, program)
    caches = FullCaches(program)
    if caches.full:
        left, right = caches.state(left, right), caches.state(right, left)
    found = []
    for part in sorted({*left, *right}, key=lambda part: (part != "error", part != "describe", natural(part))):
        if left.get(part) != right.get(part):
            found.append(part)
            found += ["  " + line for line in diff(left.get(part, []), right.get(part, []))]
    return found


def keep_dead_letters(left, right, program):
    """Ignores one known difference: if a sink has already sent the record, Kafka Streams loses the bytes of its dead
    letter, and Millrace keeps them."""
    topic = program.get("config", {}).get("errors.dead.letter.queue.topic.name")
    for part, records in left.items():
        if topic and part.endswith(f" topic {topic}") and len(records) == len(right.get(part, [])):
            right[part] = [(None, None, *mine[2:]) if theirs[:2] == (None, None) else mine
                           for theirs, mine in zip(records, right[part])]


def natural(text):
    return [int(piece) if piece.isdigit() else piece for piece in re.split(r"(\d+)", text)]


def diff(left, right):
    import difflib
    rows = [show(row) for row in left], [show(row) for row in right]
    return [line for line in difflib.ndiff(*rows) if not line.startswith("?")]


def show(row):
    """The answer with texts instead of bytes where the bytes are text."""
    if isinstance(row, tuple):
        key, value, timestamp, headers = row
        return f"{plain(key)} = {plain(value)} @{timestamp}" + (f" {list(headers)}" if headers else "")
    if isinstance(row, dict):
        return ", ".join(f"{k}={plain(v) if k in ('key', 'value') else v}" for k, v in row.items())
    return str(row)


def plain(hex):
    if hex is None:
        return "null"
    data = bytes.fromhex(hex)
    return repr(data.decode()) if all(32 <= byte < 127 for byte in data) else "0x" + hex
