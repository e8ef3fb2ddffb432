"""Draws processors, groupings and windows."""

from drawing import LONG, STRING, Drawing, Node


class Groups(Drawing):
    # --- processors

    def processor_store(self, kind):
        known = [store["name"] for store in self.stores if store["kind"] == kind]
        if known and self.chance(0.3):
            return self.random.choice(known)
        store = {"name": self.store_name(), "kind": kind}
        if self.chance(0.4) and kind != "versioned":
            store["in_memory"] = True
        if self.chance(0.2):
            store["logging"] = False
        if self.chance(0.2) and kind != "versioned" and "caching" not in self.without:
            store["caching"] = True
        if kind in ("window", "session", "versioned"):
            store["retention"] = self.pick(50, 100, 1000, 100000)
            store["size"] = 10
        self.stores.append(store)
        return store["name"]

    def op_process(self):
        kinds = [fn for fn in ("forward", "forward_later:15", "remember", "collect_until_stream_time:20",
                               "collect_until_wall_clock:30", "route", "timestamped", "window:25", "session:25",
                               "versioned:10") if fn.split(":")[0] + "_processor" not in self.without]
        fn = self.random.choice(kinds)
        stateless = fn.startswith("forward") or fn == "route"
        source = self.choose("stream", lambda n: n.plain and (stateless or n.key == n.value == STRING))
        if not source:
            return None
        op = {"op": "process", "from": source.id, "fn": fn}
        self.name(op)
        if not stateless:
            kind = fn.split(":")[0]
            op["stores"] = [self.processor_store(kind if kind in ("timestamped", "window", "session", "versioned")
                                                 else "key_value")]
        if fn == "route":
            child = f"child-{len(self.ops)}"
            op["fn"] = f"route:{child}"
            node = self.add(op, kind="stream", key=source.key, value=source.value)
            self.add({"op": "peek", "from": node.id, "name": child}, kind="stream", key=source.key,
                     value=source.value)
            return node
        return self.add(op, kind="stream", key=source.key, value=source.value)

    def op_process_values(self):
        fn = self.pick("forward", "remember")
        source = self.choose("stream", lambda n: n.plain and (fn == "forward" or n.key == n.value == STRING))
        if not source:
            return None
        op = {"op": "process_values", "from": source.id, "fn": fn}
        self.name(op)
        if fn == "remember":
            op["stores"] = [self.processor_store("key_value")]
        return self.add(op, kind="stream", key=source.key, value=source.value)

    # --- grouped streams

    def op_group_by(self):
        source = self.choose("stream", lambda node: not node.count)
        if not source:
            return None
        fn, key = self.selector(source)
        op = {"op": "group_by", "from": source.id, "fn": fn}
        self.name(op)
        return self.add(op, kind="grouped", key=key, value=source.value)

    def op_group_by_key(self):
        source = self.choose("stream", lambda node: node.plain)
        if not source:
            return None
        op = {"op": "group_by_key", "from": source.id}
        self.name(op)
        return self.add(op, kind="grouped", key=source.key, value=source.value)

    def grouped(self):
        return self.choose("grouped") or (self.op_group_by_key() if self.chance(0.5) else self.op_group_by())

    def reducer(self, value):
        if value == LONG:
            return self.pick("last", "longer", "sum", "sum")
        return self.pick("concat", "last", "longer", f"null_if_contains:{self.letter()}")

    @staticmethod
    def reduced(fn, value):
        return value if fn in ("last", "longer", "sum") else STRING

    def aggregator(self):
        return self.pick("list", "list", f"null_if_contains:{self.letter()}", "sum_of_lengths")

    @staticmethod
    def aggregated(fn):
        return LONG if fn == "sum_of_lengths" else STRING

    def op_count(self):
        source = self.grouped()
        if not source:
            return None
        op = {"op": "count", "from": source.id}
        self.name(op)
        self.materialized(op)
        return self.add(op, kind="table", key=source.key, value=LONG, count=True)

    def op_reduce(self):
        source = self.grouped()
        if not source:
            return None
        fn = self.reducer(source.value)
        op = {"op": "reduce", "from": source.id, "fn": fn}
        versioned = self.materialized(op, versioned=True)
        if "materialized" in op:
            self.name(op)
        self.versioned_tables |= versioned
        return self.add(op, kind="table", key=source.key, value=self.reduced(fn, source.value), versioned=versioned)

    def op_aggregate(self):
        source = self.grouped()
        if not source:
            return None
        fn = self.aggregator()
        op = {"op": "aggregate", "from": source.id, "fn": fn}
        versioned = self.materialized(op, 1 if fn == "sum_of_lengths" else 0.6, versioned=True)
        if "materialized" in op:
            self.name(op)
        self.versioned_tables |= versioned
        return self.add(op, kind="table", key=source.key, value=self.aggregated(fn), versioned=versioned)

    # --- windows

    def window(self):
        kind = self.pick("tumbling", "hopping", "sliding", "session", "unlimited")
        grace = self.pick(0, 0, 5, 30, 1000)
        if kind == "tumbling":
            return {"kind": kind, "size": self.pick(10, 50, 100), "grace": grace}
        if kind == "hopping":
            size = self.pick(10, 50, 100)
            return {"kind": kind, "size": size, "advance": self.pick(5, size // 2, size), "grace": grace}
        if kind == "sliding":
            return {"kind": kind, "difference": self.pick(1, 10, 50), "grace": grace}
        if kind == "session":
            return {"kind": kind, "gap": self.pick(0, 10, 50), "grace": grace}
        return {"kind": kind, "start": self.pick(0, 0, 100)}

    def op_windowed_by(self):
        source = self.grouped()
        if not source:
            return None
        op = {"op": "windowed_by", "from": source.id, "window": self.window()}
        if self.chance(0.2) and op["window"]["kind"] != "unlimited":
            op["emit"] = "close"
        return self.add(op, kind="windowed", key=source.key, value=source.value, window=op["window"],
                        closes="emit" in op)

    def windowed(self):
        return self.choose("windowed") or self.op_windowed_by()

    def windowed_store(self, op, source):
        if source.closes:
            # With its default retention Kafka Streams loses results when stream time jumps (../README.md).
            self.materialized(op, windows=True, named=True)
            op["materialized"]["retention"] = 10**10
        else:
            self.materialized(op, windows=True)
            how = op.get("materialized", {})
            window = source.window
            least = window.get("size", 0) + window.get("difference", 0) * 2 + window.get("gap", 0) + window.get(
                "grace", 0)
            if window["kind"] == "unlimited" or how.get("retention", least) < least:
                how.pop("retention", None)

    def op_windowed_count(self):
        source = self.windowed()
        if not source:
            return None
        op = {"op": "windowed_count", "from": source.id}
        self.name(op)
        self.windowed_store(op, source)
        return self.add(op, kind="table", key=source.key, value=LONG, window=source.window, count=True)

    def op_windowed_reduce(self):
        source = self.windowed()
        if not source:
            return None
        fn = self.reducer(source.value)
        op = {"op": "windowed_reduce", "from": source.id, "fn": fn}
        self.name(op)
        self.windowed_store(op, source)
        return self.add(op, kind="table", key=source.key, value=self.reduced(fn, source.value), window=source.window)

    def op_windowed_aggregate(self):
        source = self.windowed()
        if not source:
            return None
        fn = self.aggregator()
        op = {"op": "windowed_aggregate", "from": source.id, "fn": fn}
        self.name(op)
        self.windowed_store(op, source)
        if fn == "sum_of_lengths":
            op.setdefault("materialized", {})
        return self.add(op, kind="table", key=source.key, value=self.aggregated(fn), window=source.window)

    def op_cogroup(self):
        first = self.grouped()
        if not first:
            return None
        groups = [first] + [node for node in self.nodes if node.kind == "grouped" and node.key == first.key
                            and node is not first and self.chance(0.7)]
        fn = self.aggregator()
        value = self.aggregated(fn)
        others = ["sum_of_lengths"] if value == LONG else ["list", "null_if_contains:y"]
        op = {"op": "cogroup",
              "groups": [{"from": node.id, "fn": fn if node is first else self.random.choice(others)}
                         for node in groups[:3]]}
        self.name(op)
        window = None
        if self.chance(0.75):
            window = op["window"] = self.window()
        if window:
            self.windowed_store(op, Node("", "windowed", window=window))
        else:
            self.materialized(op)
        if window or LONG in (value, first.key):
            op.setdefault("materialized", {})
        return self.add(op, kind="table", key=first.key, value=value, window=window)
