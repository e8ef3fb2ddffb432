# SPDX-License-Identifier: Apache-2.0
"""Draws sources and the operators of streams."""

from drawing import LONG, STRING, Drawing, Node


class Streams(Drawing):
    # --- sources

    def types_of_source(self, op):
        """A source. Keys and values are usually strings."""
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
            more = self.chance(0.5)         # in one pattern or the other only, see by_hand()
            topic = self.new_topic("pattern" + "|" * more, value, key)
            op["pattern"] = topic + f"|{topic}x" * more
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
        versioned = self.materialized(op, 0.5, versioned=0.35)
        return self.add(op, kind="table", key=key, value=value, versioned=versioned)

    def op_global_table(self):
        op = {"op": "global_table", }
        key, value = self.types_of_source(op)
        op["topic"] = self.new_topic(f"global{len(self.topics)}", value, key)
        self.extractor(op, value)
        self.name(op, 0.15)
        if self.chance(0.4):
            self.materialized(op, named=True)   # Kafka Streams refuses one without a name
            op["materialized"].pop("logging", None)
            if key == value == STRING:
                self.global_stores.append((op["materialized"]["store"], "timestamped"))
        return self.add(op, kind="global_table", key=key, value=value)

    # --- streams

    def stream_for_anything(self):
        return self.choose("stream")

    def value_mapper(self, value):
        common = ["same", "null", "text", "append:!", "first:1", f"null_if_contains:{self.letter()}", "key_and_value"]
        if value == STRING:
            common += ["upper", "append:z", "first:2"]
        if self.config.get("processing.exception.handler") or self.chance(0.02):
            common += [f"throw_if_contains:{self.letter()}"] * 3
        return self.random.choice(common)

    @staticmethod
    def mapped_value(fn, value):
        return value if fn.split(":")[0] in ("same", "null", "null_if_contains", "throw_if_contains") else STRING

    def op_map(self):
        source = self.stream_for_anything()
        if not source:
            return None
        fns = ["null_key", "first_of_value:1", "first_of_value:2", "constant:k",
               f"first_unless_contains:{self.letter()}"]
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

    def op_map_values(self, fn=None):
        source = self.stream_for_anything()
        if not source:
            return None
        fn = fn or self.value_mapper(source.value)
        op = {"op": "map_values", "from": source.id, "fn": fn}
        self.name(op)
        return self.add(op, kind="stream", key=source.key, value=self.mapped_value(fn, source.value),
                        window=source.window)

    def op_flat_map(self):
        source = self.choose("stream", lambda node: node.window is None)
        if not source:
            return None
        fn = self.times_if_walks(self.pick("words_as_keys", "times:0", "times:2", "times:3"))
        op = {"op": "flat_map", "from": source.id, "fn": fn}
        self.name(op)
        key, value = (STRING, source.key) if fn == "words_as_keys" else (source.key, source.value)
        return self.add(op, kind="stream", key=key, value=value)

    def times_if_walks(self, fn):
        """Not the words that iterating processors show: they are so many that joins of them take minutes."""
        walks = any("walk" in op.get("fn", "") or op.get("fn") == "put_all" for op in self.ops)
        return "times:2" if walks and fn.startswith("words") else fn

    def op_flat_map_values(self):
        source = self.stream_for_anything()
        if not source:
            return None
        op = {"op": "flat_map_values", "from": source.id, "fn": self.times_if_walks(self.pick("words", "words", "times:0", "times:2"))}
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
        fns = ["text", "first_of_value:1", "first_of_value:1", "first_of_value:2", "constant:all", "value", "null",
               f"first_unless_contains:{self.letter()}"]
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
            if self.chance(0.5):
                branch["function"] = True
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
        if "processing.exception.handler" in self.config and self.chance(0.3):
            return f"throw_if_contains:{self.letter()}"
        return self.pick("default", "last", f"drop_if_contains:{self.letter()}", f"drop_if_header:{self.pick('g', 'h')}")

    def op_repartition(self):
        source = self.stream_for_anything()
        if not source:
            return None
        op = {"op": "repartition", "from": source.id}
        self.name(op)
        if self.chance(0.3):
            op["partitions"] = self.random.randint(1, 5)
        if self.chance(0.15):
            op["partitioner"] = self.partitioner()
        return self.add(op, kind="stream", key=source.key, value=source.value, window=source.window,
                        count=source.count)

    # --- joins of streams

    def joiner(self, left, right):
        fn = self.pick("plus", "plus", "plus", "left", "right")
        return fn, {"left": left.value, "right": right.value}.get(fn, STRING)

    def stream_join(self, name, legacy=False):
        left = self.choose("stream", lambda node: not node.count)
        right = left and self.choose("stream", lambda n: n.window == left.window and n.key == left.key and not (
            n.count and n.window) and (n is not left or self.chance(0.15)))
        if not right:
            return None
        fn, value = self.joiner(left, right)
        op = {"op": name, "from": left.id, "with": right.id, "fn": fn, "before": self.pick(0, 5, 10, 50),
              "after": self.pick(0, 5, 10, 50), "grace": self.pick(0, 0, 5, 20, 1000)}
        if op["before"] == op["after"] == 0:
            op["after"] = 1     # Kafka Streams cannot list the stores of windows that are but an instant
        if legacy or self.chance(0.2):
            op["legacy"] = True
            del op["grace"]
        self.name(op)
        if self.chance(0.3):
            op["store"] = self.store_name()
        if self.chance(0.15):
            op["this_store"] = self.store_name()
            op["other_store"] = self.store_name()
        elif self.chance(0.15):
            op["logging"] = False
        if self.chance(0.3):
            op["in_memory"] = self.chance(0.7)
        return self.add(op, kind="stream", key=left.key, value=value, window=left.window)

    def op_join(self):
        return self.stream_join("join")

    def op_left_join(self):
        return self.stream_join("left_join")

    def op_outer_join(self, legacy=False):
        return self.stream_join("outer_join", legacy)
