// SPDX-License-Identifier: Apache-2.0
package millrace.oracle;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.kstream.Windowed;
import org.apache.kafka.streams.processor.Cancellable;
import org.apache.kafka.streams.processor.PunctuationType;
import org.apache.kafka.streams.processor.api.ContextualFixedKeyProcessor;
import org.apache.kafka.streams.processor.api.ContextualProcessor;
import org.apache.kafka.streams.processor.api.FixedKeyProcessorSupplier;
import org.apache.kafka.streams.processor.api.FixedKeyRecord;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.ProcessorSupplier;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.processor.api.RecordMetadata;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.WindowStore;
import org.apache.kafka.streams.state.WindowStoreIterator;

/** What the trace cases do inside process(): each exercises one part of the Processor API. */
final class TraceProcessors {
    private abstract static class Strings extends ContextualProcessor<String, String, String, String> {}

    /** Forwards {@code old->new} and stores the new value; null deletes. */
    static ProcessorSupplier<String, String, String, String> remember(final String storeName) {
        return () -> new Strings() {
            @Override
            public void process(final Record<String, String> record) {
                final KeyValueStore<String, String> store = context().getStateStore(storeName);
                final String old = store.get(record.key());
                store.put(record.key(), record.value());
                context().forward(record.withValue(old + "->" + record.value()));
            }
        };
    }

    static FixedKeyProcessorSupplier<String, String, String> rememberValues(final String storeName) {
        return () -> new ContextualFixedKeyProcessor<>() {
            @Override
            public void process(final FixedKeyRecord<String, String> record) {
                final KeyValueStore<String, String> store = context().getStateStore(storeName);
                final String old = store.get(record.key());
                store.put(record.key(), record.value());
                context().forward(record.withValue(old + "->" + record.value()));
            }
        };
    }

    /** Stores every record, except those of key {@code list}, whose value is a command. */
    static ProcessorSupplier<String, String, String, String> listStore(final String storeName) {
        return () -> new Strings() {
            @Override
            public void process(final Record<String, String> record) {
                final KeyValueStore<String, String> store = context().getStateStore(storeName);
                final String command = record.value();
                if (!record.key().equals("list")) {
                    store.put(record.key(), command);
                } else if (command.equals("all")) {
                    list(record, store.all());
                } else if (command.equals("reverse")) {
                    list(record, store.reverseAll());
                } else if (command.startsWith("delete ")) {
                    context().forward(record.withValue("deleted " + store.delete(command.substring(7))));
                } else if (command.startsWith("put-if-absent ")) {
                    context().forward(record.withValue("was " + store.putIfAbsent(command.substring(14), "new")));
                } else {
                    final String[] bounds = command.split("\\.\\.");
                    list(record, store.range(bounds[0], bounds[1]));
                }
            }

            private void list(final Record<String, String> record, final KeyValueIterator<String, String> entries) {
                try (entries) {
                    while (entries.hasNext()) {
                        final KeyValue<String, String> entry = entries.next();
                        context().forward(record.withKey(entry.key).withValue(entry.value));
                    }
                }
            }
        };
    }

    /** Forwards the metadata that the context has about the record. */
    static ProcessorSupplier<String, String, String, String> context() {
        return () -> new Strings() {
            @Override
            public void process(final Record<String, String> record) {
                final RecordMetadata metadata = context().recordMetadata().orElseThrow();
                context().forward(record.withValue(metadata.topic() + "/" + metadata.partition() + "/"
                    + metadata.offset() + " " + context().applicationId() + " " + context().taskId() + " stream-time "
                    + context().currentStreamTimeMs() + " wall-clock " + context().currentSystemTimeMs()));
            }
        };
    }

    static ProcessorSupplier<String, String, String, String> forwardVariants() {
        return () -> new Strings() {
            @Override
            public void process(final Record<String, String> record) {
                context().forward(record);
                context().forward(record.withTimestamp(record.timestamp() + 1000).withValue("later"));
                context().forward(new Record<>("fresh", "no headers", 7));
                final RecordHeaders headers = new RecordHeaders(record.headers());
                headers.add("extra", "added".getBytes(StandardCharsets.UTF_8));
                context().forward(record.withHeaders(headers).withKey("re-keyed"));
            }
        };
    }

    /** Forwards each punctuation, the stream time as {@code stream}, the wall clock as {@code wall}. */
    static ProcessorSupplier<String, String, String, String> punctuate(final Duration stream, final Duration wall) {
        return () -> new Strings() {
            @Override
            public void init(final ProcessorContext<String, String> context) {
                super.init(context);
                context.schedule(wall, PunctuationType.WALL_CLOCK_TIME,
                    time -> context.forward(new Record<>("wall", Long.toString(time), time)));
                context.schedule(stream, PunctuationType.STREAM_TIME,
                    time -> context.forward(new Record<>("stream", Long.toString(time), time)));
            }

            @Override
            public void process(final Record<String, String> record) {
                context().forward(record);
            }
        };
    }

    /** Collects the latest value per key and forwards them all when stream time passes the next interval. */
    static ProcessorSupplier<String, String, String, String> flushEvery(final String storeName,
                                                                        final Duration interval) {
        return () -> new Strings() {
            private KeyValueStore<String, String> store;

            @Override
            public void init(final ProcessorContext<String, String> context) {
                super.init(context);
                store = context.getStateStore(storeName);
                context.schedule(interval, PunctuationType.STREAM_TIME, time -> {
                    try (KeyValueIterator<String, String> entries = store.all()) {
                        while (entries.hasNext()) {
                            final KeyValue<String, String> entry = entries.next();
                            context.forward(new Record<>(entry.key, entry.value, time));
                            store.delete(entry.key);
                        }
                    }
                });
            }

            @Override
            public void process(final Record<String, String> record) {
                store.put(record.key(), record.value());
            }
        };
    }

    /** Punctuates a given number of times by stream time and by wall clock, then cancels the schedule. */
    static ProcessorSupplier<String, String, String, String> punctuateTimes(final int times,
                                                                            final Duration interval) {
        return () -> new Strings() {
            @Override
            public void init(final ProcessorContext<String, String> context) {
                super.init(context);
                start(PunctuationType.STREAM_TIME, "stream");
                start(PunctuationType.WALL_CLOCK_TIME, "wall");
            }

            private void start(final PunctuationType type, final String key) {
                final int[] left = {times};
                final Cancellable[] schedule = {null};
                schedule[0] = context().schedule(interval, type, time -> {
                    context().forward(new Record<>(key, Long.toString(time), time));
                    if (--left[0] == 0) schedule[0].cancel();
                });
            }

            @Override
            public void process(final Record<String, String> record) {}
        };
    }

    /**
     * Puts every record into a window store, except those of key {@code do}, whose value is a query. Entries of several
     * keys are sorted here, because their order is not promised.
     */
    static ProcessorSupplier<String, String, String, String> windowCommands(final String storeName) {
        return () -> new Strings() {
            private WindowStore<String, String> store;

            @Override
            public void init(final ProcessorContext<String, String> context) {
                super.init(context);
                store = context.getStateStore(storeName);
            }

            @Override
            public void process(final Record<String, String> record) {
                if (!record.key().equals("do")) {
                    store.put(record.key(), record.value(), record.timestamp());
                    return;
                }
                final String[] words = record.value().split(" ");
                final List<String> found = new ArrayList<>();
                switch (words[0]) {
                    case "get" -> found.add(String.valueOf(store.fetch(words[1], Long.parseLong(words[2]))));
                    case "fetch" -> ofOneKey(found, store.fetch(words[1], time(words[2]), time(words[3])));
                    case "backward" -> ofOneKey(found, store.backwardFetch(words[1], time(words[2]), time(words[3])));
                    case "keys" -> ofKeys(found, store.fetch(words[1], words[2], time(words[3]), time(words[4])));
                    default -> ofKeys(found, store.all());
                }
                context().forward(record.withValue(String.join(" ", found)));
            }

            private Instant time(final String word) {
                return Instant.ofEpochMilli(Long.parseLong(word));
            }

            private void ofOneKey(final List<String> found, final WindowStoreIterator<String> entries) {
                try (entries) {
                    entries.forEachRemaining(entry -> found.add(entry.key + ":" + entry.value));
                }
            }

            private void ofKeys(final List<String> found,
                                final KeyValueIterator<Windowed<String>, String> entries) {
                try (entries) {
                    entries.forEachRemaining(entry -> found.add(
                        entry.key.key() + "@" + entry.key.window().start() + "-" + entry.key.window().end() + ":"
                            + entry.value));
                }
                found.sort(null);
            }
        };
    }

    private TraceProcessors() {}
}
