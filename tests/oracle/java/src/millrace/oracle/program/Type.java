// SPDX-License-Identifier: Apache-2.0
package millrace.oracle.program;

import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.kstream.WindowedSerdes;

/** The type of the keys or values of a stream or table. */
record Type(Serde<?> how) {
    static final Type STRING = new Type(Serdes.String());
    static final Type LONG = new Type(Serdes.Long());

    /** The type of a source, by its name in the program. */
    static Type named(final String name) {
        return name.equals("long") ? LONG : STRING;
    }

    /** Windowed keys of one window size. */
    static Type windowed(final Type key, final long size) {
        return new Type(new WindowedSerdes.TimeWindowedSerde<>(key.serde(), size));
    }

    /** Windowed keys of sessions. */
    static Type inSession(final Type key) {
        return new Type(new WindowedSerdes.SessionWindowedSerde<>(key.serde()));
    }

    /** Operators work on objects without static types. The program must make sure that types fit. */
    @SuppressWarnings("unchecked")
    Serde<Object> serde() {
        return (Serde<Object>) how;
    }
}
