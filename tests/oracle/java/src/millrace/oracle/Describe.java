package millrace.oracle;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.lang.reflect.Field;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.TopologyDescription;
import org.apache.kafka.streams.processor.TopicNameExtractor;

/** Writes the describe() text of each case, and the nodes behind all of them in the order in which they were added. */
final class Describe {
    private static final ObjectMapper JSON = new ObjectMapper();

    static void writeAll(final Path directory) throws Exception {
        Files.createDirectories(directory);
        final StringBuilder nodes = new StringBuilder();
        for (final Cases cases : List.of(new ReferenceCases(), new DescribeCases(), new DescribeStatefulCases(),
            new DescribeWindowCases())) {
            for (final Map.Entry<String, Cases.Program> entry : cases.programs().entrySet()) {
                final Topology topology = build(entry.getValue());
                Files.writeString(directory.resolve(entry.getKey() + ".txt"), topology.describe().toString());
                nodes.append(nodes.isEmpty() ? "{\n" : ",\n");
                nodes.append(JSON.writeValueAsString(entry.getKey())).append(": ").append(nodes(topology));
            }
        }
        Files.writeString(directory.resolve("nodes.json"), nodes.append("\n}\n"));
    }

    private static Topology build(final Cases.Program program) {
        final StreamsBuilder builder = new StreamsBuilder();
        program.topology().accept(builder);
        final Properties properties = new Properties();
        properties.put("application.id", "app");
        properties.put("bootstrap.servers", "x:1");
        properties.putAll(program.config());
        return builder.build(properties);
    }

    /** One JSON object per node; the order of insertion is known to the builder's internals only. */
    private static String nodes(final Topology topology) throws Exception {
        final Object builder = field(topology, "internalTopologyBuilder");
        final Collection<?> globalTopics = (Collection<?>) field(builder, "globalTopics");
        final StringBuilder out = new StringBuilder("[\n");
        final Iterator<?> factories = ((Map<?, ?>) field(builder, "nodeFactories")).values().iterator();
        boolean global = false;
        while (factories.hasNext()) {
            final Object factory = factories.next();
            final ObjectNode node = JSON.createObjectNode();
            final String kind = factory.getClass().getSimpleName();
            node.put("name", (String) field(factory, "name"));
            if (kind.startsWith("Source")) {
                final List<?> topics = (List<?>) field(factory, "topics");
                global = topics.size() == 1 && globalTopics.contains(topics.get(0));
                node.put("kind", "source");
                node.set("topics", JSON.valueToTree(topics));
                final Object pattern = field(factory, "pattern");
                if (pattern != null) node.put("pattern", pattern.toString());
            } else if (kind.startsWith("Sink")) {
                final TopologyDescription.Sink sink = sinkOf(factory);
                node.put("kind", "sink");
                if (sink.topic() != null) {
                    node.set("topics", JSON.valueToTree(List.of(sink.topic())));
                } else {
                    final TopicNameExtractor<?, ?> extractor = sink.topicNameExtractor();
                    node.put("extractor", extractor.toString());
                }
            } else {
                node.put("kind", "processor");
                node.set("stores", JSON.valueToTree(field(factory, "stateStoreNames")));
            }
            node.set("predecessors", JSON.valueToTree(field(factory, "predecessors")));
            // A global store's processor is inserted right after its source.
            node.put("global", global);
            if (!kind.startsWith("Source")) global = false;
            out.append(JSON.writeValueAsString(node)).append(factories.hasNext() ? ",\n" : "\n");
        }
        return out.append("]").toString();
    }

    private static TopologyDescription.Sink sinkOf(final Object factory) throws Exception {
        final var describe = factory.getClass().getDeclaredMethod("describe");
        describe.setAccessible(true);
        return (TopologyDescription.Sink) describe.invoke(factory);
    }

    private static Object field(final Object owner, final String name) throws Exception {
        for (Class<?> type = owner.getClass(); type != null; type = type.getSuperclass()) {
            for (final Field field : type.getDeclaredFields()) {
                if (field.getName().equals(name)) {
                    field.setAccessible(true);
                    return field.get(owner);
                }
            }
        }
        throw new IllegalStateException(owner.getClass() + " has no field " + name + ": another version of Kafka?");
    }

    private Describe() {}
}
