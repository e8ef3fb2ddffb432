"""Draws random programs (see ../README.md): a topology and its input, the same for the same seed everywhere."""

from draw_groups import Groups
from draw_streams import Streams
from draw_tables import Tables
from drawing import STRING


class Generator(Streams, Groups, Tables):
    # --- sinks

    def sink(self, stream):
        op = {"op": "to", "from": stream.id}
        if self.chance(0.05):
            op["topic_prefix"] = f"out{len(self.ops)}-"
        else:
            op["topic"] = f"out{len(self.ops)}"
        self.name(op, 0.1)
        if self.chance(0.06):
            op["partitioner"] = self.partitioner()
        self.add(op)

    def finish(self):
        """Lets out what nothing else uses."""
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

    def put(self, record, field, type, text):
        if text is None:
            record[field] = None
        elif type == STRING:
            record[field] = text
        elif self.broken and self.chance(0.1):
            record[field + "_hex"] = self.pick("", "00", "0102030405")
        else:
            record[field + "_hex"] = self.long_hex(sum(map(ord, text)))

    def input(self):
        self.broken = "deserialization.exception.handler" in self.config or self.chance(0.02)
        topics = list(self.topics)
        inputs = []
        time = self.pick(0, 100, 1000, 1_700_000_000_000)
        for _ in range(self.random.randint(1, 30)):
            if not topics or self.chance(0.06):
                inputs.append({"advance_wall_clock": self.pick(1, 10, 30, 50, 2000)})
                continue
            topic = self.random.choice(topics)
            _, key, value = self.topics[topic]
            record = {"topic": topic}
            self.put(record, "key", key, self.pick("a", "a", "b", "b", "c", "dd", "", None))
            self.put(record, "value", value, self.pick("a", "b", "x", "ab", "a b", "c x y", "bb", "", "y x", None,
                                                       None, f"v{len(inputs)}"))
            time += self.pick(0, 0, 1, 3, 5, 10, 10, 20, 60, 200)
            if self.chance(0.01):
                time += 100_000
            record["timestamp"] = max(0, time - (self.pick(1, 5, 10, 30, 100, 500) if self.chance(0.25) else 0))
            if self.chance(0.15):
                record["headers"] = [[self.pick("h", "g"), self.pick("31", "", None, "ff00")]
                                     for _ in range(self.random.randint(1, 2))]
            inputs.append(record)
        return inputs

    def settings(self):
        if self.chance(0.35) and "caching" not in self.without:
            self.config["statestore.cache.max.bytes"] = self.pick("10485760", "10485760", "2000", "500", "200", "1")
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
        if any("exception.handler" in key for key in self.config) and self.chance(0.4) and "dlq" not in self.without:
            self.config["errors.dead.letter.queue.topic.name"] = "dead-letters"
        if self.chance(0.1):
            self.config["default.dsl.store"] = "in_memory"

    def program(self):
        self.settings()
        size = self.random.randint(1, 12)
        operators = [name[3:] for name in dir(self) if name.startswith("op_") and name[3:] not in self.without]
        weights = [WEIGHTS.get(name, 1.0) for name in operators]
        while len(self.ops) < size:
            if not self.nodes:
                self.op_stream() if self.chance(0.8) or "table" in self.without else self.op_table()
                continue
            getattr(self, "op_" + self.random.choices(operators, weights)[0])()
        self.finish()
        if "default.dsl.store" in self.config:
            for op in self.ops:
                if op["op"] in ("join", "left_join", "outer_join"):
                    op.setdefault("in_memory", True)    # Kafka Streams heeds the old setting everywhere but here
        program = {"nodes": self.ops, "input": self.input()}
        if self.config:
            program["config"] = self.config
        if self.stores:
            program["stores"] = self.stores
        return program


# How often an operator is tried, where that is not once.
WEIGHTS = {
    "stream": 1.5, "group_by": 1.5, "windowed_by": 1.5, "map_values": 1.3, "peek": 0.5, "for_each": 0.4,
    "process": 6, "cogroup": 3, "windowed_count": 1.3, "suppress": 1.5, "join": 1.5, "left_join": 1.5, "outer_join": 1.5,
}


def generate(seed, without=()):
    return Generator(seed, without).program()


def operators_of(program):
    """What a program counts for in the coverage table."""
    found = set()
    for op in program["nodes"]:
        found.add(op["op"])
        if op["op"] == "to_stream" and "fn" in op:
            found.add("to_stream with a key selector")
        if op["op"] == "process":
            found.add("process " + op["fn"].split(":")[0])
        window = op.get("window", {}).get("kind")
        if window:
            found.add(("cogroup in " if op["op"] == "cogroup" else "") + window + " windows")
        if op.get("emit") == "close":
            found.add("emit on window close")
        how = op.get("materialized", {})
        if "versioned" in how:
            found.add("versioned store")
        if "grace" in op and op["op"].startswith("stream_table"):
            found.add("stream-table join with grace")
        if op.get("legacy"):
            found.add("join windows without grace (JoinWindows.of)")
        if op["op"] == "suppress":
            found.add("suppress until " + ("window closes" if op["until"] == "window_closes" else "time limit"))
            if op.get("full"):
                found.add("suppress with a full buffer: " + op["full"])
        for field in ("extractor", "partitioner", "pattern", "topic_prefix", "name"):
            if field in op:
                found.add(field)
        if op.get("value_type") or op.get("key_type"):
            found.add("topic of longs")
    for key in program.get("config", {}):
        found.add(key)
    if any("advance_wall_clock" in one for one in program["input"]):
        found.add("wall clock advanced")
    return found
