// SPDX-License-Identifier: Apache-2.0
package millrace.oracle.program;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.kstream.*;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.Stores;
import org.apache.kafka.streams.state.WindowBytesStoreSupplier;

/**
 * Builds the topology of a program. {@code nodes} is a list of operators, and each operator refers to earlier ones by
 * their id. There is one method per operator. A new operator needs one more entry in {@link #operators}.
 */
final class ProgramTopology {
    /** The result of an operator (a stream, a grouped stream or a table), and the types of its keys and values. */
    record Node(Object node, Type key, Type value) {}

    interface Operator {
        Object apply(JsonNode op, Node from);
    }

    private final StreamsBuilder builder;
    private final Map<String, Node> nodes = new HashMap<>();
    private final Map<String, Operator> operators = new HashMap<>();

    ProgramTopology(final StreamsBuilder builder) {
        this.builder = builder;
        operators.put("stream", this::stream);
        operators.put("map", this::map);
        operators.put("map_values", this::mapValues);
        operators.put("flat_map", this::flatMap);
        operators.put("flat_map_values", this::flatMapValues);
        operators.put("filter", (op, from) -> filter(op, from, true));
        operators.put("filter_not", (op, from) -> filter(op, from, false));
        operators.put("select_key", this::selectKey);
        operators.put("peek", this::peek);
        operators.put("for_each", this::forEach);
        operators.put("merge", this::merge);
        operators.put("split", this::split);
        operators.put("repartition", this::repartition);
        operators.put("process", this::process);
        operators.put("process_values", this::processValues);
        operators.put("join", this::join);
        operators.put("left_join", this::join);
        operators.put("outer_join", this::join);
        operators.put("group_by", this::groupBy);
        operators.put("group_by_key", this::groupByKey);
        operators.put("count", this::count);
        operators.put("reduce", this::reduce);
        operators.put("aggregate", this::aggregate);
        operators.put("to_stream", this::toStream);
        operators.put("to", this::to);
        new TableOperators(this, builder).register(operators);
        new WindowOperators(this).register(operators);
    }

    void build(final JsonNode program) {
        for (final JsonNode store : program.path("stores")) builder.addStateStore(ProgramStores.store(store));
        for (final JsonNode op : program.path("nodes")) {
            final Operator operator = operators.get(op.path("op").asText());
            if (operator == null) throw new IllegalArgumentException("unknown operator: " + op);
            final Object result = operator.apply(op, op.has("from") ? node(op.path("from").asText()) : null);
            if (op.has("id") && result instanceof Node made) nodes.put(op.path("id").asText(), made);
        }
    }

    Node node(final String id) {
        final Node found = nodes.get(id);
        if (found == null) throw new IllegalArgumentException("no node '" + id + "' stands before its use");
        return found;
    }

    @SuppressWarnings("unchecked")
    static KStream<Object, Object> stream(final Node from) {
        return (KStream<Object, Object>) from.node();
    }

    @SuppressWarnings("unchecked")
    static KGroupedStream<Object, Object> grouped(final Node from) {
        return (KGroupedStream<Object, Object>) from.node();
    }

    static String text(final JsonNode op, final String field) {
        return op.hasNonNull(field) ? op.path(field).asText() : null;
    }

    /** The operator without a name is another overload in Java; with a null name it behaves the same. */
    static Named named(final JsonNode op) {
        return op.hasNonNull("name") ? Named.as(op.path("name").asText()) : null;
    }

    private Object stream(final JsonNode op, final Node none) {
        final Type key = Type.named(op.path("key_type").asText());
        final Type value = Type.named(op.path("value_type").asText());
        Consumed<Object, Object> consumed = Consumed.with(key.serde(), value.serde()).withName(text(op, "name"));
        if (op.has("extractor")) {
            consumed = consumed.withTimestampExtractor(Functions.extractor(op.path("extractor").asText()));
        }
        if (op.has("pattern")) {
            return new Node(builder.stream(Pattern.compile(op.path("pattern").asText()), consumed), key, value);
        }
        final List<String> topics = new ArrayList<>();
        op.path("topics").forEach(topic -> topics.add(topic.asText()));
        return new Node(builder.stream(topics, consumed), key, value);
    }

    static String fn(final JsonNode op) {
        return op.path("fn").asText();
    }

    private Object map(final JsonNode op, final Node from) {
        final var mapper = Functions.mapper(fn(op));
        final Named name = named(op);
        final var s = stream(from);
        final var types = Functions.mapped(fn(op), from.key(), from.value());
        return new Node(name == null ? s.map(mapper) : s.map(mapper, name), types.key(), types.value());
    }

    private Object mapValues(final JsonNode op, final Node from) {
        final Named name = named(op);
        final var s = stream(from);
        final Type type = Functions.mappedValue(fn(op), from.value());
        final var withKey = Functions.valueMapperWithKey(fn(op));
        if (withKey != null) {
            return new Node(name == null ? s.mapValues(withKey) : s.mapValues(withKey, name), from.key(), Type.STRING);
        }
        final var mapper = Functions.valueMapper(fn(op));
        return new Node(name == null ? s.mapValues(mapper) : s.mapValues(mapper, name), from.key(), type);
    }

    private Object flatMap(final JsonNode op, final Node from) {
        final var mapper = Functions.flatMapper(fn(op));
        final Named name = named(op);
        final var s = stream(from);
        final var types = Functions.flatMapped(fn(op), from.key(), from.value());
        return new Node(name == null ? s.flatMap(mapper) : s.flatMap(mapper, name), types.key(), types.value());
    }

    private Object flatMapValues(final JsonNode op, final Node from) {
        final var mapper = Functions.flatValueMapper(fn(op));
        final Named name = named(op);
        final var s = stream(from);
        return new Node(name == null ? s.flatMapValues(mapper) : s.flatMapValues(mapper, name), from.key(),
            Type.STRING);
    }

    private Object filter(final JsonNode op, final Node from, final boolean keep) {
        final var predicate = Functions.predicate(fn(op));
        final Named name = named(op);
        final var s = stream(from);
        final var filtered = keep
            ? (name == null ? s.filter(predicate) : s.filter(predicate, name))
            : (name == null ? s.filterNot(predicate) : s.filterNot(predicate, name));
        return new Node(filtered, from.key(), from.value());
    }

    private Object selectKey(final JsonNode op, final Node from) {
        final var selector = Functions.keySelector(fn(op));
        final Named name = named(op);
        final var s = stream(from);
        return new Node(name == null ? s.selectKey(selector) : s.selectKey(selector, name),
            Functions.selectedKey(fn(op), from.key(), from.value()), from.value());
    }

    private Object peek(final JsonNode op, final Node from) {
        final Named name = named(op);
        final ForeachAction<Object, Object> nothing = (k, v) -> {};
        final var s = stream(from);
        return new Node(name == null ? s.peek(nothing) : s.peek(nothing, name), from.key(), from.value());
    }

    private Object forEach(final JsonNode op, final Node from) {
        final Named name = named(op);
        final ForeachAction<Object, Object> nothing = (k, v) -> {};
        if (name == null) {
            stream(from).foreach(nothing);
        } else {
            stream(from).foreach(nothing, name);
        }
        return null;
    }

    private Object merge(final JsonNode op, final Node from) {
        final var other = stream(node(op.path("with").asText()));
        final Named name = named(op);
        final var s = stream(from);
        return new Node(name == null ? s.merge(other) : s.merge(other, name), from.key(), from.value());
    }

    /** Adds the resulting stream to {@code made}: the branch, or with {@code "function": true} the stream after a peek. */
    private static Branched<Object, Object> branched(final JsonNode branch, final List<KStream<Object, Object>> made) {
        if (!branch.path("function").asBoolean()) return Branched.withConsumer(made::add, text(branch, "name"));
        return Branched.withFunction(stream -> {
            final KStream<Object, Object> peeked = stream.peek((k, v) -> {});
            made.add(peeked);
            return peeked;
        }, text(branch, "name"));
    }

    private Object split(final JsonNode op, final Node from) {
        final Named name = named(op);
        BranchedKStream<Object, Object> split = name == null ? stream(from).split() : stream(from).split(name);
        final List<String> ids = new ArrayList<>();
        final List<KStream<Object, Object>> made = new ArrayList<>();
        for (final JsonNode branch : op.path("branches")) {
            ids.add(branch.path("id").asText());
            split = split.branch(Functions.predicate(fn(branch)), branched(branch, made));
        }
        if (op.has("default")) {
            ids.add(op.path("default").path("id").asText());
            split.defaultBranch(branched(op.path("default"), made));
        } else {
            split.noDefaultBranch();
        }
        for (int i = 0; i < ids.size(); i++) nodes.put(ids.get(i), new Node(made.get(i), from.key(), from.value()));
        return null;
    }

    private Object repartition(final JsonNode op, final Node from) {
        Repartitioned<Object, Object> how = Repartitioned.with(from.key().serde(), from.value().serde());
        if (op.hasNonNull("name")) how = how.withName(op.path("name").asText());
        if (op.has("partitions")) how = how.withNumberOfPartitions(op.path("partitions").asInt());
        if (op.has("partitioner")) {
            how = how.withStreamPartitioner(Functions.partitioner(op.path("partitioner").asText()));
        }
        return new Node(stream(from).repartition(how), from.key(), from.value());
    }

    static String[] storesOf(final JsonNode op) {
        final List<String> names = new ArrayList<>();
        op.path("stores").forEach(name -> names.add(name.asText()));
        return names.toArray(new String[0]);
    }

    /** The first store of the node, or the global store that the node names. */
    private static String usedStore(final JsonNode op) {
        final String[] stores = storesOf(op);
        return stores.length == 0 ? text(op, "global") : stores[0];
    }

    private Object process(final JsonNode op, final Node from) {
        final String[] stores = storesOf(op);
        final var processor = Processors.processor(fn(op), usedStore(op));
        final Named name = named(op);
        final var s = stream(from);
        final var types = Processors.types(fn(op), from.key(), from.value());
        return new Node(name == null ? s.process(processor, stores) : s.process(processor, name, stores), types.key(),
            types.value());
    }

    private Object processValues(final JsonNode op, final Node from) {
        final String[] stores = storesOf(op);
        final var processor = Processors.valueProcessor(fn(op), usedStore(op));
        final Named name = named(op);
        final var s = stream(from);
        return new Node(name == null ? s.processValues(processor, stores) : s.processValues(processor, name, stores),
            from.key(), Processors.types(fn(op), from.key(), from.value()).value());
    }

    @SuppressWarnings("deprecation")
    private static JoinWindows windows(final JsonNode op) {
        final Duration before = Duration.ofMillis(op.path("before").asLong());
        return (op.path("legacy").asBoolean() ? JoinWindows.of(before)
            : JoinWindows.ofTimeDifferenceAndGrace(before, Duration.ofMillis(op.path("grace").asLong())))
            .after(Duration.ofMillis(op.path("after").asLong()));
    }

    private static WindowBytesStoreSupplier joinStore(final JsonNode op, final String field) {
        final JoinWindows windows = windows(op);
        final Duration size = Duration.ofMillis(windows.size());
        final Duration retention = Duration.ofMillis(windows.size() + windows.gracePeriodMs());
        final String name = op.path(field).asText();
        return op.path("in_memory").asBoolean() ? Stores.inMemoryWindowStore(name, retention, size, true)
            : Stores.persistentWindowStore(name, retention, size, true);
    }

    private Object join(final JsonNode op, final Node from) {
        final Node with = node(op.path("with").asText());
        StreamJoined<Object, Object, Object> joined =
            StreamJoined.with(from.key().serde(), from.value().serde(), with.value().serde());
        if (op.hasNonNull("name")) joined = joined.withName(op.path("name").asText());
        if (op.hasNonNull("store")) joined = joined.withStoreName(op.path("store").asText());
        if (!op.path("logging").asBoolean(true)) joined = joined.withLoggingDisabled();
        if (op.has("in_memory")) {
            joined = joined.withDslStoreSuppliers(op.path("in_memory").asBoolean()
                ? Materialized.StoreType.IN_MEMORY : Materialized.StoreType.ROCKS_DB);
        }
        if (op.has("this_store")) joined = joined.withThisStoreSupplier(joinStore(op, "this_store"));
        if (op.has("other_store")) joined = joined.withOtherStoreSupplier(joinStore(op, "other_store"));
        final var left = stream(from);
        final var right = stream(with);
        final var joiner = Functions.joiner(fn(op));
        return new Node(switch (op.path("op").asText()) {
            case "join" -> left.join(right, joiner, windows(op), joined);
            case "left_join" -> left.leftJoin(right, joiner, windows(op), joined);
            default -> left.outerJoin(right, joiner, windows(op), joined);
        }, from.key(), Functions.joined(fn(op), from.value(), with.value()));
    }

    static Grouped<Object, Object> groupedAs(final JsonNode op, final Type key, final Type value) {
        return Grouped.with(text(op, "name"), key.serde(), value.serde());
    }

    private Object groupBy(final JsonNode op, final Node from) {
        final Type key = Functions.selectedKey(fn(op), from.key(), from.value());
        return new Node(stream(from).groupBy(Functions.keySelector(fn(op)), groupedAs(op, key, from.value())), key,
            from.value());
    }

    private Object groupByKey(final JsonNode op, final Node from) {
        return new Node(stream(from).groupByKey(groupedAs(op, from.key(), from.value())), from.key(), from.value());
    }

    private Object count(final JsonNode op, final Node from) {
        final Materialized<Object, Long, KeyValueStore<Bytes, byte[]>> how = ProgramStores.materialized(op, from.key(), Type.LONG);
        final Named name = named(op);
        final var g = grouped(from);
        final KTable<Object, Long> table = how == null ? (name == null ? g.count() : g.count(name))
            : (name == null ? g.count(how) : g.count(name, how));
        return new Node(table, from.key(), Type.LONG);
    }

    private Object reduce(final JsonNode op, final Node from) {
        final Materialized<Object, Object, KeyValueStore<Bytes, byte[]>> how =
            ProgramStores.materialized(op, from.key(), Functions.reduced(fn(op), from.value()));
        final Named name = named(op);
        final var reducer = Functions.reducer(fn(op));
        final var g = grouped(from);
        if (how == null && name != null) throw new IllegalArgumentException("a named reduce needs 'materialized'");
        return new Node(how == null ? g.reduce(reducer) : name == null ? g.reduce(reducer, how)
            : g.reduce(reducer, name, how), from.key(), Functions.reduced(fn(op), from.value()));
    }

    private Object aggregate(final JsonNode op, final Node from) {
        final Functions.Aggregation aggregation = Functions.aggregation(fn(op));
        final Materialized<Object, Object, KeyValueStore<Bytes, byte[]>> how =
            ProgramStores.materialized(op, from.key(), aggregation.type());
        final Named name = named(op);
        final Initializer<Object> initial = aggregation::initial;
        final var g = grouped(from);
        if (how == null && (name != null || aggregation.type() != Type.STRING)) {
            throw new IllegalArgumentException("an aggregate with a name or of longs needs 'materialized'");
        }
        return new Node(how == null ? g.aggregate(initial, aggregation.aggregator())
            : name == null ? g.aggregate(initial, aggregation.aggregator(), how)
            : g.aggregate(initial, aggregation.aggregator(), name, how), from.key(), aggregation.type());
    }

    private Object toStream(final JsonNode op, final Node from) {
        @SuppressWarnings("unchecked")
        final var table = (KTable<Object, Object>) from.node();
        final Named name = named(op);
        if (op.has("fn")) {
            final var selector = Functions.keySelector(fn(op));
            return new Node(name == null ? table.toStream(selector) : table.toStream(selector, name),
                Functions.selectedKey(fn(op), from.key(), from.value()), from.value());
        }
        return new Node(name == null ? table.toStream() : table.toStream(name), from.key(), from.value());
    }

    private Object to(final JsonNode op, final Node from) {
        Serde<Object> values = from.value().serde();
        if (op.has("throw_if_contains")) values = refusing(values, op.path("throw_if_contains").asText());
        Produced<Object, Object> produced = Produced.with(from.key().serde(), values).withName(text(op, "name"));
        if (op.has("partitioner")) {
            produced = produced.withStreamPartitioner(Functions.partitioner(op.path("partitioner").asText()));
        }
        if (op.has("topic_prefix")) {  // one topic per first character of the value
            final String prefix = op.path("topic_prefix").asText();
            stream(from).to(new PrefixedTopic(prefix, text(op, "no_topic_if_contains")), produced);
        } else {
            stream(from).to(op.path("topic").asText(), produced);
        }
        return null;
    }

    /** A serde that cannot write values that contain the text. */
    private static Serde<Object> refusing(final Serde<Object> values, final String part) {
        return Serdes.serdeFrom((topic, value) -> {
            if (Functions.text(value).contains(part)) throw new SerializationException("not wanted: " + value);
            return values.serializer().serialize(topic, value);
        }, values.deserializer());
    }

    /** describe() prints its toString(). */
    private record PrefixedTopic(String prefix, String refused)
            implements org.apache.kafka.streams.processor.TopicNameExtractor<Object, Object> {
        @Override
        public String extract(final Object key, final Object value,
                              final org.apache.kafka.streams.processor.RecordContext context) {
            final String text = Functions.text(value);
            if (refused != null && text.contains(refused)) throw new IllegalArgumentException("no topic for " + text);
            return prefix + (text.isEmpty() ? "" : text.substring(0, 1));
        }

        @Override
        public String toString() {
            return prefix + "*";
        }
    }
}
