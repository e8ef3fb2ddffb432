# SPDX-License-Identifier: Apache-2.0
"""Draws processors, groupings and windows."""

from drawing import LONG, STRING, Drawing, Node


class Groups(Drawing):
    # --- processors

    def own_store(self, kind):
        """A store that no other processor uses, probably with a cache."""
        store = {"name": self.store_name(), "kind": kind}
        if self.chance(0.4):
            store["in_memory"] = True
        if self.chance(0.8) and "caching" not in self.without:
            store["caching"] = True
        if kind != "key_value":
            store["retention"] = self.pick(50, 1000, 100000)
            store["size"] = 10
        self.stores.append(store)
        self.owned.add(store["name"])
        return store["name"]

    def processor_store(self, kind, fn=None):
        """A node with the processor `fn`, if `fn` is in PROCESSORS."""
        cached = fn not in self.UNCACHED
        shows = fn in self.SHOWING
        known = [store["name"] for store in self.stores if store["kind"] == kind and (
            cached or "caching" not in store) and store["name"] not in self.owned and (
            store["name"] in self.shown) == shows]
        if known and self.chance(0.3):
            return self.random.choice(known)
        store = {"name": self.store_name(), "kind": kind}
        if self.chance(0.4) and kind not in ("versioned", "lru"):
            store["in_memory"] = True
        if self.chance(0.2):
            store["logging"] = False
        if kind == "window" and self.chance(0.5):
            store["duplicates"] = True      # then there is no caching
        elif cached and self.chance(0.2) and kind not in ("versioned", "lru") and "caching" not in self.without:
            store["caching"] = True
        if kind.startswith(("window", "timestamped_window", "session", "versioned")):
            store["retention"] = self.pick(50, 100, 1000, 100000)
            store["size"] = 10
        if kind == "lru":
            store["size"] = self.pick(1, 2, 3)
        self.stores.append(store)
        if shows:
            self.shown.add(store["name"])
        return store["name"]

    def op_global_store(self):
        store = {"name": self.store_name(), "kind": "key_value"}
        if self.chance(0.4):
            store["in_memory"] = True
        op = {"op": "global_store", "topic": self.new_topic(f"global{len(self.topics)}", STRING), "store": store}
        self.name(op, 0.15)
        self.add(op)
        self.global_stores.append((store["name"], "key_value"))
        return True

    # Processors that need only the record, for streams of any strings and longs.
    STATELESS = ("forward", "forward_later:15", "route", "change:q", "metadata")
    # Processors that need a store of this kind (None: no store) and strings.
    STORES = {"remember": "key_value", "collect_until_stream_time:20": "key_value",
              "collect_until_wall_clock:30": "key_value", "timestamped": "timestamped", "window_walk:25": "window",
              "timestamped_window:25": "timestamped_window", "session_walk:25": "session",
              "versioned_delete:10": "versioned", "walk": "key_value", "put_all": "key_value", "punctuate:20": None,
              "write_in_walk:forward": "key_value", "write_in_walk:backward": "key_value",
              "punctuate_from:20": None, "cached_walk:forward": "key_value", "cached_walk:both": "key_value",
              "cached_window_walk:forward": "window", "cached_window_walk:both": "window",
              "cached_session_walk:forward": "session", "cached_session_walk:both": "session", "lookup": None,
              "with_headers": "timestamped_with_headers", "window_with_headers:25": "timestamped_window_with_headers",
              "session_with_headers:25": "session_with_headers"}

    # Processors that iterate backward: see ../README.md.
    UNCACHED = ("walk", "window_walk:25", "session_walk:25", "write_in_walk:backward")

    # Processors that show the whole content of a key-value store and put short texts into it. Together with a processor
    # that stores all that they show, texts would double with each record.
    SHOWING = ("walk", "put_all", "write_in_walk:forward", "write_in_walk:backward")

    PROCESSORS = STATELESS + tuple(STORES)
    VALUE_PROCESSORS = ("forward", "remember", "headers:q", "metadata", "route", "last_until_stream_time:20")

    def op_process(self, fn=None):
        fn = fn or self.random.choice([fn for fn in self.PROCESSORS
                                       if fn.split(":")[0] + "_processor" not in self.without])
        stateless = fn in self.STATELESS
        source = self.choose("stream", lambda n: fn == "forward" or n.plain and (
            stateless or n.key == n.value == STRING))
        if not source:
            return None
        op = {"op": "process", "from": source.id, "fn": fn}
        if fn == "lookup":
            if not self.global_stores:
                self.op_global_store()
            op["global"], kind = self.random.choice(self.global_stores)
            op["fn"] = f"lookup:{kind}"
        elif fn.startswith("cached"):
            op["stores"] = [self.own_store(self.STORES[fn])]
        elif not stateless and self.STORES[fn]:
            over_key_values = fn == "walk" or fn.startswith("write_in_walk")
            kind = "lru" if over_key_values and self.chance(0.5) else self.STORES[fn]
            op["stores"] = [self.processor_store(kind, fn)]
        self.name(op)
        if fn == "route":
            return self.routed(op, source)
        key, value = self.processed(fn, source)
        return self.add(op, kind="stream", key=key, value=value, window=source.window, count=source.count)

    @staticmethod
    def processed(fn, source):
        return (STRING if fn.startswith("change") else source.key,
                STRING if fn.startswith(("change", "metadata", "headers")) else source.value)

    def routed(self, op, source):
        """A node with a child that alone gets the longer values."""
        child = f"child-{len(self.ops)}"
        op["fn"] = f"route:{child}"
        node = self.add(op, kind="stream", key=source.key, value=source.value)
        self.add({"op": "peek", "from": node.id, "name": child}, kind="stream", key=source.key, value=source.value)
        return node

    def op_process_values(self, fn=None):
        fn = fn or self.random.choice(self.VALUE_PROCESSORS)
        strings = fn.startswith(("remember", "last"))
        source = self.choose("stream", lambda n: fn == "forward" or n.plain and (
            not strings or n.key == n.value == STRING))
        if not source:
            return None
        op = {"op": "process_values", "from": source.id, "fn": fn}
        self.name(op)
        if fn == "remember":
            op["stores"] = [self.processor_store("key_value")]
        if fn == "route":
            return self.routed(op, source)
        key, value = self.processed(fn, source)
        return self.add(op, kind="stream", key=key, value=value, window=source.window, count=source.count)

    # --- grouped streams

    def op_group_by(self):
        source = self.stream_for_anything()
        if not source:
            return None
        fn, key = self.selector(source)
        op = {"op": "group_by", "from": source.id, "fn": fn}
        self.name(op)
        return self.add(op, kind="grouped", key=key, value=source.value, count=source.count)

    def op_group_by_key(self):
        source = self.stream_for_anything()
        if not source:
            return None
        op = {"op": "group_by_key", "from": source.id}
        self.name(op)
        return self.add(op, kind="grouped", key=source.key, value=source.value, window=source.window,
                        count=source.count)

    def grouped(self, condition=lambda node: node.plain):
        found = self.choose("grouped", condition) or (
            self.op_group_by_key() if self.chance(0.5) else self.op_group_by())
        return found if found and condition(found) else None

    def grouped_by_anything(self):
        return self.grouped(lambda node: True)

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
        source = self.grouped_by_anything()
        if not source:
            return None
        op = {"op": "count", "from": source.id}
        self.name(op)
        versioned = self.materialized(op, versioned=self.versions_of(source))
        return self.add(op, kind="table", key=source.key, value=LONG, window=source.window, count=True,
                        versioned=versioned)

    def op_reduce(self):
        source = self.grouped()
        if not source:
            return None
        fn = self.reducer(source.value)
        op = {"op": "reduce", "from": source.id, "fn": fn}
        versioned = self.materialized(op, versioned=0.35)
        if "materialized" in op:
            self.name(op)
        return self.add(op, kind="table", key=source.key, value=self.reduced(fn, source.value), versioned=versioned)

    def op_aggregate(self):
        source = self.grouped_by_anything()
        if not source:
            return None
        fn = self.aggregator()
        op = {"op": "aggregate", "from": source.id, "fn": fn}
        versioned = self.materialized(op, 1 if fn == "sum_of_lengths" or not source.plain else 0.6,
                                      versioned=self.versions_of(source, 0.35))
        if "materialized" in op:
            self.name(op)
        return self.add(op, kind="table", key=source.key, value=self.aggregated(fn), window=source.window,
                        versioned=versioned)

    # --- windows

    WINDOWS = ("tumbling", "hopping", "sliding", "session", "unlimited")

    def window(self, kind=None):
        kind = kind or self.random.choice(self.WINDOWS)
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

    def op_windowed_by(self, kind=None, closes=False):
        source = self.grouped()
        if not source:
            return None
        op = {"op": "windowed_by", "from": source.id, "window": self.window(kind)}
        if (closes or self.chance(0.2)) and op["window"]["kind"] != "unlimited":
            op["emit"] = "close"
        return self.add(op, kind="windowed", key=source.key, value=source.value, window=op["window"],
                        closes="emit" in op)

    def op_emit_on_close(self, kind):
        return self.op_windowed_by(kind, True) and self.pick(self.op_windowed_count, self.op_windowed_reduce,
                                                             self.op_windowed_aggregate)()

    def windowed(self):
        return self.choose("windowed") or self.op_windowed_by()

    def windowed_store(self, op, source):
        if source.closes:
            # With the default retention, Kafka Streams loses results when stream time jumps (../README.md).
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

    def merger(self, op, window):
        if window["kind"] == "session" and self.chance(0.4):
            op["merger"] = self.pick("left", "right", "null")

    def op_windowed_aggregate(self):
        source = self.windowed()
        if not source:
            return None
        fn = self.aggregator()
        op = {"op": "windowed_aggregate", "from": source.id, "fn": fn}
        self.merger(op, source.window)
        self.name(op)
        self.windowed_store(op, source)
        if fn == "sum_of_lengths":
            op.setdefault("materialized", {})
        return self.add(op, kind="table", key=source.key, value=self.aggregated(fn), window=source.window)

    def op_cogroup(self, kind=None):
        first = self.grouped()
        if not first:
            return None
        groups = [first] + [node for node in self.nodes if node.kind == "grouped" and node.plain
                            and node.key == first.key and node is not first and self.chance(0.7)]
        fn = self.aggregator()
        value = self.aggregated(fn)
        others = ["sum_of_lengths"] if value == LONG else ["list", "null_if_contains:y"]
        op = {"op": "cogroup",
              "groups": [{"from": node.id, "fn": fn if node is first else self.random.choice(others)}
                         for node in groups[:3]]}
        self.name(op)
        window, versioned = None, False
        if kind or self.chance(0.75):
            window = op["window"] = self.window(kind)
            self.merger(op, window)
        if window:
            self.windowed_store(op, Node("", "windowed", window=window))
        else:
            versioned = self.materialized(op, versioned=0.15)
        if window or LONG in (value, first.key):
            op.setdefault("materialized", {})
        made = self.add(op, kind="table", key=first.key, value=value, window=window, versioned=versioned)
        made.suppressible = not window or "store" in op["materialized"]
        return made
