// SPDX-License-Identifier: Apache-2.0
package millrace.oracle;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.StreamJoined;
import org.apache.kafka.streams.processor.api.ContextualFixedKeyProcessor;
import org.apache.kafka.streams.processor.api.ContextualProcessor;
import org.apache.kafka.streams.processor.api.FixedKeyProcessorSupplier;
import org.apache.kafka.streams.processor.api.FixedKeyRecord;
import org.apache.kafka.streams.processor.api.ProcessorSupplier;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.StoreBuilder;
import org.apache.kafka.streams.state.Stores;

/** Named topologies in families (one golden file per family), and the helpers that the topologies share. */
abstract class Cases {
    static final Serde<String> S = Serdes.String();
    static final Serde<Long> L = Serdes.Long();

    static Consumed<String, String> C() {
        return Consumed.with(S, S);
    }

    static StreamJoined<String, String, String> SJ() {
        return StreamJoined.with(S, S, S);
    }

    static Duration ms(final long milliseconds) {
        return Duration.ofMillis(milliseconds);
    }

    static StoreBuilder<KeyValueStore<String, String>> store(final String name) {
        return Stores.keyValueStoreBuilder(Stores.persistentKeyValueStore(name), S, S);
    }

    static ProcessorSupplier<String, String, String, String> swallow() {
        return () -> new ContextualProcessor<>() {
            @Override
            public void process(final Record<String, String> record) {}
        };
    }

    static ProcessorSupplier<String, String, Void, Void> swallowGlobal() {
        return () -> new ContextualProcessor<>() {
            @Override
            public void process(final Record<String, String> record) {}
        };
    }

    static FixedKeyProcessorSupplier<String, String, String> swallowValues() {
        return () -> new ContextualFixedKeyProcessor<>() {
            @Override
            public void process(final FixedKeyRecord<String, String> record) {}
        };
    }

    /** {@code input}: the lines that a trace pipes into the topology, see {@link Trace}. */
    record Program(String family, Map<String, String> config, Consumer<StreamsBuilder> topology, String input) {}

    private final Map<String, Program> programs = new LinkedHashMap<>();
    private String family;

    /** The family of the cases that are added next. */
    final void family(final String name) {
        family = name;
    }

    final void add(final String name, final Consumer<StreamsBuilder> topology) {
        add(name, Map.of(), topology);
    }

    final void add(final String name, final Map<String, String> config, final Consumer<StreamsBuilder> topology) {
        add(name, config, topology, "");
    }

    final void add(final String name, final Consumer<StreamsBuilder> topology, final String input) {
        add(name, Map.of(), topology, input);
    }

    final void add(final String name, final Map<String, String> config, final Consumer<StreamsBuilder> topology,
                   final String input) {
        if (programs.put(name, new Program(family, config, topology, input)) != null) {
            throw new IllegalStateException("two cases are called " + name);
        }
    }

    final Map<String, Program> programs() {
        return programs;
    }
}
