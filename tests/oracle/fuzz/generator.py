# SPDX-License-Identifier: Apache-2.0
"""Draws random programs (see ../README.md): a topology and its input, the same for the same seed everywhere."""

from draw_by_hand import ByHand
from draw_caches import FULL_CACHES, FullCaches
from draw_groups import Groups
from draw_streams import Streams
from draw_tables import Tables
from drawing import STRING


class Generator(Streams, ByHand, FullCaches, Tables):
    # --- sinks

    def sink(self, stream):
        op = {"op": "to", "from": stream.id}
        if self.chance(0.05):
            op["topic_prefix"] = f"out{len(self.ops)}-"
            if self.chance(0.6 if "processing.exception.handler" in self.config else 0.05):
                op["no_topic_if_contains"] = self.letter()
        else:
            op["topic"] = f"out{len(self.ops)}"
        self.name(op, 0.1)
        if self.chance(0.06):
            op["partitioner"] = self.partitioner()
        if "production.exception.handler" in self.config and self.chance(0.4):
            op["throw_if_contains"] = self.letter()
        elif self.chance(0.3 if "processing.exception.handler" in self.config else 0.01):
            op["throw_if_contains"] = self.letter()     # an error, if no handler goes on
        self.add(op)

    def finish(self):
        """Adds sinks for nodes that no other operator uses."""
        for table in [node for node in self.nodes if node.kind == "table" and not node.used]:
            if self.chance(0.85):
                op = {"op": "to_stream", "from": table.id}
                self.name(op, 0.15)
                self.add(op, kind="stream", key=table.key, value=table.value, window=table.window, count=table.count)
        for stream in [node for node in self.nodes if node.kind == "stream" and not node.used]:
            if self.chance(0.95):
                self.sink(stream)

    # --- input

    def long_hex(self, number):
        return (number % 2**64).to_bytes(8, "big").hex()

    def put(self, record, field, type, text, global_table):
        if text is None:
            record[field] = None
        elif type == STRING and self.no_text and self.chance(0.15):
            record[field + "_hex"] = self.pick("ff", "61ff62", "fe")    # bytes that are no UTF-8
        elif type == STRING:
            record[field] = text
        elif self.broken and self.chance(0.1) and not global_table:
            record[field + "_hex"] = self.pick("", "00", "0102030405")
        else:
            record[field + "_hex"] = self.long_hex(sum(map(ord, text)))

    def input(self):
        self.broken = "deserialization.exception.handler" in self.config or self.chance(0.02)
        topics = list(self.topics)
        inputs = []
        time = self.pick(0, 100, 1000, 1_700_000_000_000)
        if any("session" in str(op.get("window")) for op in self.ops) and any(
                op.get("fn", "").startswith(PUNCTUATING) for op in self.ops):
            time %= 1_000_000   # far from the wall clock, Java would look into each segment between
        many = self.random.randint(100, 200) if self.chance(0.04) and not self.full else self.random.randint(1, 30)
        texts = ["a", "b", "x", "ab", "a b", "c x y", "bb", "", "y x"]
        keys = ["a", "a", "b", "b", "c", "dd", ""]
        if self.chance(0.08):
            texts, keys = texts + ["\u00e9", "a\u6f22 \u00df", "\u6f22\u5b57 x"], keys + ["\u00e9", "\u6f22"]
        self.no_text = self.chance(0.05)
        for _ in range(many):
            if not topics or self.chance(0.06):
                inputs.append({"advance_wall_clock": self.pick(1, 10, 30, 50, 2000)})
                continue
            topic = self.random.choice(topics)
            feeds, key, value = self.topics[topic]
            of_global = feeds.startswith("global")     # where Java's test driver skips what cannot be read
            record = {"topic": topic}
            self.put(record, "key", key, self.pick(*keys, None), of_global)
            text = self.many_words() if self.full and self.chance(0.6) else self.pick(
                *texts, None, None, f"v{len(inputs)}")
            self.put(record, "value", value, text, of_global)
            time += self.pick(0, 0, 1, 3, 5, 10, 10, 20, 60, 200)
            if self.chance(0.01):
                time += 100_000
            record["timestamp"] = max(0, time - (self.pick(1, 5, 10, 30, 100, 500) if self.chance(0.25) else 0))
            if self.chance(0.5 if self.keeps_headers() else 0.15):
                record["headers"] = [[self.pick("h", "g"), self.pick("31", "", None, "ff00")]
                                     for _ in range(self.random.randint(1, 2))]
            inputs.append(record)
        return inputs

    def keeps_headers(self):
        return "dsl.store.format" in self.config or any(
            op.get("fn", "").split(":")[0].endswith("with_headers") for op in self.ops)

    def settings(self):
        if self.chance(0.35) and "caching" not in self.without:
            self.config["statestore.cache.max.bytes"] = LARGE_CACHE
        if self.chance(0.25) and "optimization" not in self.without:
            self.config["topology.optimization"] = self.pick(
                "all", "all", "none", "reuse.ktable.source.topics", "merge.repartition.topics",
                "single.store.self.join", "merge.repartition.topics,single.store.self.join")
        if self.chance(0.1):
            self.config["deserialization.exception.handler"] = \
                "org.apache.kafka.streams.errors.LogAndContinueExceptionHandler"
        if self.chance(0.1):
            self.config["processing.exception.handler"] = \
                "org.apache.kafka.streams.errors.LogAndContinueProcessingExceptionHandler"
        if self.chance(0.1):
            self.config["production.exception.handler"] = "continue"
        if any("exception.handler" in key for key in self.config) and self.chance(0.4) and "dlq" not in self.without:
            self.config["errors.dead.letter.queue.topic.name"] = "dead-letters"
        if self.chance(0.1):
            self.config["default.dsl.store"] = "in_memory"
        if self.chance(0.15) and "headers_format" not in self.without:
            self.config["dsl.store.format"] = self.pick("HEADERS", "HEADERS", "headers")
        if self.chance(0.06):
            self.config["default.timestamp.extractor"] = "org.apache.kafka.streams.processor." + self.pick(
                "FailOnInvalidTimestamp", "LogAndSkipOnInvalidTimestamp", "UsePartitionTimeOnInvalidTimestamp")

    def program(self):
        self.full = self.chance(0.12) and not {"full_caches", "caching"} & self.without
        if self.full:
            self.full_caches()
            return self.with_input({"nodes": self.ops})
        self.settings()
        if self.chance(0.08) and "by_hand" not in self.without:
            self.by_hand()
            return self.with_input({"by_hand": True, "nodes": self.ops})
        size = self.random.randint(1, 12)
        operators = [name[3:] for name in dir(self) if name.startswith("op_") and name[3:] not in self.without]
        operators.remove("emit_on_close")
        rare, argument = RARE[self.seed % len(RARE)]
        rare = None if rare in self.without or f"{argument}_processor" in self.without else rare
        weights = [WEIGHTS.get(name, 1.0) for name in operators]
        while len(self.ops) < size:
            if not self.nodes:
                self.op_stream() if self.chance(0.8) or "table" in self.without else self.op_table()
                continue
            if rare and self.chance(0.3) and getattr(self, "op_" + rare)(*argument):
                rare = None
                continue
            getattr(self, "op_" + self.random.choices(operators, weights)[0])()
        if rare:
            getattr(self, "op_" + rare)(*argument)
        self.finish()
        if "processing.exception.handler" in self.config and any(
                op.get("fn", "").startswith(PUNCTUATING) for op in self.ops):
            for op in self.ops:     # records without a topic cannot wait there
                if op["op"].startswith("stream_table"):
                    op.pop("grace", None)
        if any(op.get("fn", "").startswith(PUNCTUATING) for op in self.ops):
            for op in self.ops:     # each punctuation would bring on the next through a repartition topic, for ever
                if op.get("fn", "").startswith("forward_later"):
                    op["fn"] = "forward"
        if any("emit" in op for op in self.ops):
            for op in self.ops:     # stream time would jump further than any retention, see ../README.md
                if op.get("extractor", "").startswith(("partition_time_plus", "length_of_value")):
                    del op["extractor"]
        return self.with_input({"nodes": self.ops})

    def with_input(self, program):
        program["input"] = self.input()
        if self.config:
            program["config"] = self.config
        if self.stores:
            program["stores"] = self.stores
        return program


# The size in bytes of a cache that holds everything until the commit.
LARGE_CACHE = "10485760"

# Processors whose punctuations forward records.
PUNCTUATING = ("last_until", "collect_until", "punctuate")

# How often an operator is tried. Default: once.
WEIGHTS = {
    "stream": 1.5, "group_by": 1.5, "windowed_by": 1.5, "map_values": 1.3, "peek": 0.5, "for_each": 0.4,
    "process": 9, "process_values": 2, "cogroup": 3, "windowed_count": 1.3, "suppress": 1.5, "join": 1.5, "left_join": 1.5, "outer_join": 1.5,
}


# Features that would rarely occur by chance. Each seed has one of them.
RARE = ([("process", (fn,)) for fn in Groups.PROCESSORS] + [("process_values", (fn,)) for fn in Groups.VALUE_PROCESSORS] +
        [("cogroup", (kind,)) for kind in Groups.WINDOWS] +
        [("emit_on_close", (kind,)) for kind in Groups.WINDOWS if kind != "unlimited"] + [("for_each", ()),
                                                                                         ("global_store", ()),
         ("map_values", ("throw_if_contains:a",)), ("suppress", (True,)), ("suppress", (True,)),
         ("outer_join", (True,)), ("split", ()), ("stream_table_join", ()), ("stream_table_left_join", ())])


def generate(seed, without=()):
    return Generator(seed, without).program()


def operators_of(program, answer=()):
    """The features that a program adds to the coverage table. `answer` is the answer of Kafka Streams."""
    found = set()
    for line in answer:
        if "describe" in line:
            parts = line["describe"].count("Sub-topology: ")
            found.add(f"sub-topologies: {parts if parts < 4 else '4 or more'}")
    if program.get("by_hand"):
        found.add("topology by hand")
    if program.get("config", {}).get("statestore.cache.max.bytes") in FULL_CACHES:
        found.add("full caches")
    for op in program["nodes"]:
        found.add(op["op"] + (" by hand" if program.get("by_hand") else ""))
        if op["op"] == "to_stream" and "fn" in op:
            found.add("to_stream with a key selector")
        if op["op"] in ("process", "process_values"):
            found.add(op["op"] + " " + (op["fn"] if op["fn"].startswith("cached") else op["fn"].split(":")[0]))
        window = op.get("window", {}).get("kind")
        if window:
            found.add(("cogroup in " if op["op"] == "cogroup" else "") + window + " windows")
        if op.get("emit") == "close":
            found.add("emit on close of " + window + " windows")
        how = op.get("materialized", {})
        for settings in (how, op):
            found.update(kept(settings))
        if "throw_if" in op.get("fn", ""):
            found.add("functions that throw")
        if "throw_if_contains" in op or "no_topic_if_contains" in op or "throw_if" in op.get("partitioner", ""):
            found.add("sinks that cannot write")
        if "unless_contains" in op.get("fk", "") or op.get("fk") == "null":
            found.add("null foreign keys")
        if op["op"] == "table_group_by" and ("unless_contains" in op["fn"] or op["fn"] == "null_key"):
            found.add("null keys of table_group_by")
        if "versioned" in how:
            found.add("versioned store")
        if "grace" in op and op["op"].startswith("stream_table"):
            found.add("stream-table join with grace")
        if op.get("legacy"):
            found.add("join windows without grace (JoinWindows.of)")
        if op["op"] == "suppress":
            found.add("suppress until " + ("window closes" if op["until"] == "window_closes" else "time limit"))
            if "max_records" in op and "max_bytes" in op:
                found.add("suppress with both limits")
            if op.get("full"):
                found.add("suppress with a full buffer: " + op["full"])
        if any(branch.get("function") for branch in op.get("branches", [])):
            found.add("Branched with a function")
        if op.get("this_store"):
            found.add("join with stores of its own")
        for field in ("merger", "partitioners", "extractor", "partitioner", "pattern", "topic_prefix", "name"):
            if field in op:
                found.add(field)
        if op.get("value_type") or op.get("key_type"):
            found.add("topic of longs")
    for key in program.get("config", {}):
        found.add(key)
    for store in program.get("stores", []) + [op["store"] for op in program["nodes"] if op["op"] == "state_store"]:
        found.add("store for processors: " + store["kind"])
        found.update(kept(store))
    records = [one for one in program["input"] if "topic" in one]
    if len(records) < len(program["input"]):
        found.add("wall clock advanced")
    if len(program["input"]) >= 100:
        found.add("input: 100 to 200 records")
    for row, present in (("headers", lambda one: "headers" in one),
                         ("null keys", lambda one: one.get("key", "") is None),
                         ("null values", lambda one: one.get("value", "") is None),
                         ("other than ASCII", lambda one: not (str(one.get("key")) + str(one.get("value"))).isascii()),
                         ("other than UTF-8", lambda one: "ff" in one.get("value_hex", "") + one.get("key_hex", ""))):
        if any(present(one) for one in records):
            found.add("input: " + row)
    return found


def kept(settings):
    """The settings that say how a store keeps its entries."""
    if "caching" in settings:
        yield "a store's caching " + ("on" if settings["caching"] else "off")
    if settings.get("in_memory"):
        yield "store in memory"
    if settings.get("logging") is False:
        yield "store without changelog"
    if settings.get("duplicates"):
        yield "store with duplicates"
