"""Draws random programs (see ../README.md): a topology and its input, the same for the same seed everywhere."""

import random

STRING, LONG = "string", "long"


class Node:
    """What later operators need to know of an earlier one."""

    def __init__(self, id, kind, key=STRING, value=STRING, window=None, count=False, versioned=False, closes=False):
        self.id = id
        self.kind = kind            # stream, grouped, windowed, table, grouped_table, global_table
        self.key = key
        self.value = value
        self.window = window        # of the keys: which window, or None
        self.count = count          # values are C++ integers, not values of dynamic type
        self.versioned = versioned
        self.closes = closes        # a windowed stream that emits on close
        self.used = False

    @property
    def plain(self):
        """Of the type for which every operator exists."""
        return self.window is None and not self.count


class Generator:
    def __init__(self, seed, without=()):
        self.random = random.Random(f"millrace-{seed}")
        self.without = set(without)
        self.ops = []
        self.nodes = []
        self.stores = []
        self.config = {}
        self.topics = {}            # topic: what it feeds, and its types
        self.used_names = []
        self.versioned_tables = False

    # --- chance

    def chance(self, probability):
        return self.random.random() < probability

    def pick(self, *choices):
        return self.random.choice(choices)

    # --- pieces

    def id(self):
        return f"n{len(self.ops)}"

    def name(self, op, probability=0.3):
        if not self.chance(probability):
            return
        if self.used_names and self.chance(0.01):
            op["name"] = self.random.choice(self.used_names)    # a duplicate: an error
        elif self.chance(0.003):
            op["name"] = "not a name!"                          # another
        else:
            op["name"] = f"{self.pick('my', 'the', 'a')}-{len(self.used_names)}"
            self.used_names.append(op["name"])

    def store_name(self):
        name = f"store-{len(self.used_names)}"
        self.used_names.append(name)
        return name

    def add(self, op, node=None, **result):
        """Appends an operator; `result` describes its node."""
        if result:
            op["id"] = self.id()
            node = Node(op["id"], **result)
        self.ops.append(op)
        for user in [op.get("from"), op.get("with")] + [group["from"] for group in op.get("groups", [])]:
            for used in self.nodes:
                if used.id == user:
                    used.used = True
        if node:
            self.nodes.append(node)
        return node

    def choose(self, kind, condition=lambda node: True):
        found = [node for node in self.nodes if node.kind == kind and condition(node)]
        if not found:
            return None
        fresh = [node for node in found if not node.used]
        return self.random.choice(fresh if fresh and self.chance(0.7) else found)

    def letter(self):
        return self.pick("a", "b", "c", "x", "y")

    def materialized(self, op, probability=0.6, windows=None, versioned=False, named=False):
        """Returns whether the store is versioned."""
        if not named and not self.chance(probability):
            return False
        how = op["materialized"] = {}
        if versioned and self.chance(0.35) and "versioned" not in self.without:
            how["store"] = self.store_name()
            how["versioned"] = self.pick(10, 50, 1000, 100000)
            if self.chance(0.2):
                how["logging"] = False
            return True
        if named or self.chance(0.7):
            how["store"] = self.store_name()
        if self.chance(0.4):
            how["in_memory"] = self.chance(0.7)
        if self.chance(0.15):
            how["logging"] = False
        if self.chance(0.25) and "caching" not in self.without:
            how["caching"] = self.chance(0.5)
        if windows and self.chance(0.3):
            how["retention"] = self.pick(1000, 100000, 10**10)
        return False

    def new_topic(self, feeds, value, key=STRING):
        known = [topic for topic, of in self.topics.items() if of == (feeds, key, value)]
        if known and self.chance(0.1):
            return self.random.choice(known)
        if self.topics and self.chance(0.004):
            return self.random.choice(list(self.topics))        # read as something else: an error
        topic = f"t{len(self.topics)}"
        self.topics[topic] = (feeds, key, value)
        return topic

    # --- sources

    def types_of_source(self, op):
        """Keys and values are strings, mostly."""
        value = LONG if self.chance(0.12) else STRING
        key = LONG if self.chance(0.03) else STRING
        if value == LONG:
            op["value_type"] = LONG
        if key == LONG:
            op["key_type"] = LONG
        return key, value

    def extractor(self, op, value):
        if "extractor" not in self.without and self.chance(0.12):
            op["extractor"] = self.pick("fail_on_invalid", "log_and_skip", "use_partition_time", "plus:5",
                                        "partition_time_plus:7", "length_of_value:30", "negative_if_contains:a")

    def op_stream(self):
        op = {"op": "stream"}
        key, value = self.types_of_source(op)
        if self.chance(0.07):
            topic = self.new_topic("pattern", value, key)
            op["pattern"] = topic + self.pick("", "|" + topic + "x")
        else:
            op["topics"] = [self.new_topic("stream", value, key)]
            while self.chance(0.12):
                more = self.new_topic("stream", value, key)
                if more not in op["topics"]:
                    op["topics"].append(more)
        self.extractor(op, value)
        self.name(op, 0.15)
        return self.add(op, kind="stream", key=key, value=value)

    def op_table(self):
        op = {"op": "table"}
        key, value = self.types_of_source(op)
        op["topic"] = self.new_topic("table", value, key)
        self.extractor(op, value)
        self.name(op, 0.15)
        versioned = self.materialized(op, 0.5, versioned=True)
        self.versioned_tables |= versioned
        return self.add(op, kind="table", key=key, value=value, versioned=versioned)

    def op_global_table(self):
        op = {"op": "global_table", "topic": self.new_topic(f"global{len(self.topics)}", STRING)}
        self.name(op, 0.15)
        if self.chance(0.4):
            self.materialized(op, named=True)   # Kafka Streams refuses one without a name
            op["materialized"].pop("logging", None)
        return self.add(op, kind="global_table")

    # --- streams

    def stream_for_anything(self):
        return self.choose("stream")

    def value_mapper(self, value):
        common = ["same", "null", "text", "append:!", "first:1", f"null_if_contains:{self.letter()}", "key_and_value"]
        if value == STRING:
            common += ["upper", "append:z", "first:2"]
        if self.config.get("processing.exception.handler") or self.chance(0.01):
            common += [f"throw_if_contains:{self.letter()}"] * 3
        return self.random.choice(common)

    @staticmethod
    def mapped_value(fn, value):
        return value if fn.split(":")[0] in ("same", "null", "null_if_contains", "throw_if_contains") else STRING

    def op_map(self):
        source = self.stream_for_anything()
        if not source:
            return None
        fns = ["null_key", "first_of_value:1", "first_of_value:2", "constant:k"]
        if source.window is None:
            fns += ["same", "swap"]
        fn = self.random.choice(fns)
        op = {"op": "map", "from": source.id, "fn": fn}
        self.name(op)
        key, value = self.mapped(fn, source)
        return self.add(op, kind="stream", key=key, value=value)

    @staticmethod
    def mapped(fn, source):
        if fn == "same":
            return source.key, source.value
        if fn == "swap":
            return source.value, source.key
        return STRING, source.value

    def op_map_values(self):
        source = self.stream_for_anything()
        if not source:
            return None
        fn = self.value_mapper(source.value)
        op = {"op": "map_values", "from": source.id, "fn": fn}
        self.name(op)
        return self.add(op, kind="stream", key=source.key, value=self.mapped_value(fn, source.value),
                        window=source.window)

    def op_flat_map(self):
        source = self.choose("stream", lambda node: node.window is None)
        if not source:
            return None
        fn = self.pick("words_as_keys", "times:0", "times:2", "times:3")
        op = {"op": "flat_map", "from": source.id, "fn": fn}
        self.name(op)
        key, value = (STRING, source.key) if fn == "words_as_keys" else (source.key, source.value)
        return self.add(op, kind="stream", key=key, value=value)

    def op_flat_map_values(self):
        source = self.stream_for_anything()
        if not source:
            return None
        op = {"op": "flat_map_values", "from": source.id, "fn": self.pick("words", "words", "times:0", "times:2")}
        self.name(op)
        return self.add(op, kind="stream", key=source.key, value=STRING, window=source.window)

    def predicate(self):
        letter = self.letter()
        return self.pick("true", f"value_contains:{letter}", f"value_contains:{letter}", f"key_contains:{letter}",
                         "value_is_null", "key_is_null", "value_longer_than:1", "value_longer_than:3", "false")

    def filter(self, name):
        source = self.stream_for_anything()
        if not source:
            return None
        op = {"op": name, "from": source.id, "fn": self.predicate()}
        self.name(op)
        return self.add(op, kind="stream", key=source.key, value=source.value, window=source.window,
                        count=source.count)

    def op_filter(self):
        return self.filter("filter")

    def op_filter_not(self):
        return self.filter("filter_not")

    def selector(self, source):
        """A key selector and the type that it gives."""
        fns = ["text", "first_of_value:1", "first_of_value:1", "first_of_value:2", "constant:all", "value", "null"]
        if source.window is None:
            fns.append("same")
        fn = self.random.choice(fns)
        return fn, {"same": source.key, "value": source.value}.get(fn, STRING)

    def op_select_key(self):
        source = self.stream_for_anything()
        if not source:
            return None
        fn, key = self.selector(source)
        op = {"op": "select_key", "from": source.id, "fn": fn}
        self.name(op)
        return self.add(op, kind="stream", key=key, value=source.value, count=source.count)

    def op_peek(self):
        source = self.stream_for_anything()
        if not source:
            return None
        op = {"op": "peek", "from": source.id}
        self.name(op)
        return self.add(op, kind="stream", key=source.key, value=source.value, window=source.window,
                        count=source.count)

    def op_for_each(self):
        source = self.stream_for_anything()
        if not source:
            return None
        op = {"op": "for_each", "from": source.id}
        self.name(op)
        self.add(op)
        return True

    def op_merge(self):
        source = self.stream_for_anything()
        other = source and self.choose("stream", lambda n: (n.key, n.value, n.window, n.count) == (
            source.key, source.value, source.window, source.count) and (n is not source or self.chance(0.1)))
        if not other:
            return None
        op = {"op": "merge", "from": source.id, "with": other.id}
        self.name(op)
        return self.add(op, kind="stream", key=source.key, value=source.value, window=source.window,
                        count=source.count)

    def op_split(self):
        source = self.stream_for_anything()
        if not source:
            return None
        op = {"op": "split", "from": source.id, "branches": []}
        self.name(op)
        names = []
        for i in range(self.random.randint(1, 3)):
            names.append(f"{self.id()}b{i}")
            branch = {"id": names[-1], "fn": self.predicate()}
            if self.chance(0.3):
                branch["name"] = f"branch{i}"
            op["branches"].append(branch)
        if self.chance(0.6):
            names.append(f"{self.id()}d")
            op["default"] = {"id": names[-1]}
            if self.chance(0.3):
                op["default"]["name"] = "rest"
        self.add(op)
        for name in names:
            self.nodes.append(Node(name, "stream", source.key, source.value, source.window, source.count))
        return True

    def partitioner(self):
        return self.pick("default", "last", f"drop_if_contains:{self.letter()}")

    def op_repartition(self):
        source = self.choose("stream", lambda node: node.plain)
        if not source:
            return None
        op = {"op": "repartition", "from": source.id}
        self.name(op)
        if self.chance(0.3):
            op["partitions"] = self.random.randint(1, 5)
        if self.chance(0.15):
            op["partitioner"] = self.partitioner()
        return self.add(op, kind="stream", key=source.key, value=source.value)

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

    # --- joins of streams

    def joiner(self, left, right):
        fn = self.pick("plus", "plus", "plus", "left", "right")
        return fn, {"left": left.value, "right": right.value}.get(fn, STRING)

    def stream_join(self, name):
        left = self.choose("stream", lambda node: node.plain)
        right = left and self.choose("stream", lambda n: n.plain and n.key == left.key and (
            n is not left or self.chance(0.15)))
        if not right:
            return None
        fn, value = self.joiner(left, right)
        op = {"op": name, "from": left.id, "with": right.id, "fn": fn, "before": self.pick(0, 5, 10, 50),
              "after": self.pick(0, 5, 10, 50), "grace": self.pick(0, 0, 5, 20, 1000)}
        if op["before"] == op["after"] == 0:
            op["after"] = 1     # Kafka Streams cannot list the stores of windows that are but an instant
        if self.chance(0.12):
            op["legacy"] = True
            del op["grace"]
        self.name(op)
        if self.chance(0.3):
            op["store"] = self.store_name()
        if self.chance(0.15):
            op["logging"] = False
        if self.chance(0.3):
            op["in_memory"] = self.chance(0.7)
        return self.add(op, kind="stream", key=left.key, value=value)

    def op_join(self):
        return self.stream_join("join")

    def op_left_join(self):
        return self.stream_join("left_join")

    def op_outer_join(self):
        return self.stream_join("outer_join")

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
        if LONG in (value, first.key):
            op.setdefault("materialized", {})
        return self.add(op, kind="table", key=first.key, value=value, window=window)

    # --- tables

    def a_table(self, condition=lambda node: True):
        return self.choose("table", condition) or self.first_table(condition)

    def first_table(self, condition):
        made = self.op_table() if self.chance(0.6) else self.op_to_table()
        return made if made and condition(made) else None

    def op_to_stream(self):
        source = self.choose("table")
        if not source:
            return None
        op = {"op": "to_stream", "from": source.id}
        self.name(op)
        return self.add(op, kind="stream", key=source.key, value=source.value, window=source.window,
                        count=source.count)

    def op_to_table(self):
        source = self.choose("stream", lambda node: node.plain)
        if not source:
            return None
        op = {"op": "to_table", "from": source.id}
        self.name(op)
        strings = source.key == source.value == STRING
        versioned = self.materialized(op, 0.5 if strings else 1, versioned=True)
        self.versioned_tables |= versioned
        return self.add(op, kind="table", key=source.key, value=source.value, versioned=versioned)

    def table_operator(self, name, fn, value, source, count=False):
        op = {"op": name, "from": source.id, "fn": fn}
        self.name(op)
        self.materialized(op, 0.4)
        return self.add(op, kind="table", key=source.key, value=value, window=source.window, count=count)

    def op_table_filter(self):
        source = self.a_table()
        return source and self.table_operator("table_filter", self.predicate(), source.value, source, source.count)

    def op_table_filter_not(self):
        source = self.a_table()
        return source and self.table_operator("table_filter_not", self.predicate(), source.value, source,
                                              source.count)

    def op_table_map_values(self):
        source = self.a_table()
        if not source:
            return None
        fn = self.value_mapper(source.value)
        return self.table_operator("table_map_values", fn, self.mapped_value(fn, source.value), source)

    def op_table_transform_values(self):
        source = self.a_table(lambda node: node.plain)
        if not source:
            return None
        fn = self.value_mapper(source.value)
        op = {"op": "table_transform_values", "from": source.id, "fn": fn}
        value = self.mapped_value(fn, source.value)
        self.name(op)
        if self.chance(0.3) and source.key == STRING:
            # Without a store of its own, Kafka Streams transforms again downstream, where the store is not connected.
            self.materialized(op, named=True)
            op["stores"] = [self.processor_store("key_value")]
            value = STRING
        else:
            self.materialized(op, 0.4)
        return self.add(op, kind="table", key=source.key, value=value)

    def two_tables(self):
        left = self.a_table(lambda node: not node.count)
        right = left and self.a_table(lambda n: not n.count and n.key == left.key and n.window == left.window and (
            n is not left or self.chance(0.15)))
        return left, right

    def table_join(self, name):
        left, right = self.two_tables()
        if not right:
            return None
        fn, value = self.joiner(left, right)
        op = {"op": name, "from": left.id, "with": right.id, "fn": fn}
        self.name(op)
        self.materialized(op, 0.5)
        return self.add(op, kind="table", key=left.key, value=value, window=left.window)

    def op_table_join(self):
        return self.table_join("table_join")

    def op_table_left_join(self):
        return self.table_join("table_left_join")

    def op_table_outer_join(self):
        return self.table_join("table_outer_join")

    def fk_join(self, name):
        left = self.a_table(lambda node: node.plain)
        right = left and self.a_table(lambda n: n.plain and n.key == STRING and (n is not left or self.chance(0.1)))
        if not right:
            return None
        fn, value = self.joiner(left, right)
        foreign = ["first_of_value:1", "first_of_value:1", "constant:a"] + (["value"] if left.value == STRING else [])
        op = {"op": name, "from": left.id, "with": right.id, "fn": fn, "fk": self.random.choice(foreign)}
        self.name(op)
        self.materialized(op, 0.5)
        return self.add(op, kind="table", key=left.key, value=value)

    def op_fk_join(self):
        return self.fk_join("fk_join")

    def op_fk_left_join(self):
        return self.fk_join("fk_left_join")

    def op_table_group_by(self):
        source = self.a_table()
        if not source:
            return None
        fns = ["first_of_value:1", "first_of_value:1", "constant:all"]
        if source.window is None:
            fns += ["same", "swap"]
        fn = self.random.choice(fns)
        op = {"op": "table_group_by", "from": source.id, "fn": fn}
        self.name(op)
        key, value = self.mapped(fn, source)
        return self.add(op, kind="grouped_table", key=key, value=value)

    def grouped_table(self):
        return self.choose("grouped_table") or self.op_table_group_by()

    def op_table_count(self):
        source = self.grouped_table()
        if not source:
            return None
        op = {"op": "table_count", "from": source.id}
        self.name(op)
        self.materialized(op)
        return self.add(op, kind="table", key=source.key, value=LONG, count=True)

    def op_table_reduce(self):
        source = self.grouped_table()
        if not source:
            return None
        fn, minus = self.pick(("sum", "sum_minus"), ("last", "last")) if source.value == LONG else self.pick(
            ("concat", "concat_minus"), ("concat", "concat_minus"), ("last", "last"))
        op = {"op": "table_reduce", "from": source.id, "fn": fn, "minus": minus}
        self.materialized(op)
        if "materialized" in op:
            self.name(op)
        return self.add(op, kind="table", key=source.key, value=self.reduced(fn, source.value))

    def op_table_aggregate(self):
        source = self.grouped_table()
        if not source:
            return None
        fn, minus = self.pick(("list", "list_minus"), ("sum_of_lengths", "sum_of_lengths_minus"),
                              (f"null_if_contains:{self.letter()}", "list_minus"))
        op = {"op": "table_aggregate", "from": source.id, "fn": fn, "minus": minus}
        self.name(op)
        self.materialized(op, 1 if fn == "sum_of_lengths" else 0.6)
        return self.add(op, kind="table", key=source.key, value=self.aggregated(fn))

    def op_suppress(self):
        source = None
        if self.chance(0.6):
            source = self.choose("table", lambda n: n.window and n.window["kind"] != "unlimited")
            if not source and self.chance(0.4) and "windowed_by" not in self.without:
                source = self.pick(self.op_windowed_count, self.op_windowed_reduce, self.op_windowed_aggregate)()
        source = source or self.a_table(lambda node: not node.versioned or self.chance(0.03))
        if not source:
            return None
        op = {"op": "suppress", "from": source.id}
        closable = source.window and source.window["kind"] != "unlimited"
        if closable and self.chance(0.75):
            op["until"] = "window_closes"
        else:
            op["until"] = self.pick(0, 10, 50)
        if self.chance(0.4):
            op["max_records"] = self.pick(1, 2, 5, 100)
        elif self.chance(0.3):
            op["max_bytes"] = self.pick(50, 200, 100000)
        if op["until"] != "window_closes" and ("max_records" in op or "max_bytes" in op):
            op["full"] = self.pick("emit_early", "emit_early", "shut_down")
        self.name(op)
        if self.chance(0.15):
            op["logging"] = False
        return self.add(op, kind="table", key=source.key, value=source.value, window=source.window,
                        count=source.count)

    # --- streams with tables

    def stream_table_join(self, name):
        stream = self.choose("stream", lambda node: node.plain)
        wanted = lambda node: node.plain and node.key == stream.key
        table = stream and (self.chance(0.8) and self.choose("table", lambda n: n.versioned and wanted(n))
                            or self.a_table(wanted))
        if not table:
            return None
        fn, value = self.joiner(stream, table)
        op = {"op": name, "from": stream.id, "with": table.id, "fn": fn}
        self.name(op)
        if table.versioned and self.chance(0.85):
            op["grace"] = self.pick(0, 10, 10, 50)
        return self.add(op, kind="stream", key=stream.key, value=value)

    def op_stream_table_join(self):
        return self.stream_table_join("stream_table_join")

    def op_stream_table_left_join(self):
        return self.stream_table_join("stream_table_left_join")

    def global_join(self, name):
        stream = self.choose("stream", lambda node: node.plain)
        table = stream and (self.choose("global_table") or self.op_global_table())
        if not table:
            return None
        fn, value = self.joiner(stream, table)
        selectors = ["first_of_value:1", "constant:a", "text"] + (["value"] if stream.value == STRING else [])
        if stream.key == STRING:
            selectors += ["same", "same"]
        op = {"op": name, "from": stream.id, "with": table.id, "fn": fn, "key_fn": self.random.choice(selectors)}
        self.name(op)
        return self.add(op, kind="stream", key=stream.key, value=value)

    def op_global_join(self):
        return self.global_join("global_join")

    def op_global_left_join(self):
        return self.global_join("global_left_join")

    # --- sinks

    def sink(self, stream):
        op = {"op": "to", "from": stream.id}
        if self.chance(0.05):
            op["topic_prefix"] = f"out{len(self.ops)}-"
        elif self.chance(0.03) and any(of[0] == "stream" and of[2] == stream.value for of in self.topics.values()) \
                and stream.plain and stream.value == STRING and stream.key == STRING and self.chance(0.2):
            op["topic"] = f"out{len(self.ops)}"
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
            self.config["statestore.cache.max.bytes"] = self.pick("10485760", "10485760", "300")
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
