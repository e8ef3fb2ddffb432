# SPDX-License-Identifier: Apache-2.0
"""Shared by all parts of the generator: nodes, names, stores."""

import random

STRING, LONG = "string", "long"


class Node:
    """The properties of an operator that later operators need."""

    def __init__(self, id, kind, key=STRING, value=STRING, window=None, count=False, versioned=False, closes=False):
        self.id = id
        self.kind = kind            # stream, grouped, windowed, table, grouped_table, global_table
        self.key = key
        self.value = value
        self.window = window        # of the keys: which window, or None
        self.count = count          # values are C++ integers, not values of dynamic type
        self.versioned = versioned
        self.closes = closes        # a windowed stream that emits on close
        self.suppressible = True    # Kafka Streams does not fail at suppress
        self.keeps_serde = True     # Kafka Streams knows the serde of the values
        self.times = 1              # records that one record of the input may become, see draw_caches.py
        self.long_values = False    # values may be as long as the text of a whole record
        self.joinable = True        # values may be put together, one behind the other
        self.used = False

    @property
    def plain(self):
        """Whether every operator exists for the type of this node."""
        return self.window is None and not self.count


class Drawing:
    """A program in the making."""

    def __init__(self, seed, without=()):
        self.random = random.Random(f"millrace-{seed}")
        self.without = set(without)
        self.ops = []
        self.nodes = []
        self.stores = []
        self.owned = set()          # stores that only one processor may use
        self.shown = set()          # stores of processors in Groups.SHOWING
        self.global_stores = []     # name and kind
        self.config = {}
        self.seed = seed
        self.topics = {}            # topic: what it feeds, and its types
        self.used_names = []

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

    @staticmethod
    def keeps_serde(op, source):
        """Kafka Streams forgets the serde of mapped values that are not stored, and then uses the default serde."""
        if "materialized" in op or op["op"] not in ("table_map_values", "table_transform_values", "table_filter",
                                                    "table_filter_not"):
            return True
        return source.keeps_serde and op["op"].startswith("table_filter")

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
                        node.times = max(node.times, used.times)
                        node.long_values = node.long_values or used.long_values
                    if node and node.kind == "table" and used.id == op.get("from"):
                        node.keeps_serde = self.keeps_serde(op, used)
                    if node and node.kind == "table" and node.window and not used.suppressible:
                        node.suppressible = False
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

    def materialized(self, op, probability=0.6, windows=None, versioned=0.0, named=False):
        """`versioned` is the probability that the store is versioned. Returns whether it is versioned."""
        if not named and not self.chance(probability):
            return False
        how = op["materialized"] = {}
        if versioned and self.chance(versioned) and "versioned" not in self.without:
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

    @staticmethod
    def versions_of(source, probability=0.15):
        """How probably a store made from `source` is versioned."""
        return 0 if source.window else probability

    def new_topic(self, feeds, value, key=STRING):
        known = [topic for topic, of in self.topics.items() if of == (feeds, key, value)]
        if known and self.chance(0.1):
            return self.random.choice(known)
        if self.topics and self.chance(0.004):
            return self.random.choice(list(self.topics))        # read as something else: an error
        topic = f"t{len(self.topics)}"
        self.topics[topic] = (feeds, key, value)
        return topic
