// SPDX-License-Identifier: Apache-2.0
package millrace.oracle.program;

import java.util.Optional;
import java.util.Set;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.streams.processor.StreamPartitioner;

/** A partitioner that uses all of its parameters. Kafka Streams calls only the overload with headers. */
record Partitioner<K, V>(Choice<K, V> choice) implements StreamPartitioner<K, V> {
    interface Choice<K, V> {
        Optional<Set<Integer>> of(String topic, K key, V value, Headers headers, int partitions);
    }

    @Override
    @SuppressWarnings("removal")
    public Optional<Set<Integer>> partitions(final String topic, final K key, final V value, final int partitions) {
        throw new UnsupportedOperationException("the partitioner was called without headers");
    }

    @Override
    public Optional<Set<Integer>> partitions(final String topic, final K key, final V value, final Headers headers,
                                             final int partitions) {
        return choice.of(topic, key, value, headers, partitions);
    }
}
