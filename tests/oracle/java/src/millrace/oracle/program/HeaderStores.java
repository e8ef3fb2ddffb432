// SPDX-License-Identifier: Apache-2.0
package millrace.oracle.program;

import java.util.List;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.kstream.Windowed;
import org.apache.kafka.streams.kstream.internals.SessionWindow;
import org.apache.kafka.streams.processor.api.ProcessorSupplier;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.AggregationWithHeaders;
import org.apache.kafka.streams.state.SessionStoreWithHeaders;
import org.apache.kafka.streams.state.TimestampedKeyValueStoreWithHeaders;
import org.apache.kafka.streams.state.TimestampedWindowStoreWithHeaders;
import org.apache.kafka.streams.state.ValueTimestampHeaders;

/**
 * Processors with stores that keep headers. A null value deletes. A value is put with the record's headers. A value that
 * contains an x is put with the headers already in the store.
 */
final class HeaderStores {
    /** Null if the function is not one of this file. */
    static ProcessorSupplier<Object, Object, Object, Object> processor(final String function, final String store) {
        final String name = function.split(":")[0];
        final String argument = function.substring(Math.min(function.length(), name.length() + 1));
        return switch (name) {
            case "with_headers" -> StoreWalks.<TimestampedKeyValueStoreWithHeaders<Object, Object>>walk(store,
                HeaderStores::keyValues);
            case "window_with_headers" -> StoreWalks.<TimestampedWindowStoreWithHeaders<Object, Object>>walk(store,
                (windows, record) -> windows(windows, record, Long.parseLong(argument)));
            case "session_with_headers" -> StoreWalks.<SessionStoreWithHeaders<Object, Object>>walk(store,
                (sessions, record) -> sessions(sessions, record, Long.parseLong(argument)));
            default -> null;
        };
    }

    private static Headers headersFor(final Record<Object, Object> record, final Headers there) {
        return there != null && Functions.text(record.value()).contains("x") ? there : record.headers();
    }

    private static String keyValues(final TimestampedKeyValueStoreWithHeaders<Object, Object> store,
                                    final Record<Object, Object> record) {
        final Object value = StoreWalks.kept(record);
        if (value == null) return "deleted " + StoreWalks.show(store.delete(record.key()));
        final ValueTimestampHeaders<Object> old = store.get(record.key());
        final ValueTimestampHeaders<Object> made = ValueTimestampHeaders.make(value, record.timestamp(),
            headersFor(record, old == null ? null : old.headers()));
        store.put(record.key(), made);
        String seen = StoreWalks.show(old);
        if (value.toString().contains("b")) {
            store.putAll(List.of(KeyValue.pair("c", made), KeyValue.pair("dd", made)));
            seen += StoreWalks.show(store.putIfAbsent("b", made));
        }
        return seen + StoreWalks.show(store.range(null, record.key()));
    }

    private static String windows(final TimestampedWindowStoreWithHeaders<Object, Object> store,
                                  final Record<Object, Object> record, final long span) {
        final long time = record.timestamp();
        final long start = time - time % 10;
        final Object value = StoreWalks.kept(record);
        final ValueTimestampHeaders<Object> old = store.fetch(record.key(), start);
        store.put(record.key(), value == null ? null : ValueTimestampHeaders.make(value, time,
            headersFor(record, old == null ? null : old.headers())), start);
        return StoreWalks.show(old)
            + StoreWalks.show(store.fetch(record.key(), Math.max(0, time - span), time + span))
            + StoreWalks.show(store.fetchAll(Math.max(0, time - span), time));
    }

    private static String sessions(final SessionStoreWithHeaders<Object, Object> store,
                                   final Record<Object, Object> record, final long span) {
        final long time = record.timestamp();
        final long start = time - time % 10;
        final Object value = StoreWalks.kept(record);
        final Windowed<Object> session = new Windowed<>(record.key(), new SessionWindow(start, start + span));
        final AggregationWithHeaders<Object> old = store.fetchSession(record.key(), start, start + span);
        if (value == null) {
            store.remove(session);
        } else {
            store.put(session, AggregationWithHeaders.make(value,
                headersFor(record, old == null ? null : old.headers())));
        }
        return StoreWalks.show(old)
            + StoreWalks.show(store.findSessions(record.key(), Math.max(0, time - span), time));
    }

    private HeaderStores() {}
}
