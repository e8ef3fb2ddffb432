// SPDX-License-Identifier: Apache-2.0
package millrace.oracle.program;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import millrace.oracle.program.ProgramTopology.Node;
import millrace.oracle.program.ProgramTopology.Operator;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.kstream.Aggregator;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.GlobalKTable;
import org.apache.kafka.streams.kstream.Initializer;
import org.apache.kafka.streams.kstream.Joined;
import org.apache.kafka.streams.kstream.KGroupedTable;
import org.apache.kafka.streams.kstream.KTable;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.Named;
import org.apache.kafka.streams.kstream.Predicate;
import org.apache.kafka.streams.kstream.Suppressed;
import org.apache.kafka.streams.kstream.Suppressed.BufferConfig;
import org.apache.kafka.streams.kstream.TableJoined;
import org.apache.kafka.streams.kstream.ValueMapper;
import org.apache.kafka.streams.kstream.ValueTransformerWithKey;
import org.apache.kafka.streams.kstream.ValueTransformerWithKeySupplier;
import org.apache.kafka.streams.kstream.Windowed;
import org.apache.kafka.streams.processor.ProcessorContext;
import org.apache.kafka.streams.state.KeyValueStore;

/** The operators of tables, and those of streams with tables. */
final class TableOperators {
    private final ProgramTopology program;
    private final StreamsBuilder builder;

    TableOperators(final ProgramTopology program, final StreamsBuilder builder) {
        this.program = program;
        this.builder = builder;
    }

    void register(final Map<String, Operator> operators) {
        operators.put("table", this::table);
        operators.put("global_table", this::globalTable);
        operators.put("global_store", this::globalStore);
        operators.put("to_table", this::toTable);
        operators.put("table_filter", (op, from) -> filter(op, from, true));
        operators.put("table_filter_not", (op, from) -> filter(op, from, false));
        operators.put("table_map_values", this::mapValues);
        operators.put("table_transform_values", this::transformValues);
        operators.put("table_join", this::tableJoin);
        operators.put("table_left_join", this::tableJoin);
        operators.put("table_outer_join", this::tableJoin);
        operators.put("fk_join", this::foreignKeyJoin);
        operators.put("fk_left_join", this::foreignKeyJoin);
        operators.put("table_group_by", this::groupBy);
        operators.put("table_count", this::count);
        operators.put("table_reduce", this::reduce);
        operators.put("table_aggregate", this::aggregate);
        operators.put("suppress", this::suppress);
        operators.put("stream_table_join", this::streamTableJoin);
        operators.put("stream_table_left_join", this::streamTableJoin);
        operators.put("global_join", this::globalJoin);
        operators.put("global_left_join", this::globalJoin);
    }

    @SuppressWarnings("unchecked")
    private static KTable<Object, Object> table(final Node node) {
        return (KTable<Object, Object>) node.node();
    }

    private static Consumed<Object, Object> consumed(final JsonNode op, final Type key, final Type value) {
        final Consumed<Object, Object> consumed =
            Consumed.with(key.serde(), value.serde()).withName(ProgramTopology.text(op, "name"));
        return op.has("extractor")
            ? consumed.withTimestampExtractor(Functions.extractor(op.path("extractor").asText())) : consumed;
    }

    private Object table(final JsonNode op, final Node none) {
        final Type key = Type.named(op.path("key_type").asText());
        final Type value = Type.named(op.path("value_type").asText());
        final Materialized<Object, Object, KeyValueStore<Bytes, byte[]>> how =
            ProgramStores.materialized(op, key, value);
        final String topic = op.path("topic").asText();
        return new Node(how == null ? builder.table(topic, consumed(op, key, value))
            : builder.table(topic, consumed(op, key, value), how), key, value);
    }

    private Object globalTable(final JsonNode op, final Node none) {
        final Type key = Type.named(op.path("key_type").asText());
        final Type value = Type.named(op.path("value_type").asText());
        final Materialized<Object, Object, KeyValueStore<Bytes, byte[]>> how =
            ProgramStores.materialized(op, key, value);
        final String topic = op.path("topic").asText();
        return new Node(how == null ? builder.globalTable(topic, consumed(op, key, value))
            : builder.globalTable(topic, consumed(op, key, value), how), key, value);
    }

    /** Puts the unchanged records of a topic into a store that every processor may read. */
    private Object globalStore(final JsonNode op, final Node none) {
        final String store = op.path("store").path("name").asText();
        builder.addGlobalStore(ProgramStores.store(op.path("store")), op.path("topic").asText(),
            consumed(op, Type.STRING, Type.STRING), filler(store));
        return null;
    }

    static org.apache.kafka.streams.processor.api.ProcessorSupplier<Object, Object, Void, Void> filler(
            final String store) {
        return () -> new Filler(store);
    }

    private static final class Filler implements org.apache.kafka.streams.processor.api.Processor<Object, Object, Void, Void> {
        private final String store;
        private KeyValueStore<Object, Object> state;

        Filler(final String store) {
            this.store = store;
        }

        @Override
        public void init(final org.apache.kafka.streams.processor.api.ProcessorContext<Void, Void> context) {
            state = context.getStateStore(store);
        }

        @Override
        public void process(final org.apache.kafka.streams.processor.api.Record<Object, Object> record) {
            if (record.key() != null) state.put(record.key(), record.value());
        }
    }

    private Object toTable(final JsonNode op, final Node from) {
        final Materialized<Object, Object, KeyValueStore<Bytes, byte[]>> how =
            ProgramStores.materialized(op, from.key(), from.value());
        final Named name = ProgramTopology.named(op);
        final var s = ProgramTopology.stream(from);
        return new Node(how == null ? (name == null ? s.toTable() : s.toTable(name))
            : name == null ? s.toTable(how) : s.toTable(name, how), from.key(), from.value());
    }

    private Object filter(final JsonNode op, final Node from, final boolean keep) {
        final Predicate<Object, Object> predicate = Functions.predicate(ProgramTopology.fn(op));
        final Materialized<Object, Object, KeyValueStore<Bytes, byte[]>> how =
            ProgramStores.materialized(op, from.key(), from.value());
        final Named name = ProgramTopology.named(op);
        final var t = table(from);
        final KTable<Object, Object> made;
        if (keep) {
            made = how == null ? (name == null ? t.filter(predicate) : t.filter(predicate, name))
                : name == null ? t.filter(predicate, how) : t.filter(predicate, name, how);
        } else {
            made = how == null ? (name == null ? t.filterNot(predicate) : t.filterNot(predicate, name))
                : name == null ? t.filterNot(predicate, how) : t.filterNot(predicate, name, how);
        }
        return new Node(made, from.key(), from.value());
    }

    private Object mapValues(final JsonNode op, final Node from) {
        final Type type = Functions.mappedValue(ProgramTopology.fn(op), from.value());
        final Materialized<Object, Object, KeyValueStore<Bytes, byte[]>> how =
            ProgramStores.materialized(op, from.key(), type);
        final Named name = ProgramTopology.named(op);
        final var t = table(from);
        final var withKey = Functions.valueMapperWithKey(ProgramTopology.fn(op));
        if (withKey != null) {
            return new Node(how == null ? (name == null ? t.mapValues(withKey) : t.mapValues(withKey, name))
                : name == null ? t.mapValues(withKey, how) : t.mapValues(withKey, name, how), from.key(), type);
        }
        final ValueMapper<Object, Object> mapper = Functions.valueMapper(ProgramTopology.fn(op));
        return new Node(how == null ? (name == null ? t.mapValues(mapper) : t.mapValues(mapper, name))
            : name == null ? t.mapValues(mapper, how) : t.mapValues(mapper, name, how), from.key(), type);
    }

    /** A value mapper as a transformer. With a store, the result is the old result of the key, > and the new result. */
    private record Transformer(String function, String store)
            implements ValueTransformerWithKeySupplier<Object, Object, Object> {
        @Override
        public ValueTransformerWithKey<Object, Object, Object> get() {
            final var withKey = Functions.valueMapperWithKey(function);
            final var mapper = withKey == null ? Functions.valueMapper(function) : null;
            return new ValueTransformerWithKey<>() {
                private ProcessorContext context;

                @Override
                public void init(final ProcessorContext context) {
                    this.context = context;
                }

                @Override
                public Object transform(final Object key, final Object value) {
                    final Object result = withKey == null ? mapper.apply(value) : withKey.apply(key, value);
                    if (store == null) return result;
                    final KeyValueStore<Object, Object> state = context.getStateStore(store);
                    final Object old = state.get(key);
                    state.put(key, Functions.text(result));
                    return result == null ? null : Functions.text(old) + ">" + Functions.text(result);
                }

                @Override
                public void close() {}
            };
        }
    }

    private Object transformValues(final JsonNode op, final Node from) {
        final String[] stores = ProgramTopology.storesOf(op);
        final Type type = stores.length > 0 ? Type.STRING
            : Functions.mappedValue(ProgramTopology.fn(op), from.value());
        final Materialized<Object, Object, KeyValueStore<Bytes, byte[]>> how =
            ProgramStores.materialized(op, from.key(), type);
        final Named name = ProgramTopology.named(op);
        final var transformer = new Transformer(ProgramTopology.fn(op), stores.length > 0 ? stores[0] : null);
        final var t = table(from);
        return new Node(how == null
            ? (name == null ? t.transformValues(transformer, stores) : t.transformValues(transformer, name, stores))
            : name == null ? t.transformValues(transformer, how, stores)
            : t.transformValues(transformer, how, name, stores), from.key(), type);
    }

    private Object tableJoin(final JsonNode op, final Node from) {
        final Node with = program.node(op.path("with").asText());
        final Type type = Functions.joined(ProgramTopology.fn(op), from.value(), with.value());
        final Materialized<Object, Object, KeyValueStore<Bytes, byte[]>> how =
            ProgramStores.materialized(op, from.key(), type);
        final Named name = ProgramTopology.named(op);
        final var joiner = Functions.joiner(ProgramTopology.fn(op));
        final var l = table(from);
        final var r = table(with);
        final KTable<Object, Object> made = switch (op.path("op").asText()) {
            case "table_join" -> how == null ? (name == null ? l.join(r, joiner) : l.join(r, joiner, name))
                : name == null ? l.join(r, joiner, how) : l.join(r, joiner, name, how);
            case "table_left_join" -> how == null
                ? (name == null ? l.leftJoin(r, joiner) : l.leftJoin(r, joiner, name))
                : name == null ? l.leftJoin(r, joiner, how) : l.leftJoin(r, joiner, name, how);
            default -> how == null ? (name == null ? l.outerJoin(r, joiner) : l.outerJoin(r, joiner, name))
                : name == null ? l.outerJoin(r, joiner, how) : l.outerJoin(r, joiner, name, how);
        };
        return new Node(made, from.key(), type);
    }

    private static TableJoined<Object, Object> tableJoined(final JsonNode op) {
        final String name = ProgramTopology.text(op, "name");
        if (!op.path("partitioners").asBoolean()) return name == null ? null : TableJoined.as(name);
        final TableJoined<Object, Object> joined = TableJoined.with(
            new Partitioner<>((topic, k, v, headers, n) -> Optional.of(Set.of(n - 1))),
            new Partitioner<>((topic, k, v, headers, n) -> Optional.of(Set.of(n - 1))));
        return name == null ? joined : joined.withName(name);
    }

    private Object foreignKeyJoin(final JsonNode op, final Node from) {
        final Node with = program.node(op.path("with").asText());
        final Type type = Functions.joined(ProgramTopology.fn(op), from.value(), with.value());
        final Materialized<Object, Object, KeyValueStore<Bytes, byte[]>> how =
            ProgramStores.materialized(op, from.key(), type);
        final TableJoined<Object, Object> joined = tableJoined(op);
        final var joiner = Functions.joiner(ProgramTopology.fn(op));
        final var key = Functions.foreignKey(op.path("fk").asText());
        final var l = table(from);
        final var r = table(with);
        final KTable<Object, Object> made;
        if (op.path("op").asText().equals("fk_join")) {
            made = how == null ? (joined == null ? l.join(r, key, joiner) : l.join(r, key, joiner, joined))
                : joined == null ? l.join(r, key, joiner, how) : l.join(r, key, joiner, joined, how);
        } else {
            made = how == null ? (joined == null ? l.leftJoin(r, key, joiner) : l.leftJoin(r, key, joiner, joined))
                : joined == null ? l.leftJoin(r, key, joiner, how) : l.leftJoin(r, key, joiner, joined, how);
        }
        return new Node(made, from.key(), type);
    }

    private Object groupBy(final JsonNode op, final Node from) {
        final var types = Functions.mapped(ProgramTopology.fn(op), from.key(), from.value());
        return new Node(table(from).groupBy(Functions.mapper(ProgramTopology.fn(op)),
            ProgramTopology.groupedAs(op, types.key(), types.value())), types.key(), types.value());
    }

    @SuppressWarnings("unchecked")
    private static KGroupedTable<Object, Object> grouped(final Node from) {
        return (KGroupedTable<Object, Object>) from.node();
    }

    private Object count(final JsonNode op, final Node from) {
        final Materialized<Object, Long, KeyValueStore<Bytes, byte[]>> how =
            ProgramStores.materialized(op, from.key(), Type.LONG);
        final Named name = ProgramTopology.named(op);
        final var g = grouped(from);
        return new Node(how == null ? (name == null ? g.count() : g.count(name))
            : name == null ? g.count(how) : g.count(name, how), from.key(), Type.LONG);
    }

    private Object reduce(final JsonNode op, final Node from) {
        final Type type = Functions.reduced(ProgramTopology.fn(op), from.value());
        final Materialized<Object, Object, KeyValueStore<Bytes, byte[]>> how =
            ProgramStores.materialized(op, from.key(), type);
        final Named name = ProgramTopology.named(op);
        final var adder = Functions.reducer(ProgramTopology.fn(op));
        final var subtractor = Functions.reducer(op.path("minus").asText());
        final var g = grouped(from);
        if (how == null && name != null) throw new IllegalArgumentException("a named reduce needs 'materialized'");
        return new Node(how == null ? g.reduce(adder, subtractor) : name == null ? g.reduce(adder, subtractor, how)
            : g.reduce(adder, subtractor, name, how), from.key(), type);
    }

    private Object aggregate(final JsonNode op, final Node from) {
        final Functions.Aggregation adding = Functions.aggregation(ProgramTopology.fn(op));
        final Materialized<Object, Object, KeyValueStore<Bytes, byte[]>> how =
            ProgramStores.materialized(op, from.key(), adding.type());
        final Named name = ProgramTopology.named(op);
        final Initializer<Object> initial = adding::initial;
        final Aggregator<Object, Object, Object> adder = adding.aggregator();
        final var subtractor = Functions.aggregation(op.path("minus").asText()).aggregator();
        final var g = grouped(from);
        if (how == null) {
            return new Node(name == null ? g.aggregate(initial, adder, subtractor)
                : g.aggregate(initial, adder, subtractor, name), from.key(), adding.type());
        }
        return new Node(name == null ? g.aggregate(initial, adder, subtractor, how)
            : g.aggregate(initial, adder, subtractor, name, how), from.key(), adding.type());
    }

    private static Suppressed.StrictBufferConfig strict(final JsonNode op) {
        Suppressed.StrictBufferConfig config = BufferConfig.unbounded();
        if (op.has("max_records")) config = BufferConfig.maxRecords(op.path("max_records").asLong()).shutDownWhenFull();
        if (op.has("max_bytes")) config = config.withMaxBytes(op.path("max_bytes").asLong());
        return op.path("logging").asBoolean(true) ? config : config.withLoggingDisabled();
    }

    private static BufferConfig<?> buffer(final JsonNode op) {
        if (!op.path("full").asText().equals("emit_early")) return strict(op);
        Suppressed.EagerBufferConfig config = op.has("max_records")
            ? BufferConfig.maxRecords(op.path("max_records").asLong())
            : BufferConfig.maxBytes(op.path("max_bytes").asLong());
        if (op.has("max_records") && op.has("max_bytes")) config = config.withMaxBytes(op.path("max_bytes").asLong());
        return op.path("logging").asBoolean(true) ? config : config.withLoggingDisabled();
    }

    /** {@code "until": "window_closes"} or a number of ms. */
    @SuppressWarnings("unchecked")
    private Object suppress(final JsonNode op, final Node from) {
        final String name = ProgramTopology.text(op, "name");
        final KTable<Object, Object> made;
        if (op.path("until").isTextual()) {
            final Suppressed<Windowed<?>> how = Suppressed.untilWindowCloses(strict(op));
            made = (KTable<Object, Object>) (KTable<?, ?>)
                ((KTable<Windowed<?>, Object>) from.node()).suppress(name == null ? how : how.withName(name));
        } else {
            final Suppressed<Object> how =
                Suppressed.untilTimeLimit(Duration.ofMillis(op.path("until").asLong()), buffer(op));
            made = table(from).suppress(name == null ? how : how.withName(name));
        }
        return new Node(made, from.key(), from.value());
    }

    private Object streamTableJoin(final JsonNode op, final Node from) {
        final Node with = program.node(op.path("with").asText());
        Joined<Object, Object, Object> joined = Joined.with(from.key().serde(), from.value().serde(),
            with.value().serde(), ProgramTopology.text(op, "name"));
        if (op.has("grace")) joined = joined.withGracePeriod(Duration.ofMillis(op.path("grace").asLong()));
        final var joiner = Functions.joiner(ProgramTopology.fn(op));
        final var s = ProgramTopology.stream(from);
        return new Node(op.path("op").asText().equals("stream_table_join") ? s.join(table(with), joiner, joined)
            : s.leftJoin(table(with), joiner, joined), from.key(),
            Functions.joined(ProgramTopology.fn(op), from.value(), with.value()));
    }

    @SuppressWarnings("unchecked")
    private Object globalJoin(final JsonNode op, final Node from) {
        final Node with = program.node(op.path("with").asText());
        final var other = (GlobalKTable<Object, Object>) with.node();
        final var key = Functions.keySelector(op.path("key_fn").asText());
        final var joiner = Functions.globalJoiner(ProgramTopology.fn(op));
        final Named name = ProgramTopology.named(op);
        final var s = ProgramTopology.stream(from);
        return new Node(op.path("op").asText().equals("global_join")
            ? (name == null ? s.join(other, key, joiner) : s.join(other, key, joiner, name))
            : (name == null ? s.leftJoin(other, key, joiner) : s.leftJoin(other, key, joiner, name)), from.key(),
            Functions.joined(ProgramTopology.fn(op), from.value(), with.value()));
    }
}
