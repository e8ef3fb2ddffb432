// SPDX-License-Identifier: Apache-2.0
package millrace.oracle;

import org.apache.kafka.streams.kstream.JoinWindows;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.StreamJoined;
import org.apache.kafka.streams.kstream.ValueJoiner;

/** The three joins of two streams; the result shows both sides. */
enum Join {
    INNER, LEFT, OUTER;

    String prefix() {
        return name().toLowerCase() + "-join-";
    }

    KStream<String, String> join(final KStream<String, String> left, final KStream<String, String> right,
                                 final JoinWindows window, final StreamJoined<String, String, String> joined) {
        final ValueJoiner<String, String, String> plus = (x, y) -> x + "+" + y;
        return switch (this) {
            case INNER -> left.join(right, plus, window, joined);
            case LEFT -> left.leftJoin(right, plus, window, joined);
            case OUTER -> left.outerJoin(right, plus, window, joined);
        };
    }
}
