// SPDX-License-Identifier: Apache-2.0
package millrace.oracle.program;

import java.time.Duration;
import org.apache.kafka.streams.kstream.Windowed;
import org.apache.kafka.streams.kstream.internals.SessionWindow;
import org.apache.kafka.streams.processor.PunctuationType;
import org.apache.kafka.streams.processor.api.ContextualFixedKeyProcessor;
import org.apache.kafka.streams.processor.api.ContextualProcessor;
import org.apache.kafka.streams.processor.api.FixedKeyProcessorSupplier;
import org.apache.kafka.streams.processor.api.FixedKeyRecord;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.ProcessorSupplier;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.SessionStore;
import org.apache.kafka.streams.state.TimestampedKeyValueStore;
import org.apache.kafka.streams.state.ValueAndTimestamp;
import org.apache.kafka.streams.state.VersionedKeyValueStore;
import org.apache.kafka.streams.state.VersionedRecord;
import org.apache.kafka.streams.state.WindowStore;

/** The processors of a program, by name. {@code store} is the first store of the node. */
final class Processors {
    static ProcessorSupplier<Object, Object, Object, Object> processor(final String function, final String store) {
        final var found = ContextProcessors.processor(function);
        if (found != null) return found;
        final var walking = StoreWalks.processor(function, store);
        if (walking != null) return walking;
        final var withHeaders = HeaderStores.processor(function, store);
        if (withHeaders != null) return withHeaders;
        final String name = function.split(":")[0];
        final long interval = function.contains(":") && !name.equals("route") ? Long.parseLong(function.split(":")[1]) : 0;
        return switch (name) {
            case "forward" -> () -> new Base() {
                @Override
                public void process(final Record<Object, Object> record) {
                    context().forward(record);
                }
            };
            case "forward_later" -> () -> new Base() {
                @Override
                public void process(final Record<Object, Object> record) {
                    context().forward(record);
                    context().forward(record.withTimestamp(record.timestamp() + interval));
                }
            };
            case "remember" -> () -> new Base() {
                @Override
                public void process(final Record<Object, Object> record) {
                    if (record.key() == null) return;
                    final KeyValueStore<Object, Object> state = context().getStateStore(store);
                    final Object old = state.get(record.key());
                    state.put(record.key(), record.value());
                    context().forward(record.withValue(Functions.text(old) + ">" + Functions.text(record.value())));
                }
            };
            case "route" -> () -> new Base() {
                @Override
                public void process(final Record<Object, Object> record) {
                    if (Functions.text(record.value()).length() > 2) {
                        context().forward(record, function.substring(name.length() + 1));
                    } else {
                        context().forward(record);
                    }
                }
            };
            case "timestamped" -> () -> new Base() {
                @Override
                public void process(final Record<Object, Object> record) {
                    if (record.key() == null) return;
                    final TimestampedKeyValueStore<Object, Object> state = context().getStateStore(store);
                    final var old = state.get(record.key());
                    state.put(record.key(), ValueAndTimestamp.make(record.value(), record.timestamp()));
                    context().forward(record.withValue((old == null ? "null" : old.value() + "@" + old.timestamp()) + ">"
                        + Functions.text(record.value())));
                }
            };
            case "window" -> () -> new Base() {
                @Override
                public void process(final Record<Object, Object> record) {
                    if (record.key() == null) return;
                    final WindowStore<Object, Object> state = context().getStateStore(store);
                    state.put(record.key(), record.value(), record.timestamp());
                    final StringBuilder seen = new StringBuilder();
                    try (var entries = state.fetch(record.key(), Math.max(0, record.timestamp() - interval),
                            record.timestamp() + interval)) {
                        while (entries.hasNext()) {
                            final var entry = entries.next();
                            seen.append(entry.key).append('=').append(entry.value).append(' ');
                        }
                    }
                    context().forward(record.withValue(seen.toString()));
                }
            };
            case "session" -> () -> new Base() {
                @Override
                public void process(final Record<Object, Object> record) {
                    if (record.key() == null) return;
                    final SessionStore<Object, Object> state = context().getStateStore(store);
                    final long time = record.timestamp();
                    state.put(new Windowed<>(record.key(), new SessionWindow(time, time + interval)), record.value());
                    final StringBuilder seen = new StringBuilder();
                    try (var entries = state.findSessions(record.key(), Math.max(0, time - interval), time + interval)) {
                        while (entries.hasNext()) {
                            final var entry = entries.next();
                            seen.append(entry.key.window().start()).append('-').append(entry.key.window().end())
                                .append('=').append(entry.value).append(' ');
                        }
                    }
                    context().forward(record.withValue(seen.toString()));
                }
            };
            case "versioned" -> () -> new Base() {
                @Override
                public void process(final Record<Object, Object> record) {
                    if (record.key() == null) return;
                    final VersionedKeyValueStore<Object, Object> state = context().getStateStore(store);
                    state.put(record.key(), record.value(), record.timestamp());
                    context().forward(record.withValue(show(state.get(record.key())) + " "
                        + show(state.get(record.key(), Math.max(0, record.timestamp() - interval)))));
                }

                private String show(final VersionedRecord<Object> version) {
                    return version == null ? "none" : version.value() + "@" + version.timestamp();
                }
            };
            case "collect_until_stream_time" -> () -> new Collector(store, interval, PunctuationType.STREAM_TIME);
            case "collect_until_wall_clock" -> () -> new Collector(store, interval, PunctuationType.WALL_CLOCK_TIME);
            default -> throw new IllegalArgumentException("unknown processor '" + function + "'");
        };
    }

    static FixedKeyProcessorSupplier<Object, Object, Object> valueProcessor(final String function,
                                                                            final String store) {
        final var found = ContextProcessors.valueProcessor(function);
        if (found != null) return found;
        return switch (function) {
            case "forward" -> () -> new ContextualFixedKeyProcessor<>() {
                @Override
                public void process(final FixedKeyRecord<Object, Object> record) {
                    context().forward(record);
                }
            };
            case "remember" -> () -> new ContextualFixedKeyProcessor<>() {
                @Override
                public void process(final FixedKeyRecord<Object, Object> record) {
                    if (record.key() == null) return;
                    final KeyValueStore<Object, Object> state = context().getStateStore(store);
                    final Object old = state.get(record.key());
                    state.put(record.key(), record.value());
                    context().forward(record.withValue(Functions.text(old) + ">" + Functions.text(record.value())));
                }
            };
            default -> throw new IllegalArgumentException("unknown value processor '" + function + "'");
        };
    }

    /** The types of key and value that a processor forwards. */
    static Functions.Types types(final String function, final Type key, final Type value) {
        return switch (function.split(":")[0]) {
            case "change" -> new Functions.Types(Type.STRING, Type.STRING);
            case "headers", "metadata" -> new Functions.Types(key, Type.STRING);
            default -> new Functions.Types(key, value);
        };
    }

    private abstract static class Base extends ContextualProcessor<Object, Object, Object, Object> {}

    /** Keeps the latest value of each key. Its punctuation forwards all entries in key order and deletes them. */
    private static final class Collector extends Base {
        private final String storeName;
        private final long interval;
        private final PunctuationType type;

        Collector(final String storeName, final long interval, final PunctuationType type) {
            this.storeName = storeName;
            this.interval = interval;
            this.type = type;
        }

        @Override
        public void init(final ProcessorContext<Object, Object> context) {
            super.init(context);
            context.schedule(Duration.ofMillis(interval), type, this::flush);
        }

        @Override
        public void process(final Record<Object, Object> record) {
            if (record.key() == null) return;
            final KeyValueStore<Object, Object> store = context().getStateStore(storeName);
            store.put(record.key(), record.value());
        }

        private void flush(final long time) {
            final KeyValueStore<Object, Object> store = context().getStateStore(storeName);
            try (KeyValueIterator<Object, Object> entries = store.all()) {
                while (entries.hasNext()) {
                    final var entry = entries.next();
                    context().forward(new Record<>(entry.key, entry.value, time));
                    store.delete(entry.key);
                }
            }
        }
    }

    private Processors() {}
}
