package millrace.oracle.program;

import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;

/** What a key or a value of a stream or table is. */
enum Type {
    STRING(Serdes.String()),
    LONG(Serdes.Long());

    private final Serde<?> serde;

    Type(final Serde<?> serde) {
        this.serde = serde;
    }

    /** The operators of a program work on objects; that the types fit is the program's business. */
    @SuppressWarnings("unchecked")
    Serde<Object> serde() {
        return (Serde<Object>) serde;
    }
}
