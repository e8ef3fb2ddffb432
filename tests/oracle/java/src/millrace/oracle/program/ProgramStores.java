// SPDX-License-Identifier: Apache-2.0
package millrace.oracle.program;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.processor.StateStore;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.StoreBuilder;
import org.apache.kafka.streams.state.Stores;

/** The stores that a program describes. */
final class ProgramStores {
    /** A store for processors: {@code {"name", "kind", "in_memory", "logging", "caching", "retention", "size", "duplicates"}}. */
    static StoreBuilder<?> store(final JsonNode store) {
        final String name = store.path("name").asText();
        final boolean inMemory = store.path("in_memory").asBoolean();
        final Duration retention = Duration.ofMillis(store.path("retention").asLong());
        final Duration size = Duration.ofMillis(store.path("size").asLong());
        final boolean duplicates = store.path("duplicates").asBoolean();
        final var key = Type.STRING.serde();
        final var value = Type.STRING.serde();
        StoreBuilder<?> made = switch (store.path("kind").asText("key_value")) {
            case "key_value" -> Stores.keyValueStoreBuilder(
                inMemory ? Stores.inMemoryKeyValueStore(name) : Stores.persistentKeyValueStore(name), key, value);
            case "timestamped" -> Stores.timestampedKeyValueStoreBuilder(
                inMemory ? Stores.inMemoryKeyValueStore(name) : Stores.persistentTimestampedKeyValueStore(name), key,
                value);
            case "versioned" -> Stores.versionedKeyValueStoreBuilder(
                Stores.persistentVersionedKeyValueStore(name, retention), key, value);
            case "window" -> Stores.windowStoreBuilder(
                inMemory ? Stores.inMemoryWindowStore(name, retention, size, duplicates)
                    : Stores.persistentWindowStore(name, retention, size, duplicates), key, value);
            case "timestamped_window" -> Stores.timestampedWindowStoreBuilder(
                inMemory ? Stores.inMemoryWindowStore(name, retention, size, false)
                    : Stores.persistentTimestampedWindowStore(name, retention, size, false), key, value);
            case "lru" -> Stores.keyValueStoreBuilder(Stores.lruMap(name, store.path("size").asInt()), key, value);
            case "session" -> Stores.sessionStoreBuilder(
                inMemory ? Stores.inMemorySessionStore(name, retention)
                    : Stores.persistentSessionStore(name, retention), key, value);
            case "timestamped_with_headers" -> Stores.timestampedKeyValueStoreWithHeadersBuilder(
                inMemory ? Stores.inMemoryKeyValueStore(name)
                    : Stores.persistentTimestampedKeyValueStoreWithHeaders(name), key, value);
            case "timestamped_window_with_headers" -> Stores.timestampedWindowStoreWithHeadersBuilder(
                inMemory ? Stores.inMemoryWindowStore(name, retention, size, false)
                    : Stores.persistentTimestampedWindowStoreWithHeaders(name, retention, size, false), key, value);
            case "session_with_headers" -> Stores.sessionStoreWithHeadersBuilder(
                inMemory ? Stores.inMemorySessionStore(name, retention)
                    : Stores.persistentSessionStoreWithHeaders(name, retention), key, value);
            default -> throw new IllegalArgumentException("unknown kind of store: " + store);
        };
        if (store.path("caching").asBoolean()) made = made.withCachingEnabled();
        return store.path("logging").asBoolean(true) ? made : made.withLoggingDisabled();
    }

    /**
     * {@code "materialized": {"store", "in_memory", "logging", "caching", "retention", "versioned"}}; null if the
     * operator has none.
     */
    @SuppressWarnings("unchecked")
    static <V, S extends StateStore> Materialized<Object, V, S> materialized(
            final JsonNode op, final Type key, final Type value) {
        if (!op.has("materialized")) return null;
        final JsonNode how = op.path("materialized");
        final String store = ProgramTopology.text(how, "store");
        Materialized<Object, V, S> made;
        if (how.has("versioned")) {
            final Materialized<Object, V, KeyValueStore<Bytes, byte[]>> versioned = Materialized.as(
                Stores.persistentVersionedKeyValueStore(store, Duration.ofMillis(how.path("versioned").asLong())));
            made = (Materialized<Object, V, S>) versioned;
        } else {
            made = store == null ? Materialized.with(null, null) : Materialized.as(store);
            if (how.has("in_memory")) {
                made = made.withStoreType(how.path("in_memory").asBoolean()
                    ? Materialized.StoreType.IN_MEMORY : Materialized.StoreType.ROCKS_DB);
            }
        }
        if (how.has("retention")) made = made.withRetention(Duration.ofMillis(how.path("retention").asLong()));
        if (!how.path("logging").asBoolean(true)) made = made.withLoggingDisabled();
        if (how.has("caching")) {
            made = how.path("caching").asBoolean() ? made.withCachingEnabled() : made.withCachingDisabled();
        }
        return made.withKeySerde(key.serde()).withValueSerde((Serde<V>) value.serde());
    }

    private ProgramStores() {}
}
