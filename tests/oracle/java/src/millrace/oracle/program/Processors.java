package millrace.oracle.program;

import java.time.Duration;
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

/** The processors of a program, by name; {@code store} is the first store of the node. */
final class Processors {
    static ProcessorSupplier<Object, Object, Object, Object> processor(final String function, final String store) {
        final String name = function.split(":")[0];
        final long interval = function.contains(":") ? Long.parseLong(function.split(":")[1]) : 0;
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
            case "collect_until_stream_time" -> () -> new Collector(store, interval, PunctuationType.STREAM_TIME);
            case "collect_until_wall_clock" -> () -> new Collector(store, interval, PunctuationType.WALL_CLOCK_TIME);
            default -> throw new IllegalArgumentException("unknown processor '" + function + "'");
        };
    }

    static FixedKeyProcessorSupplier<Object, Object, Object> valueProcessor(final String function,
                                                                            final String store) {
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

    private abstract static class Base extends ContextualProcessor<Object, Object, Object, Object> {}

    /** Keeps the latest value of each key; when its time comes, forwards and deletes them all in key order. */
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
