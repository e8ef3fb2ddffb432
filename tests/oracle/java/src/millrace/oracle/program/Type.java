package millrace.oracle.program;

import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.kstream.WindowedSerdes;

/** What a key or a value of a stream or table is. */
record Type(Serde<?> how) {
    static final Type STRING = new Type(Serdes.String());
    static final Type LONG = new Type(Serdes.Long());

    /** Of a source, by the word in the program. */
    static Type named(final String name) {
        return name.equals("long") ? LONG : STRING;
    }

    /** Keys in windows of one size. */
    static Type windowed(final Type key, final long size) {
        return new Type(new WindowedSerdes.TimeWindowedSerde<>(key.serde(), size));
    }

    /** Keys in sessions. */
    static Type inSession(final Type key) {
        return new Type(new WindowedSerdes.SessionWindowedSerde<>(key.serde()));
    }

    /** The operators of a program work on objects; that the types fit is the program's business. */
    @SuppressWarnings("unchecked")
    Serde<Object> serde() {
        return (Serde<Object>) how;
    }
}
