// SPDX-License-Identifier: Apache-2.0
package millrace.oracle.program;

import java.util.HexFormat;
import java.util.List;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.kstream.Windowed;
import org.apache.kafka.streams.kstream.internals.SessionWindow;
import org.apache.kafka.streams.processor.api.ContextualProcessor;
import org.apache.kafka.streams.processor.api.ProcessorSupplier;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.AggregationWithHeaders;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.ReadOnlyKeyValueStore;
import org.apache.kafka.streams.state.SessionStore;
import org.apache.kafka.streams.state.TimestampedWindowStore;
import org.apache.kafka.streams.state.ValueAndTimestamp;
import org.apache.kafka.streams.state.ValueTimestampHeaders;
import org.apache.kafka.streams.state.VersionedKeyValueStore;
import org.apache.kafka.streams.state.VersionedRecord;
import org.apache.kafka.streams.state.WindowStore;
import org.apache.kafka.streams.state.WindowStoreIterator;

/** Processors that iterate over a store in every possible way and forward what they see as the value. */
final class StoreWalks {
    interface Use<S> {
        String apply(S store, Record<Object, Object> record);
    }

    /** Null if the function is not one of this file. */
    static ProcessorSupplier<Object, Object, Object, Object> processor(final String function, final String store) {
        final String name = function.split(":")[0];
        final String argument = function.substring(Math.min(function.length(), name.length() + 1));
        return switch (name) {
            case "walk" -> StoreWalks.<KeyValueStore<Object, Object>>walk(store, StoreWalks::keyValues);
            case "cached_walk" -> StoreWalks.<KeyValueStore<Object, Object>>walk(store,
                (entries, record) -> cachedKeyValues(entries, record, argument));
            case "cached_window_walk" -> StoreWalks.<WindowStore<Object, Object>>walk(store,
                (windows, record) -> cachedWindows(windows, record, argument));
            case "cached_session_walk" -> StoreWalks.<SessionStore<Object, Object>>walk(store,
                (sessions, record) -> cachedSessions(sessions, record, argument));
            case "put_all" -> StoreWalks.<KeyValueStore<Object, Object>>walk(store, StoreWalks::putAll);
            case "write_in_walk" -> StoreWalks.<KeyValueStore<Object, Object>>walk(store,
                (keyValues, record) -> writeInWalk(keyValues, record, argument.equals("backward")));
            case "window_walk" -> StoreWalks.<WindowStore<Object, Object>>walk(store,
                (windows, record) -> windows(windows, record, Long.parseLong(argument)));
            case "timestamped_window" -> StoreWalks.<TimestampedWindowStore<Object, Object>>walk(store,
                (windows, record) -> timestampedWindows(windows, record, Long.parseLong(argument)));
            case "session_walk" -> StoreWalks.<SessionStore<Object, Object>>walk(store,
                (sessions, record) -> sessions(sessions, record, Long.parseLong(argument)));
            case "versioned_delete" -> StoreWalks.<VersionedKeyValueStore<Object, Object>>walk(store,
                (versions, record) -> versions(versions, record, Long.parseLong(argument)));
            case "lookup" -> StoreWalks.<ReadOnlyKeyValueStore<Object, Object>>walk(store, StoreWalks::lookup);
            default -> null;
        };
    }

    private static <S extends org.apache.kafka.streams.processor.StateStore>
            ProcessorSupplier<Object, Object, Object, Object> walkStore(final String store, final Use<S> use) {
        return () -> new ContextualProcessor<>() {
            @Override
            public void process(final Record<Object, Object> record) {
                if (record.key() == null) return;
                final S state = context().getStateStore(store);
                context().forward(record.withValue(use.apply(state, record)));
            }
        };
    }

    /** S is not declared as a StateStore, because read-only stores are not StateStores. */
    @SuppressWarnings({"unchecked", "rawtypes"})
    static <S> ProcessorSupplier<Object, Object, Object, Object> walk(final String store, final Use<S> use) {
        return walkStore(store, (Use) use);
    }

    static String show(final Object value) {
        if (value instanceof ValueAndTimestamp<?> stamped) return stamped.value() + "@" + stamped.timestamp();
        if (value instanceof ValueTimestampHeaders<?> stamped) {
            return stamped.value() + "@" + stamped.timestamp() + shown(stamped.headers());
        }
        if (value instanceof AggregationWithHeaders<?> kept) return kept.aggregation() + shown(kept.headers());
        if (value instanceof Windowed<?> in) {
            return in.key() + "/" + in.window().start() + "-" + in.window().end();
        }
        return Functions.text(value);
    }

    /** Empty if there are no headers. */
    private static String shown(final Headers headers) {
        final StringBuilder seen = new StringBuilder();
        for (final Header header : headers) {
            seen.append(seen.isEmpty() ? "{" : ",").append(header.key()).append('=')
                .append(header.value() == null ? "null" : HexFormat.of().formatHex(header.value()));
        }
        return seen.isEmpty() ? "" : seen.append('}').toString();
    }

    static <K, V> String show(final KeyValueIterator<K, V> entries) {
        final StringBuilder seen = new StringBuilder("[");
        try (entries) {
            while (entries.hasNext()) {
                final KeyValue<K, V> entry = entries.next();
                seen.append(show(entry.key)).append('=').append(show(entry.value)).append(' ');
            }
        }
        return seen.append(']').toString();
    }

    /** The value that is put: at most 8 characters. Otherwise values that show whole stores would grow without limit. */
    static Object kept(final Record<Object, Object> record) {
        return Functions.valueMapper("first:8").apply(record.value());
    }

    private static String keyValues(final KeyValueStore<Object, Object> store, final Record<Object, Object> record) {
        final String key = Functions.text(record.key());
        store.put(key, kept(record));
        final String prefix = key.isEmpty() ? "a" : key.substring(0, 1);
        return show(store.range("a", key)) + show(store.range(key, "b")) + show(store.range(null, key))
            + show(store.reverseRange("a", key)) + show(store.reverseRange(key, null)) + show(store.reverseAll())
            + show(store.prefixScan(prefix, new StringSerializer()));
    }

    private static String putAll(final KeyValueStore<Object, Object> store, final Record<Object, Object> record) {
        if (record.value() == null) return "deleted " + Functions.text(store.delete(record.key()));
        store.putAll(List.of(KeyValue.pair(record.key(), kept(record)), KeyValue.pair("c", kept(record))));
        return Functions.text(store.putIfAbsent("b", kept(record))) + show(store.all());
    }

    /** At each step of an iteration, overwrites, deletes or adds an entry before, at or after the current position. */
    private static String writeInWalk(final KeyValueStore<Object, Object> store, final Record<Object, Object> record,
                                      final boolean backward) {
        if (record.value() == null) store.delete(record.key());
        else store.put(record.key(), kept(record));
        final String value = Functions.text(kept(record));
        final List<String> targets = List.of("a", "ab", "b", "c", "dd");
        final StringBuilder seen = new StringBuilder("[");
        try (KeyValueIterator<Object, Object> entries = backward ? store.reverseAll() : store.all()) {
            for (int step = 0; entries.hasNext(); ++step) {
                final KeyValue<Object, Object> entry = entries.next();
                seen.append(show(entry.key)).append('=').append(show(entry.value)).append(' ');
                final String target = targets.get((value.length() + 2 * step) % targets.size());
                if ((value.length() + step) % 3 == 1) {
                    store.delete(target);
                } else {
                    store.put(target, value + step);
                }
            }
        }
        return seen.append(']').append(show(store.all())).toString();
    }

    private static String windows(final WindowStore<Object, Object> store, final Record<Object, Object> record,
                                  final long span) {
        final long time = record.timestamp();
        final long from = Math.max(0, time - span);
        store.put(record.key(), kept(record), time);
        return show(store.backwardFetch(record.key(), from, time + span))
            + show(store.fetch("a", record.key(), from, time + span))
            + show(store.backwardFetch(null, record.key(), from, time + span)) + show(store.fetchAll(from, time))
            + show(store.backwardFetchAll(from, time)) + show(store.all()) + show(store.backwardAll());
    }

    private static String timestampedWindows(final TimestampedWindowStore<Object, Object> store,
                                             final Record<Object, Object> record, final long span) {
        final long time = record.timestamp();
        final long start = time - time % 10;
        final String old = show(store.fetch(record.key(), start));
        store.put(record.key(), ValueAndTimestamp.make(record.value(), time), start);
        final WindowStoreIterator<ValueAndTimestamp<Object>> entries =
            store.fetch(record.key(), Math.max(0, time - span), time + span);
        return old + show(entries);
    }

    private static String sessions(final SessionStore<Object, Object> store, final Record<Object, Object> record,
                                   final long span) {
        final long time = record.timestamp();
        final long from = Math.max(0, time - span);
        final String least = Functions.text(record.key()).compareTo("a") < 0 ? Functions.text(record.key()) : "a";
        store.put(new Windowed<>(record.key(), new SessionWindow(time, time + span)), kept(record));
        return show(store.fetchSession(record.key(), time, time + span)) + show(store.fetch(record.key()))
            + show(store.backwardFetch(record.key())) + show(store.backwardFindSessions(record.key(), from, time))
            + show(store.findSessions(least, record.key(), from, time + span))
            + show(store.fetch(least, record.key())) + show(store.backwardFetch(least, record.key()));
    }

    // Through a cache, Kafka Streams iterates correctly only forward, or in both directions if nothing is ever deleted.

    private static final long SPAN = 25;

    private static boolean forward(final String direction) {
        return direction.equals("forward");
    }

    private static String cachedKeyValues(final KeyValueStore<Object, Object> store,
                                          final Record<Object, Object> record, final String direction) {
        final String key = Functions.text(record.key());
        if (forward(direction)) {
            store.put(key, kept(record));
            final String prefix = key.isEmpty() ? "a" : key.substring(0, 1);
            return show(store.range("a", key)) + show(store.range(key, "b")) + show(store.range(null, key))
                + show(store.prefixScan(prefix, new StringSerializer())) + show(store.all());
        }
        if (record.value() == null) return "ignored";
        store.put(key, kept(record));
        return show(store.reverseRange("a", key)) + show(store.reverseRange(key, null)) + show(store.reverseAll())
            + show(store.range("", key));
    }

    private static String cachedWindows(final WindowStore<Object, Object> store, final Record<Object, Object> record,
                                        final String direction) {
        final long time = record.timestamp();
        final long from = Math.max(0, time - SPAN);
        if (forward(direction)) {
            store.put(record.key(), kept(record), time);
            return show(store.fetch(record.key(), from, time + SPAN))
                + show(store.fetch("", record.key(), from, time + SPAN)) + show(store.fetchAll(from, time))
                + show(store.all());
        }
        if (record.value() == null) return "ignored";
        store.put(record.key(), kept(record), time);
        return show(store.backwardFetch(record.key(), from, time + SPAN))
            + show(store.backwardFetch("", record.key(), from, time + SPAN)) + show(store.backwardFetchAll(from, time))
            + show(store.backwardAll());
    }

    private static String cachedSessions(final SessionStore<Object, Object> store, final Record<Object, Object> record,
                                         final String direction) {
        final long time = record.timestamp();
        final long from = Math.max(0, time - SPAN);
        final Windowed<Object> session = new Windowed<>(record.key(), new SessionWindow(time, time + SPAN));
        if (forward(direction)) {
            store.put(session, kept(record));
            return show(store.fetchSession(record.key(), time, time + SPAN))
                + show(store.findSessions(record.key(), from, time))
                + show(store.findSessions("", record.key(), from, time)) + show(store.fetch("", record.key()));
        }
        if (record.value() == null) return "ignored";
        store.put(session, kept(record));
        return show(store.backwardFindSessions("", record.key(), from, time))
            + show(store.backwardFetch("", record.key()));
    }

    private static String show(final VersionedRecord<Object> version) {
        return version == null ? "none" : version.value() + "@" + version.timestamp();
    }

    private static String versions(final VersionedKeyValueStore<Object, Object> store,
                                   final Record<Object, Object> record, final long span) {
        final long time = record.timestamp();
        final String done = Functions.text(record.value()).contains("x") ? show(store.delete(record.key(), time))
            : String.valueOf(store.put(record.key(), record.value(), time));
        return done + " " + show(store.get(record.key())) + " "
            + show(store.get(record.key(), Math.max(0, time - span))) + " " + show(store.get(record.key(), time));
    }

    /** Reads the store of a global table, or another store. */
    private static String lookup(final ReadOnlyKeyValueStore<Object, Object> store,
                                 final Record<Object, Object> record) {
        return show(store.get(record.key())) + show(store.range(null, record.key()));
    }

    private StoreWalks() {}
}
