// SPDX-License-Identifier: Apache-2.0
package millrace.oracle;

import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.kstream.*;
import org.apache.kafka.streams.state.Stores;

/** Stream-stream joins within a window, record by record. */
final class TraceJoinCases extends Cases {
    TraceJoinCases() {
        family("joins");
        for (final Join kind : Join.values()) timelines(kind);
        reference();
        outerBookkeeping();
        topologies();
    }

    private static void simple(final StreamsBuilder b, final Join kind, final JoinWindows window) {
        kind.join(b.stream("l", C()), b.stream("r", C()), window, SJ().withStoreName("sj")).to("out");
    }

    /** The same timelines for each kind of join. */
    private void timelines(final Join kind) {
        final String prefix = kind.prefix();
        final JoinWindows noGrace = JoinWindows.ofTimeDifferenceWithNoGrace(ms(10));
        add(prefix + "exact-bounds", b -> simple(b, kind, noGrace), """
            l a=L100 @100
            r a=R89 @89
            r a=R90 @90
            r a=R100 @100
            r a=R110 @110
            r a=R111 @111
            l a=L121 @121
            l a=L122 @122
            """);
        add(prefix + "asymmetric-bounds", b -> simple(b, kind, noGrace.before(ms(5)).after(ms(7))), """
            l a=L100 @100
            r a=R94 @94
            r a=R95 @95
            r a=R107 @107
            r a=R108 @108
            l a=L99 @99
            l a=L101 @101
            l z=advance @112
            r a=R100 @100
            l z=advance @113
            r a=R100 @100
            r a=R113 @113
            """);
        add(prefix + "only-after", b -> simple(b, kind, noGrace.before(ms(0))), """
            l a=L100 @100
            r a=R99 @99
            r a=R100 @100
            r a=R110 @110
            r a=R111 @111
            """);
        add(prefix + "only-before", b -> simple(b, kind, noGrace.after(ms(0))), """
            l a=L100 @100
            r a=R100 @100
            r a=R101 @101
            r a=R90 @90
            r a=R89 @89
            """);
        add(prefix + "width-zero", b -> simple(b, kind, JoinWindows.ofTimeDifferenceWithNoGrace(ms(0))), """
            l a=L1 @100
            r a=R1 @100
            r a=R2 @101
            l a=L2 @101
            l a=L3 @100
            """);
        add(prefix + "equal-timestamps", b -> simple(b, kind, noGrace), """
            l a=L1 @100
            l a=L2 @100
            r a=R1 @100
            r a=R2 @100
            l b=L3 @100
            l b=L4 @100
            r b=R3 @100
            l a=L5 @100
            """);
        add(prefix + "out-of-order", b -> simple(b, kind, JoinWindows.ofTimeDifferenceAndGrace(ms(10), ms(20))), """
            l a=L100 @100
            r a=R130 @130
            r a=R95 @95
            l a=L125 @125
            l a=L90 @90
            r a=R120 @120
            l a=L85 @85
            r a=R85 @85
            """);
        add(prefix + "late-beyond-retention", b -> {
            simple(b, kind, JoinWindows.ofTimeDifferenceAndGrace(ms(10), ms(5)));
        }, """
            l a=L100 @100
            r z=advance @124
            r a=R100 @100
            r z=advance @125
            r a=R101 @101
            r z=advance @126
            r a=R102 @102
            l z=advance @200
            l a=late @100
            r a=late @100
            l a=edge @175
            r a=edge @175
            """);
        add(prefix + "null-keys-and-values", b -> simple(b, kind, noGrace), """
            l null=nk @100
            r null=nk @101
            l a=null @102
            r a=R103 @103
            l a=L104 @104
            r a=null @105
            l null=null @106
            r null=null @107
            r a=R108 @108
            """);
        add(prefix + "headers", b -> simple(b, kind, noGrace), """
            l a=L100 @100 h=31
            r a=R100 @100 h=32
            l b=L101 @101 h=33
            r z=R200 @200 h=34
            l z=L200 @200 h=35 h=36
            """);
        add(prefix + "negative-start-is-clipped", b -> simple(b, kind, noGrace), """
            l a=L0 @0
            r a=R5 @5
            r a=R0 @0
            l a=L3 @3
            """);
        add(prefix + "several-keys", b -> simple(b, kind, JoinWindows.ofTimeDifferenceAndGrace(ms(10), ms(3))), """
            l a=L1 @100
            l ab=L2 @101
            l b=L3 @102
            r ab=R1 @103
            r b=R2 @104
            r =R3 @105
            l =L4 @106
            r q=R4 @130
            l q=L5 @131
            """);
        add(prefix + "rekeyed", b -> {
            kind.join(b.stream("l", C()).selectKey((k, v) -> v == null ? null : v.substring(0, 1)),
                b.stream("r", C()).selectKey((k, v) -> v == null ? null : v.substring(0, 1)), noGrace, SJ()).to("out");
        }, """
            l x=a1 @100 h=31
            r y=a2 @105
            r null=b1 @106
            l null=b2 @104
            l x=null @107
            r x=null @108
            r x=c1 @130
            """);
        add(prefix + "rekeyed-named", b -> {
            kind.join(b.stream("l", C()).selectKey((k, v) -> v), b.stream("r", C()), noGrace,
                SJ().withName("meet").withStoreName("kept")).to("out");
        }, """
            l x=a @100
            r a=R @105
            l x=b @130
            """);
        add(prefix + "supplied-stores", b -> {
            kind.join(b.stream("l", C()), b.stream("r", C()), noGrace,
                SJ().withThisStoreSupplier(Stores.inMemoryWindowStore("mine", ms(20), ms(20), true))
                    .withOtherStoreSupplier(Stores.inMemoryWindowStore("theirs", ms(20), ms(20), true))).to("out");
        }, """
            l a=L100 @100
            r a=R100 @100
            l a=L105 @105
            r b=R130 @130
            """);
        add(prefix + "without-changelog", b -> {
            kind.join(b.stream("l", C()), b.stream("r", C()), noGrace,
                SJ().withStoreName("sj").withLoggingDisabled()).to("out");
        }, """
            l a=L100 @100
            r a=R100 @100
            r b=R130 @130
            """);
        add(prefix + "with-itself", b -> {
            KStream<String, String> s = b.stream("in", C());
            kind.join(s, s, noGrace, SJ().withStoreName("sj")).to("out");
        }, """
            in a=1 @100
            in a=2 @110
            in a=3 @105
            in b=4 @130
            """);
    }

    /** Timelines whose results were written down by hand before this oracle existed. */
    private void reference() {
        add("outer-join-reference", b -> {
            Join.OUTER.join(b.stream("l", C()), b.stream("r", C()),
                JoinWindows.ofTimeDifferenceWithNoGrace(ms(10_000)), SJ().withStoreName("oj")).to("out");
        }, """
            l a=L1 @T
            l a=L2 @T
            r b=R1 @T+1
            r a=R2 @T+10000
            l c=L3 @T+10001
            l c=L4 @T+10002
            l d=late @T-140
            l null=nk @T+10003
            """);
        add("left-join-reference", b -> {
            simple(b, Join.LEFT, JoinWindows.ofTimeDifferenceAndGrace(ms(10), ms(2)).before(ms(5)).after(ms(7)));
        }, """
            l a=L100 @100
            r z=R109 @109
            r z=R110 @110
            l b=L90late @90
            l c=L103 @103
            l c=L102 @102
            """);
    }

    /** When unmatched records are emitted, and what happens to their store entries. */
    private void outerBookkeeping() {
        final JoinWindows window = JoinWindows.ofTimeDifferenceAndGrace(ms(10), ms(5));
        for (final Join kind : new Join[] {Join.LEFT, Join.OUTER}) {
            final String prefix = kind.prefix();
            add(prefix + "unmatched-come-out-in-order", b -> simple(b, kind, window), """
                l c=L102 @102
                r b=R101 @101
                l a=L100 @100
                l b=L103 @104
                r d=R103 @103
                l z=L114 @114
                r z=R116 @116
                l z=L117 @117
                r z=R119 @119
                l z=L150 @150
                r z=R150 @150
                """);
            add(prefix + "late-record-does-not-release", b -> simple(b, kind, window), """
                l a=L100 @100
                r z=R130 @130
                l b=L105 @105
                l b=L110 @110
                r b=R110 @110
                l b=L120 @120
                l z=L131 @131
                l z=L140 @140
                """);
            add(prefix + "match-after-duplicate", b -> simple(b, kind, window), """
                l a=L1 @100
                l a=L2 @100
                l a=L3 @101
                r a=R1 @101
                l a=L4 @101
                r a=R2 @108
                r z=R @200
                """);
            add(prefix + "grace-zero-and-long-gap", b -> {
                simple(b, kind, JoinWindows.ofTimeDifferenceWithNoGrace(ms(5)));
            }, """
                l a=L @1000
                r b=R @1001
                l c=L @100000
                r c=R @100000
                l d=L @100006
                r d=R @100020
                """);
        }
    }

    private void topologies() {
        add("joins-in-a-row", b -> {
            KStream<String, String> first = b.stream("a", C()).join(b.stream("b", C()), (x, y) -> x + "+" + y,
                JoinWindows.ofTimeDifferenceWithNoGrace(ms(10)), SJ().withStoreName("first"));
            first.join(b.stream("c", C()), (x, y) -> x + "*" + y, JoinWindows.ofTimeDifferenceWithNoGrace(ms(10)),
                SJ().withStoreName("second")).to("out");
        }, """
            a k=a1 @100
            b k=b1 @105
            c k=c1 @95
            c k=c2 @115
            b k=b2 @110
            """);
        add("join-then-count", b -> {
            b.stream("l", C()).join(b.stream("r", C()), (x, y) -> x + y,
                    JoinWindows.ofTimeDifferenceWithNoGrace(ms(10)), SJ().withStoreName("sj"))
                .groupByKey(Grouped.with(S, S)).count(Materialized.as("c")).toStream().to("out", Produced.with(S, L));
        }, """
            l a=L1 @100
            r a=R1 @101
            r a=R2 @99
            """);
        add("rekeyed-stream-joined-twice", b -> {
            KStream<String, String> s = b.stream("in", C()).selectKey((k, v) -> v);
            s.join(b.stream("r1", C()), (x, y) -> x + y, JoinWindows.ofTimeDifferenceWithNoGrace(ms(10)), SJ())
                .to("o1");
            s.join(b.stream("r2", C()), (x, y) -> x + y, JoinWindows.ofTimeDifferenceWithNoGrace(ms(10)), SJ())
                .to("o2");
        }, """
            r1 a=R1 @100
            in k=a @101
            r2 a=R2 @102
            """);
        add("buy-stream", b -> {
            KStream<String, String> alerts = b.stream("alerts", C()).selectKey((k, id) -> id);
            KStream<String, String> variations =
                b.stream("variations", C()).selectKey((k, v) -> v.substring(0, v.indexOf(' ')));
            alerts.join(variations, (id, v) -> v.substring(v.indexOf(' ') + 1),
                    JoinWindows.ofTimeDifferenceAndGrace(ms(300_000), ms(86_400_000)), SJ())
                .filter((id, ex) -> Math.abs(Double.parseDouble(ex)) > 0.02)
                .mapValues((id, ex) -> "{\"A_ID\":\"" + id + "\"}").to("buy");
        }, """
            alerts null=AAPL@1 @T
            variations null=AAPL@1 0.03 @T
            variations null=GOOG@1 -0.05 @T+1000
            alerts null=GOOG@1 @T+301000
            variations null=IBM@1 0.02 @T
            alerts null=IBM@1 @T
            alerts null=MSFT@1 @T+86400000
            variations null=MSFT@1 0.5 @T+86700001
            variations null=MSFT@1 0.6 @T+86700000
            alerts null=AAPL@1 @T-300000
            alerts null=AAPL@1 @T-300001
            """);
    }
}
