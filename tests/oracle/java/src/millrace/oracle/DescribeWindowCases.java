// SPDX-License-Identifier: Apache-2.0
package millrace.oracle;

import java.time.Duration;
import java.util.List;
import org.apache.kafka.streams.kstream.*;

/** Names and shapes of windowed aggregations and cogroups. */
final class DescribeWindowCases extends Cases {
    DescribeWindowCases() {
        family("windows");
        for (final boolean rekeyed : List.of(false, true)) {
            time("tumbling", TimeWindows.ofSizeWithNoGrace(Duration.ofMinutes(1)), rekeyed);
            time("unlimited", UnlimitedWindows.of(), rekeyed);
            sliding(rekeyed);
            session(rekeyed);
        }
        cogroups();
    }

    private KGroupedStream<String, String> grouped(final org.apache.kafka.streams.StreamsBuilder b,
                                                   final boolean rekeyed, final String name) {
        final KStream<String, String> s = b.stream("in", C());
        final Grouped<String, String> how = name == null ? Grouped.with(S, S) : Grouped.with(name, S, S);
        return rekeyed ? s.groupBy((k, v) -> v, how) : s.groupByKey(how);
    }

    private void time(final String kind, final Windows<?> windows, final boolean rekeyed) {
        final String prefix = "window-" + kind + (rekeyed ? "-rekeyed" : "");
        add(prefix, b -> {
            final KGroupedStream<String, String> g = grouped(b, rekeyed, null);
            g.windowedBy(windows).count().toStream().to("o1");
            g.windowedBy(windows).count(Materialized.with(S, L)).toStream().to("o2");
            g.windowedBy(windows).reduce((x, y) -> y).toStream().to("o3");
            g.windowedBy(windows).reduce((x, y) -> y, Materialized.with(S, S)).toStream().to("o4");
            g.windowedBy(windows).aggregate(() -> "", (k, v, x) -> v).toStream().to("o5");
            g.windowedBy(windows).aggregate(() -> "", (k, v, x) -> v, Materialized.with(S, S)).toStream().to("o6");
        });
        add(prefix + "-named", b -> {
            final KGroupedStream<String, String> g = grouped(b, rekeyed, "g");
            g.windowedBy(windows).count(Named.as("c")).toStream().to("o1");
            g.windowedBy(windows).count(Named.as("c2"), Materialized.as("kept")).toStream(Named.as("s")).to("o2");
            g.windowedBy(windows).reduce((x, y) -> y, Named.as("r"), Materialized.as("kept2")).toStream().to("o3");
            g.windowedBy(windows).aggregate(() -> "", (k, v, x) -> v, Named.as("a"), Materialized.with(S, S))
                .toStream().to("o4");
        });
    }

    private void sliding(final boolean rekeyed) {
        final SlidingWindows windows = SlidingWindows.ofTimeDifferenceWithNoGrace(Duration.ofMinutes(1));
        final String prefix = "window-sliding" + (rekeyed ? "-rekeyed" : "");
        add(prefix, b -> {
            final KGroupedStream<String, String> g = grouped(b, rekeyed, null);
            g.windowedBy(windows).count().toStream().to("o1");
            g.windowedBy(windows).count(Materialized.with(S, L)).toStream().to("o2");
            g.windowedBy(windows).reduce((x, y) -> y).toStream().to("o3");
            g.windowedBy(windows).aggregate(() -> "", (k, v, x) -> v, Materialized.with(S, S)).toStream().to("o4");
        });
        add(prefix + "-named", b -> {
            final KGroupedStream<String, String> g = grouped(b, rekeyed, "g");
            g.windowedBy(windows).count(Named.as("c")).toStream().to("o1");
            g.windowedBy(windows).reduce((x, y) -> y, Named.as("r"), Materialized.as("kept")).toStream().to("o2");
        });
    }

    private void session(final boolean rekeyed) {
        final SessionWindows windows = SessionWindows.ofInactivityGapWithNoGrace(Duration.ofMinutes(1));
        final String prefix = "window-session" + (rekeyed ? "-rekeyed" : "");
        add(prefix, b -> {
            final KGroupedStream<String, String> g = grouped(b, rekeyed, null);
            g.windowedBy(windows).count().toStream().to("o1");
            g.windowedBy(windows).count(Materialized.with(S, L)).toStream().to("o2");
            g.windowedBy(windows).reduce((x, y) -> y).toStream().to("o3");
            g.windowedBy(windows).aggregate(() -> "", (k, v, x) -> v, (k, x, y) -> y, Materialized.with(S, S))
                .toStream().to("o4");
        });
        add(prefix + "-named", b -> {
            final KGroupedStream<String, String> g = grouped(b, rekeyed, "g");
            g.windowedBy(windows).count(Named.as("c")).toStream().to("o1");
            g.windowedBy(windows).emitStrategy(EmitStrategy.onWindowClose())
                .reduce((x, y) -> y, Named.as("r"), Materialized.as("kept")).toStream().to("o2");
        });
    }

    private void cogroups() {
        add("cogroup-named", b -> {
            final KGroupedStream<String, String> l = b.stream("l", C()).groupByKey();
            final KGroupedStream<String, String> r = b.stream("r", C()).groupBy((k, v) -> v, Grouped.with("g", S, S));
            l.cogroup((String k, String v, String x) -> x + v).cogroup(r, (k, v, x) -> x + v)
                .aggregate(() -> "", Named.as("co"), Materialized.as("kept")).toStream().to("out");
        });
        add("cogroup-aggregated-twice", b -> {
            final KGroupedStream<String, String> l = b.stream("l", C()).groupBy((k, v) -> v, Grouped.with(S, S));
            final KGroupedStream<String, String> r = b.stream("r", C()).groupBy((k, v) -> v, Grouped.with("g", S, S));
            final CogroupedKStream<String, String> c =
                l.cogroup((String k, String v, String x) -> x + v).cogroup(r, (k, v, x) -> x + v);
            c.aggregate(() -> "", Materialized.as("first")).toStream().to("o1");
            c.aggregate(() -> "", Materialized.with(S, S)).toStream().to("o2");
        });
        add("cogroup-of-one", b -> b.stream("l", C()).groupByKey().cogroup((String k, String v, String x) -> x + v)
            .aggregate(() -> "", Materialized.with(S, S)).toStream().to("out"));
        add("cogroup-windowed", b -> {
            final KGroupedStream<String, String> l = b.stream("l", C()).groupByKey();
            final KGroupedStream<String, String> r = b.stream("r", C()).groupByKey();
            final CogroupedKStream<String, String> c =
                l.cogroup((String k, String v, String x) -> x + v).cogroup(r, (k, v, x) -> x + v);
            c.windowedBy(TimeWindows.ofSizeWithNoGrace(Duration.ofMinutes(1)))
                .aggregate(() -> "", Materialized.with(S, S)).toStream().to("o1");
            c.windowedBy(SlidingWindows.ofTimeDifferenceWithNoGrace(Duration.ofMinutes(1)))
                .aggregate(() -> "", Named.as("co"), Materialized.with(S, S)).toStream().to("o2");
            c.windowedBy(SessionWindows.ofInactivityGapWithNoGrace(Duration.ofMinutes(1)))
                .aggregate(() -> "", (k, x, y) -> x, Materialized.as("kept")).toStream().to("o3");
        });
    }
}
