# SPDX-License-Identifier: Apache-2.0
"""Draws the operators of tables, and those of streams with tables."""

from drawing import LONG, STRING, Drawing


class Tables(Drawing):
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
        if self.chance(0.25):
            op["fn"], key = self.selector(source)
            return self.add(op, kind="stream", key=key, value=source.value, count=source.count)
        return self.add(op, kind="stream", key=source.key, value=source.value, window=source.window,
                        count=source.count)

    def op_to_table(self):
        source = self.choose("stream")
        if not source:
            return None
        op = {"op": "to_table", "from": source.id}
        self.name(op)
        strings = source.plain and source.key == source.value == STRING
        versioned = self.materialized(op, 0.5 if strings else 1, versioned=self.versions_of(source, 0.35))
        return self.add(op, kind="table", key=source.key, value=source.value, window=source.window,
                        count=source.count, versioned=versioned)

    def table_operator(self, name, fn, value, source, count=False):
        op = {"op": name, "from": source.id, "fn": fn}
        self.name(op)
        versioned = self.materialized(op, 0.4, versioned=self.versions_of(source))
        return self.add(op, kind="table", key=source.key, value=value, window=source.window, count=count,
                        versioned=versioned)

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
            # Without a store of its own, Kafka Streams calls the transformer again downstream, where the store is not
            # connected.
            versioned = self.materialized(op, named=True, versioned=self.versions_of(source))
            op["stores"] = [self.processor_store("key_value")]
            value = STRING
        else:
            versioned = self.materialized(op, 0.4, versioned=self.versions_of(source))
        return self.add(op, kind="table", key=source.key, value=value, versioned=versioned)

    def two_tables(self):
        left = self.a_table(lambda node: not node.count)
        right = left and self.a_table(lambda n: not (n.count and n.window) and n.key == left.key and n.window == left.window and (
            n is not left or self.chance(0.15)))
        return left, right

    def table_join(self, name):
        left, right = self.two_tables()
        if not right:
            return None
        fn, value = self.joiner(left, right)
        op = {"op": name, "from": left.id, "with": right.id, "fn": fn}
        self.name(op)
        versioned = self.materialized(op, 0.5, versioned=self.versions_of(left))
        return self.add(op, kind="table", key=left.key, value=value, window=left.window, versioned=versioned)

    def op_table_join(self):
        return self.table_join("table_join")

    def op_table_left_join(self):
        return self.table_join("table_left_join")

    def op_table_outer_join(self):
        return self.table_join("table_outer_join")

    def fk_join(self, name):
        left = self.a_table(lambda node: node.plain)
        right = left and self.a_table(lambda n: n.plain and n.key == STRING and (n.keeps_serde or n.value == STRING) and (
            n is not left or self.chance(0.1)))
        if not right:
            return None
        fn, value = self.joiner(left, right)
        foreign = ["first_of_value:1", "first_of_value:1", "constant:a", "null",
                   f"first_unless_contains:{self.letter()}", f"first_unless_contains:{self.letter()}"] + (["value"] if left.value == STRING else [])
        op = {"op": name, "from": left.id, "with": right.id, "fn": fn, "fk": self.random.choice(foreign)}
        self.name(op)
        if self.chance(0.2):
            op["partitioners"] = True
        versioned = self.materialized(op, 0.5, versioned=0.15)
        return self.add(op, kind="table", key=left.key, value=value, versioned=versioned)

    def op_fk_join(self):
        return self.fk_join("fk_join")

    def op_fk_left_join(self):
        return self.fk_join("fk_left_join")

    def op_table_group_by(self):
        source = self.a_table()
        if not source:
            return None
        fns = ["first_of_value:1", "first_of_value:1", "constant:all", "null_key",
               f"first_unless_contains:{self.letter()}", f"first_unless_contains:{self.letter()}"]
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
        versioned = self.materialized(op, versioned=0.15)
        return self.add(op, kind="table", key=source.key, value=LONG, count=True, versioned=versioned)

    def op_table_reduce(self):
        source = self.grouped_table()
        if not source:
            return None
        fn, minus = self.pick(("sum", "sum_minus"), ("last", "last")) if source.value == LONG else self.pick(
            ("concat", "concat_minus"), ("concat", "concat_minus"), ("last", "last"))
        op = {"op": "table_reduce", "from": source.id, "fn": fn, "minus": minus}
        versioned = self.materialized(op, versioned=0.15)
        if "materialized" in op:
            self.name(op)
        return self.add(op, kind="table", key=source.key, value=self.reduced(fn, source.value), versioned=versioned)

    def op_table_aggregate(self):
        source = self.grouped_table()
        if not source:
            return None
        fn, minus = self.pick(("list", "list_minus"), ("sum_of_lengths", "sum_of_lengths_minus"),
                              (f"null_if_contains:{self.letter()}", "list_minus"))
        op = {"op": "table_aggregate", "from": source.id, "fn": fn, "minus": minus}
        self.name(op)
        versioned = self.materialized(op, 1 if fn == "sum_of_lengths" else 0.6, versioned=0.15)
        return self.add(op, kind="table", key=source.key, value=self.aggregated(fn), versioned=versioned)

    def op_suppress(self, of_windows=False):
        source = None
        if of_windows or self.chance(0.6):
            source = self.choose("table", lambda n: n.suppressible and n.window and n.window["kind"] != "unlimited")
            if not source and (of_windows or self.chance(0.4)) and "windowed_by" not in self.without:
                source = self.pick(self.op_windowed_count, self.op_windowed_reduce, self.op_windowed_aggregate)()
        source = source or self.a_table(lambda node: node.suppressible and (not node.versioned or self.chance(0.03)))
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
        if self.chance(0.3):
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
        stream = self.choose("stream", lambda node: not node.count)
        wanted = lambda node: node.window == stream.window and node.key == stream.key and not (
            node.count and node.window)
        table = stream and (self.chance(0.8) and self.choose("table", lambda n: n.versioned and wanted(n))
                            or self.a_table(wanted))
        if not table:
            return None
        fn, value = self.joiner(stream, table)
        op = {"op": name, "from": stream.id, "with": table.id, "fn": fn}
        self.name(op)
        if table.versioned and self.chance(0.85):
            op["grace"] = self.pick(0, 10, 10, 50)
        return self.add(op, kind="stream", key=stream.key, value=value, window=stream.window)

    def op_stream_table_join(self):
        return self.stream_table_join("stream_table_join")

    def op_stream_table_left_join(self):
        return self.stream_table_join("stream_table_left_join")

    def global_join(self, name):
        stream = self.choose("stream", lambda node: node.plain)
        table = stream and (self.choose("global_table") or self.op_global_table())
        if not table:
            return None
        fn, value = ("with_keys", STRING) if self.chance(0.3) else self.joiner(stream, table)
        selectors = ["first_of_value:1", "constant:a", "text"] + (["value"] if stream.value == STRING else [])
        selectors = [fn for fn in selectors if table.key == {"value": stream.value}.get(fn, STRING)]
        if stream.key == table.key:
            selectors += ["same", "same"]
        if not selectors:
            return None
        op = {"op": name, "from": stream.id, "with": table.id, "fn": fn, "key_fn": self.random.choice(selectors)}
        self.name(op)
        return self.add(op, kind="stream", key=stream.key, value=value)

    def op_global_join(self):
        return self.global_join("global_join")

    def op_global_left_join(self):
        return self.global_join("global_left_join")
