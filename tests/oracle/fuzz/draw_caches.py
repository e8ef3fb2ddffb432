# SPDX-License-Identifier: Apache-2.0
"""Draws programs with full caches. The comparison must not depend on what leaves a cache and when (../README.md)."""

from drawing import LONG, STRING
from draw_groups import Groups

# Cache sizes in bytes. The changes of a single record fill all of them.
FULL_CACHES = ("1", "300", "1000", "3000", "10000", "30000", "60000")

# How many updates of windows one record of the input may cause. Each update goes to a changelog and a sink. Without
# this limit, the two sides exchange hundreds of megabytes for one program.
MOST_UPDATES = 1000

# The number of words of a long record.
MOST_WORDS = 150

# A retention longer than any program. Otherwise the output would depend on what has left the cache, because a cache may
# show entries that have expired below.
NEVER = 10**10


class FullCaches(Groups):
    """Programs whose results are the same whichever updates of a key the caches leave out."""

    def full_caches(self):
        """Adds the operators of a program to `ops`."""
        self.regrouped = []
        self.most_words = MOST_WORDS
        self.config = {"statestore.cache.max.bytes": self.pick(*FULL_CACHES)}
        if self.chance(0.3):
            self.config["topology.optimization"] = "all"
        if self.chance(0.2):
            self.config["default.dsl.store"] = "in_memory"
        if self.chance(0.2):
            self.config["dsl.store.format"] = "HEADERS"
        for _ in range(self.pick(1, 1, 2)):
            self.add({"op": "stream", "topics": [self.new_topic("stream", STRING)]}, kind="stream")
        for _ in range(self.random.randint(1, 3)):
            self.pick(self.full_aggregate, self.full_windows, self.full_windows, self.full_cogroup, self.full_table,
                      self.full_processor)()
        for _ in range(self.random.randint(0, 3)):
            self.pick(self.full_view, self.full_view, self.full_join, self.full_regrouped)()
        for table in [node for node in self.nodes if node.kind == "table" and (not node.used or self.chance(0.2))]:
            stream = self.add({"op": "to_stream", "from": table.id}, kind="stream", key=table.key, value=table.value,
                              window=table.window, count=table.count)
            self.full_sink(stream)

    def full_stream(self):
        """A stream that may have many records of one key."""
        stream = self.random.choice([node for node in self.nodes if node.kind == "stream" and node.window is None])
        # Not twice: of 150 words, each 30 times, and those 30 times again, neither side can give the answer in time.
        if stream.times > 1 or not self.chance(0.7):
            return stream
        fn = self.pick("words", "words", "times:5", "times:30")
        node = self.add({"op": "flat_map_values", "from": stream.id, "fn": fn}, kind="stream")
        node.times = MOST_WORDS if fn == "words" else int(fn.split(":")[1])
        node.long_values = fn != "words"
        return node

    def full_grouped(self):
        stream = self.full_stream()
        grouped = self.add({"op": "group_by_key", "from": stream.id}, kind="grouped")
        # Many copies of long values: an aggregate that joins them would be as long as all of them together.
        grouped.joinable = stream.times <= 5 or not stream.long_values
        return grouped

    def full_store(self, op, windows=False):
        how = op["materialized"] = {"store": self.store_name()}
        if self.chance(0.4):
            how["in_memory"] = self.chance(0.7)
        if self.chance(0.1):
            how["logging"] = False
        if windows:
            how["retention"] = NEVER

    def full_aggregate(self):
        source = self.full_grouped()
        name, fn, value = self.pick(("count", None, LONG), ("reduce", "concat", STRING), ("reduce", "last", STRING),
                                    ("reduce", "longer", STRING), ("reduce", "null_if_contains:x", STRING),
                                    ("aggregate", "list", STRING), ("aggregate", "sum_of_lengths", LONG))
        if fn in ("concat", "list") and not source.joinable:
            name, fn, value = "aggregate", "sum_of_lengths", LONG
        op = {"op": name, "from": source.id}
        if fn:
            op["fn"] = fn
        self.full_store(op)
        self.add(op, kind="table", value=value, count=name == "count")

    def full_window(self, grouped):
        """`grouped`: the nodes whose records go to the windows."""
        kind = self.pick("hopping", "hopping", "tumbling", "sliding", "session")
        window = self.window(kind)
        if kind == "hopping":
            window.update(size=self.pick(50, 200, 500), advance=self.pick(1, 2, 5))     # many windows of one record
            # A long value is as much to write as several updates.
            updates = sum(node.times * (1 if node.joinable else 5) for node in grouped)
            most = max(1, MOST_UPDATES // updates)
            window["advance"] = max(window["advance"], -(-window["size"] // most))
        return window

    def full_windows(self):
        grouped = self.full_grouped()
        window = self.full_window([grouped])
        source = self.add({"op": "windowed_by", "from": grouped.id, "window": window}, kind="windowed", window=window)
        name, fn, value = self.pick(("windowed_count", None, LONG), ("windowed_reduce", "last", STRING),
                                    ("windowed_reduce", "longer", STRING), ("windowed_aggregate", "sum_of_lengths", LONG))
        op = {"op": name, "from": source.id, "window": window}
        if fn:
            op["fn"] = fn
        self.full_store(op, windows=True)
        del op["window"]
        self.add(op, kind="table", value=value, window=window, count=name == "windowed_count")

    def full_cogroup(self):
        groups = [self.full_grouped() for _ in range(self.pick(1, 2))]
        op = {"op": "cogroup", "groups": [{"from": node.id, "fn": "sum_of_lengths"} for node in groups]}
        window = None
        if self.chance(0.7):
            window = op["window"] = self.full_window(groups)
        self.full_store(op, windows=bool(window))
        self.add(op, kind="table", value=LONG, window=window)

    def full_table(self):
        op = {"op": "table", "topic": self.new_topic("table", STRING)}
        self.full_store(op)
        self.add(op, kind="table")

    def full_processor(self):
        """A store with a cache that one processor reads and writes. The words of the record are the keys."""
        stream = self.random.choice([node for node in self.nodes if node.kind == "stream" and node.window is None and
                                     node.times == 1])
        stream = self.add({"op": "flat_map", "from": stream.id, "fn": "words_as_keys"}, kind="stream")
        fn = self.pick("remember", "timestamped", "cached_walk:forward", "cached_walk:both",
                       "cached_window_walk:forward", "cached_session_walk:forward", "with_headers")
        store = {"name": self.store_name(), "kind": self.STORES[fn], "caching": True}
        if self.chance(0.4) and not fn.endswith("headers"):
            store["in_memory"] = True
        if store["kind"] in ("window", "session"):
            store.update(retention=NEVER, size=10)
        self.stores.append(store)
        processed = self.add({"op": "process", "from": stream.id, "fn": fn, "stores": [store["name"]]}, kind="stream")
        # It may have the text of the whole store in each record.
        stream.times = processed.times = MOST_WORDS
        processed.long_values = True
        if store["kind"] == "session":
            self.most_words = 30    # each word of each record may be a session of its own
        self.full_sink(processed)

    # --- tables

    def some_table(self, condition=lambda node: True):
        # Not tables that group a table again: they may have rows that count nothing, or no rows.
        found = [node for node in self.nodes if node.kind == "table" and node not in self.regrouped and condition(node)]
        return self.random.choice(found) if found else None

    def full_view(self):
        source = self.some_table()
        if not source:
            return
        fn = self.pick("filter", "map_values")
        op = {"op": f"table_{fn}", "from": source.id,
              "fn": self.pick("value_longer_than:3", "key_contains:a") if fn == "filter" else self.pick("text", "append:!")}
        if self.chance(0.5):
            self.full_store(op)
        filtered = fn == "filter"
        self.add(op, kind="table", key=source.key, value=source.value if filtered else STRING, window=source.window,
                 count=source.count and filtered)

    def full_join(self):
        left = self.some_table(lambda node: not node.count)
        right = left and self.some_table(lambda node: not node.count and node is not left and node.window == left.window)
        if not right:
            return
        op = {"op": self.pick("table_join", "table_left_join", "table_outer_join"), "from": left.id, "with": right.id,
              "fn": "plus"}
        if self.chance(0.5):
            self.full_store(op)
        self.add(op, kind="table", window=left.window)

    def ancestors_of(self, name):
        """`name` and the nodes that it reads, at whatever distance."""
        op = next(op for op in self.ops if op.get("id") == name)
        direct = [op.get("from"), op.get("with")] + [group["from"] for group in op.get("groups", [])]
        return [name] + [node for parent in direct if parent for node in self.ancestors_of(parent)]

    def joins_with_itself(self, name):
        """Whether one record may change both sides of a join that `name` reads. Each side then sees the other's change
        before it arrives, and the join says that it replaces a value which it never gave."""
        return any(op.get("with") and set(self.ancestors_of(op["from"])) & set(self.ancestors_of(op["with"]))
                   for op in self.ops if op.get("id") in self.ancestors_of(name))

    def full_regrouped(self):
        source = self.some_table(lambda node: node.window is None and not self.joins_with_itself(node.id))
        if not source:
            return
        group = self.add({"op": "table_group_by", "from": source.id, "fn": "constant:all"}, kind="grouped_table",
                         value=source.value)
        op = {"op": "table_count", "from": group.id} if self.chance(0.5) else {
            "op": "table_aggregate", "from": group.id, "fn": "sum_of_lengths", "minus": "sum_of_lengths_minus"}
        self.full_store(op)
        self.regrouped.append(self.add(op, kind="table", value=LONG, count=op["op"] == "table_count"))

    def full_sink(self, stream):
        if self.chance(0.3) and stream.value == STRING:
            stream = self.add({"op": "map_values", "from": stream.id, "fn": "text"}, kind="stream", key=stream.key,
                              window=stream.window)
        self.add({"op": "to", "from": stream.id, "topic": f"out{len(self.ops)}"})
        stream.used = True

    def many_words(self):
        """The text of a record that fills a cache."""
        return " ".join(self.pick("a", "b", "x", "y") + str(self.random.randint(0, 99))
                        for _ in range(self.pick(3, 30, self.most_words)))
