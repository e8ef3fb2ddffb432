// SPDX-License-Identifier: Apache-2.0
package millrace.oracle.program;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.util.Map;
import millrace.oracle.program.ProgramTopology.Node;
import millrace.oracle.program.ProgramTopology.Operator;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.kstream.CogroupedKStream;
import org.apache.kafka.streams.kstream.EmitStrategy;
import org.apache.kafka.streams.kstream.Initializer;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.Merger;
import org.apache.kafka.streams.kstream.Named;
import org.apache.kafka.streams.kstream.SessionWindowedCogroupedKStream;
import org.apache.kafka.streams.kstream.SessionWindowedKStream;
import org.apache.kafka.streams.kstream.SessionWindows;
import org.apache.kafka.streams.kstream.SlidingWindows;
import org.apache.kafka.streams.kstream.TimeWindowedCogroupedKStream;
import org.apache.kafka.streams.kstream.TimeWindowedKStream;
import org.apache.kafka.streams.kstream.TimeWindows;
import org.apache.kafka.streams.kstream.UnlimitedWindows;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.SessionStore;
import org.apache.kafka.streams.state.WindowStore;

/** Windowed aggregations and cogroup. */
final class WindowOperators {
    private final ProgramTopology program;

    WindowOperators(final ProgramTopology program) {
        this.program = program;
    }

    void register(final Map<String, Operator> operators) {
        operators.put("windowed_by", this::windowedBy);
        operators.put("windowed_count", this::count);
        operators.put("windowed_reduce", this::reduce);
        operators.put("windowed_aggregate", this::aggregate);
        operators.put("cogroup", this::cogroup);
    }

    private static Duration ms(final JsonNode window, final String field) {
        return Duration.ofMillis(window.path(field).asLong());
    }

    private static TimeWindows timeWindows(final JsonNode window) {
        final TimeWindows windows = TimeWindows.ofSizeAndGrace(ms(window, "size"), ms(window, "grace"));
        return window.has("advance") ? windows.advanceBy(ms(window, "advance")) : windows;
    }

    private static SlidingWindows sliding(final JsonNode window) {
        return SlidingWindows.ofTimeDifferenceAndGrace(ms(window, "difference"), ms(window, "grace"));
    }

    private static SessionWindows sessions(final JsonNode window) {
        return SessionWindows.ofInactivityGapAndGrace(ms(window, "gap"), ms(window, "grace"));
    }

    private static UnlimitedWindows unlimited(final JsonNode window) {
        return UnlimitedWindows.of().startOn(java.time.Instant.ofEpochMilli(window.path("start").asLong()));
    }

    private static String kind(final JsonNode window) {
        return window.path("kind").asText();
    }

    private static Type windowedKey(final JsonNode window, final Type key) {
        return switch (kind(window)) {
            case "session" -> Type.inSession(key);
            case "sliding" -> Type.windowed(key, window.path("difference").asLong());
            case "unlimited" -> Type.windowed(key, Long.MAX_VALUE);
            default -> Type.windowed(key, window.path("size").asLong());
        };
    }

    private static EmitStrategy emit(final JsonNode op) {
        return op.path("emit").asText().equals("close") ? EmitStrategy.onWindowClose() : EmitStrategy.onWindowUpdate();
    }

    /** A grouped stream in windows, with the serde of its plain keys. */
    private record InWindows(Object stream, Type key) {}

    private Object windowedBy(final JsonNode op, final Node from) {
        final JsonNode window = op.path("window");
        final var g = ProgramTopology.grouped(from);
        final Object made = switch (kind(window)) {
            case "session" -> g.windowedBy(sessions(window)).emitStrategy(emit(op));
            case "sliding" -> g.windowedBy(sliding(window)).emitStrategy(emit(op));
            case "unlimited" -> g.windowedBy(unlimited(window)).emitStrategy(emit(op));
            default -> g.windowedBy(timeWindows(window)).emitStrategy(emit(op));
        };
        return new Node(new InWindows(made, from.key()), windowedKey(window, from.key()), from.value());
    }

    @SuppressWarnings("unchecked")
    private static TimeWindowedKStream<Object, Object> inTime(final Node from) {
        return (TimeWindowedKStream<Object, Object>) ((InWindows) from.node()).stream();
    }

    @SuppressWarnings("unchecked")
    private static SessionWindowedKStream<Object, Object> inSessions(final Node from) {
        return (SessionWindowedKStream<Object, Object>) ((InWindows) from.node()).stream();
    }

    private static boolean isSession(final Node from) {
        return ((InWindows) from.node()).stream() instanceof SessionWindowedKStream;
    }

    private static Type plainKey(final Node from) {
        return ((InWindows) from.node()).key();
    }

    private Object count(final JsonNode op, final Node from) {
        final Named name = ProgramTopology.named(op);
        if (isSession(from)) {
            final Materialized<Object, Long, SessionStore<Bytes, byte[]>> how =
                ProgramStores.materialized(op, plainKey(from), Type.LONG);
            final var s = inSessions(from);
            return new Node(how == null ? (name == null ? s.count() : s.count(name))
                : name == null ? s.count(how) : s.count(name, how), from.key(), Type.LONG);
        }
        final Materialized<Object, Long, WindowStore<Bytes, byte[]>> how =
            ProgramStores.materialized(op, plainKey(from), Type.LONG);
        final var s = inTime(from);
        return new Node(how == null ? (name == null ? s.count() : s.count(name))
            : name == null ? s.count(how) : s.count(name, how), from.key(), Type.LONG);
    }

    private Object reduce(final JsonNode op, final Node from) {
        final Named name = ProgramTopology.named(op);
        final var reducer = Functions.reducer(ProgramTopology.fn(op));
        final Type type = Functions.reduced(ProgramTopology.fn(op), from.value());
        if (isSession(from)) {
            final Materialized<Object, Object, SessionStore<Bytes, byte[]>> how =
                ProgramStores.materialized(op, plainKey(from), type);
            final var s = inSessions(from);
            return new Node(how == null ? (name == null ? s.reduce(reducer) : s.reduce(reducer, name))
                : name == null ? s.reduce(reducer, how) : s.reduce(reducer, name, how), from.key(), type);
        }
        final Materialized<Object, Object, WindowStore<Bytes, byte[]>> how =
            ProgramStores.materialized(op, plainKey(from), type);
        final var s = inTime(from);
        return new Node(how == null ? (name == null ? s.reduce(reducer) : s.reduce(reducer, name))
            : name == null ? s.reduce(reducer, how) : s.reduce(reducer, name, how), from.key(), type);
    }

    private Object aggregate(final JsonNode op, final Node from) {
        final Named name = ProgramTopology.named(op);
        final Functions.Aggregation aggregation = Functions.aggregation(ProgramTopology.fn(op));
        final Initializer<Object> initial = aggregation::initial;
        final var aggregator = aggregation.aggregator();
        if (isSession(from)) {
            final Materialized<Object, Object, SessionStore<Bytes, byte[]>> how =
                ProgramStores.materialized(op, plainKey(from), aggregation.type());
            final Merger<Object, Object> merger = Functions.merger(aggregation, op.path("merger").asText());
            final var s = inSessions(from);
            return new Node(how == null
                ? (name == null ? s.aggregate(initial, aggregator, merger) : s.aggregate(initial, aggregator, merger, name))
                : name == null ? s.aggregate(initial, aggregator, merger, how)
                : s.aggregate(initial, aggregator, merger, name, how), from.key(), aggregation.type());
        }
        final Materialized<Object, Object, WindowStore<Bytes, byte[]>> how =
            ProgramStores.materialized(op, plainKey(from), aggregation.type());
        final var s = inTime(from);
        return new Node(how == null
            ? (name == null ? s.aggregate(initial, aggregator) : s.aggregate(initial, aggregator, name))
            : name == null ? s.aggregate(initial, aggregator, how) : s.aggregate(initial, aggregator, name, how),
            from.key(), aggregation.type());
    }

    /** {@code "groups": [{"from", "fn"}, ...]}, perhaps {@code "window"}, and a materialized store. */
    private Object cogroup(final JsonNode op, final Node none) {
        CogroupedKStream<Object, Object> cogrouped = null;
        Type key = null;
        Functions.Aggregation first = null;
        for (final JsonNode group : op.path("groups")) {
            final Node from = program.node(group.path("from").asText());
            final var aggregation = Functions.aggregation(group.path("fn").asText());
            if (cogrouped == null) {
                first = aggregation;
                key = from.key();
                cogrouped = ProgramTopology.grouped(from).cogroup(aggregation.aggregator());
            } else {
                cogrouped = cogrouped.cogroup(ProgramTopology.grouped(from), aggregation.aggregator());
            }
        }
        final Functions.Aggregation aggregation = first;
        final Initializer<Object> initial = aggregation::initial;
        final Named name = ProgramTopology.named(op);
        final JsonNode window = op.path("window");
        final Type value = aggregation.type();
        if (window.isMissingNode()) {
            final Materialized<Object, Object, KeyValueStore<Bytes, byte[]>> how =
                ProgramStores.materialized(op, key, value);
            return new Node(how == null
                ? (name == null ? cogrouped.aggregate(initial) : cogrouped.aggregate(initial, name))
                : name == null ? cogrouped.aggregate(initial, how) : cogrouped.aggregate(initial, name, how), key, value);
        }
        final Type windowed = windowedKey(window, key);
        if (kind(window).equals("session")) {
            final Materialized<Object, Object, SessionStore<Bytes, byte[]>> how =
                ProgramStores.materialized(op, key, value);
            final Merger<Object, Object> merger = Functions.merger(aggregation, op.path("merger").asText());
            final SessionWindowedCogroupedKStream<Object, Object> s = cogrouped.windowedBy(sessions(window));
            return new Node(how == null
                ? (name == null ? s.aggregate(initial, merger) : s.aggregate(initial, merger, name))
                : name == null ? s.aggregate(initial, merger, how) : s.aggregate(initial, merger, name, how),
                windowed, value);
        }
        final Materialized<Object, Object, WindowStore<Bytes, byte[]>> how = ProgramStores.materialized(op, key, value);
        final TimeWindowedCogroupedKStream<Object, Object> s = kind(window).equals("sliding")
            ? cogrouped.windowedBy(sliding(window))
            : kind(window).equals("unlimited") ? cogrouped.windowedBy(unlimited(window))
            : cogrouped.windowedBy(timeWindows(window));
        return new Node(how == null ? (name == null ? s.aggregate(initial) : s.aggregate(initial, name))
            : name == null ? s.aggregate(initial, how) : s.aggregate(initial, name, how), windowed, value);
    }
}
