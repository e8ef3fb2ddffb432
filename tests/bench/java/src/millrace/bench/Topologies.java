// SPDX-License-Identifier: Apache-2.0
package millrace.bench;

import java.time.Duration;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.JoinWindows;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.kstream.StreamJoined;

/** The two measured programs, written as a Java user would write them. */
final class Topologies {
    private static final double MIN_VARIATION = 0.02;
    private static final Serde<Model.Alert> ALERT = new JsonSerde<>(Model.Alert.class);
    private static final Serde<Model.Variation> VARIATION = new JsonSerde<>(Model.Variation.class);
    private static final Serde<Model.Buy> BUY = new JsonSerde<>(Model.Buy.class);

    /** {@code variations -> output}: decode, keep the large ones, encode again. */
    static Topology stateless(final String output) {
        final StreamsBuilder builder = new StreamsBuilder();
        builder.stream("variations", Consumed.with(Serdes.ByteArray(), VARIATION))
            .filter((key, variation) -> Math.abs(variation.variationEx) > MIN_VARIATION)
            .to(output, Produced.with(Serdes.ByteArray(), VARIATION));
        return builder.build();
    }

    /** {@code alerts + variations -> output}: the ksqlDB query buy_stream. */
    static Topology join(final String output) {
        final StreamsBuilder builder = new StreamsBuilder();
        final KStream<String, Model.Alert> alerts =
            builder.stream("alerts", Consumed.with(Serdes.ByteArray(), ALERT)).selectKey((key, alert) -> alert.id);
        final KStream<String, Model.Variation> variations =
            builder.stream("variations", Consumed.with(Serdes.ByteArray(), VARIATION))
                .selectKey((key, variation) -> variation.id);
        alerts.join(variations, (alert, variation) -> variation,
                JoinWindows.ofTimeDifferenceAndGrace(Duration.ofMinutes(5), Duration.ofHours(24)),
                StreamJoined.with(Serdes.String(), ALERT, VARIATION))
            .filter((id, variation) -> Math.abs(variation.variationEx) > MIN_VARIATION)
            .mapValues((id, variation) -> new Model.Buy(id))
            .to(output, Produced.with(Serdes.String(), BUY));
        return builder.build();
    }

    private Topologies() {}
}
