# SPDX-License-Identifier: Apache-2.0
"""Draws topologies built by hand: sources, processors, stores and sinks by name, all of strings."""

from draw_groups import Groups
from drawing import STRING


class ByHand(Groups):
    def by_hand(self):
        """Adds the operators of a program to `ops`."""
        parents = []                # sources and processors
        children = {}               # of whom something is a parent already
        for _ in range(self.pick(1, 1, 2)):
            op = {"op": "source", "name": self.node_name("source")}
            if self.chance(0.1):
                # Never the same pattern twice: an application may not read a topic by two patterns, although Java's
                # test driver accepts it.
                op["pattern"] = self.new_topic(f"pattern{len(self.topics)}", STRING)
            else:
                op["topics"] = [self.new_topic("stream", STRING) for _ in range(self.pick(1, 1, 2))]
            self.extractor(op, STRING)
            self.ops.append(op)
            parents.append(op["name"])
        if self.chance(0.3):
            self.global_store_by_hand()
        waiting = []                # stores to add once their processors are there
        for _ in range(self.random.randint(1, 5)):
            fn = self.random.choice([fn for fn in self.PROCESSORS if fn != "route" and not fn.startswith("cached")])
            op = {"op": "processor", "name": self.node_name("processor"), "fn": fn, "parents": self.some(parents)}
            if fn == "lookup":
                if not self.global_stores:
                    self.global_store_by_hand()
                op["store"], kind = self.random.choice(self.global_stores)
                op["fn"] = f"lookup:{kind}"
            elif self.STORES.get(fn):
                op["store"] = self.processor_store(self.STORES[fn], fn)
                waiting.append((op["store"], op["name"]))
            for parent in op["parents"]:
                children[parent] = True
            self.ops.append(op)
            parents.append(op["name"])
        self.connect(waiting)
        for parent in parents:
            if parent not in children or self.chance(0.15):
                op = {"op": "sink", "name": self.node_name("sink"), "topic": f"out{len(self.ops)}",
                      "parents": [parent]}
                if self.chance(0.15):
                    op["parents"] = sorted({parent, self.random.choice(parents)})
                if self.chance(0.1):
                    op["partitioner"] = self.partitioner()
                self.ops.append(op)

    def node_name(self, kind):
        if self.chance(0.01):
            return "twice"          # an error, if it comes up again
        self.used_names.append(kind)
        return f"{kind}-{len(self.used_names)}"

    def some(self, parents):
        if self.chance(0.005):
            return ["nobody"]       # an error
        return sorted(set(self.random.choices(parents, k=self.pick(1, 1, 1, 2))))

    def global_store_by_hand(self):
        store = {"name": self.store_name(), "kind": "key_value"}
        self.ops.append({"op": "global_store", "name": self.node_name("source"), "store": store,
                         "topic": self.new_topic(f"global{len(self.topics)}", STRING),
                         "processor": self.node_name("processor")})
        self.global_stores.append((store["name"], "key_value"))

    def connect(self, waiting):
        """Adds the stores, and connects them with their processors at once or later."""
        for store in self.stores:
            users = [processor for name, processor in waiting if name == store["name"]]
            later = [processor for processor in users if self.chance(0.3)]
            op = {"op": "state_store", "store": store, "processors": [one for one in users if one not in later]}
            self.ops.append(op)
            self.ops += [{"op": "connect", "processor": processor, "stores": [store["name"]]} for processor in later]
        self.stores = []
