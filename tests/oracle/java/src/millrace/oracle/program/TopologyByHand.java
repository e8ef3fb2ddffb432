// SPDX-License-Identifier: Apache-2.0
package millrace.oracle.program;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.Serializer;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.processor.StreamPartitioner;
import org.apache.kafka.streams.processor.TimestampExtractor;

/** The topology of a program with {@code "by_hand": true}: nodes by name, with string keys and values. */
final class TopologyByHand {
    private static final Deserializer<Object> DESERIALIZER = Type.STRING.serde().deserializer();
    private static final Serializer<Object> SERIALIZER = Type.STRING.serde().serializer();

    static Topology build(final JsonNode program) {
        final Topology topology = new Topology();
        for (final JsonNode op : program.path("nodes")) {
            switch (op.path("op").asText()) {
                case "source" -> source(topology, op);
                case "processor" -> topology.addProcessor(name(op), Processors.processor(ProgramTopology.fn(op),
                    ProgramTopology.text(op, "store")), strings(op, "parents"));
                case "state_store" ->
                    topology.addStateStore(ProgramStores.store(op.path("store")), strings(op, "processors"));
                case "connect" -> topology.connectProcessorAndStateStores(op.path("processor").asText(),
                    strings(op, "stores"));
                case "sink" -> sink(topology, op);
                case "global_store" -> topology.addGlobalStore(ProgramStores.store(op.path("store")), name(op),
                    DESERIALIZER, DESERIALIZER, op.path("topic").asText(), op.path("processor").asText(),
                    TableOperators.filler(op.path("store").path("name").asText()));
                default -> throw new IllegalArgumentException("unknown node: " + op);
            }
        }
        return topology;
    }

    private static void source(final Topology topology, final JsonNode op) {
        final TimestampExtractor extractor =
            op.has("extractor") ? Functions.extractor(op.path("extractor").asText()) : null;
        if (op.has("pattern")) {
            topology.addSource((org.apache.kafka.streams.AutoOffsetReset) null, name(op), extractor, DESERIALIZER, DESERIALIZER,
                Pattern.compile(op.path("pattern").asText()));
        } else {
            topology.addSource((org.apache.kafka.streams.AutoOffsetReset) null, name(op), extractor, DESERIALIZER, DESERIALIZER,
                strings(op, "topics"));
        }
    }

    private static void sink(final Topology topology, final JsonNode op) {
        final StreamPartitioner<Object, Object> partitioner =
            op.has("partitioner") ? Functions.partitioner(op.path("partitioner").asText()) : null;
        topology.addSink(name(op), op.path("topic").asText(), SERIALIZER, SERIALIZER, partitioner,
            strings(op, "parents"));
    }

    private static String name(final JsonNode op) {
        return op.path("name").asText();
    }

    private static String[] strings(final JsonNode op, final String field) {
        final List<String> all = new ArrayList<>();
        op.path(field).forEach(one -> all.add(one.asText()));
        return all.toArray(new String[0]);
    }

    private TopologyByHand() {}
}
