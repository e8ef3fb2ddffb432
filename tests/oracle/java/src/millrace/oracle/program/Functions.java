// SPDX-License-Identifier: Apache-2.0
package millrace.oracle.program;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.kstream.KeyValueMapper;
import org.apache.kafka.streams.kstream.Predicate;
import org.apache.kafka.streams.kstream.Reducer;
import org.apache.kafka.streams.kstream.ValueJoiner;
import org.apache.kafka.streams.kstream.ValueJoinerWithStreamAndMappedKey;
import org.apache.kafka.streams.kstream.ValueMapper;
import org.apache.kafka.streams.kstream.ValueMapperWithKey;

/**
 * The functions of a program by name: {@code name} or {@code name:argument}. tests/oracle/README.md describes them, and
 * the C++ runner has the same functions. Keys and values are strings unless noted. The "text" of null is {@code null},
 * and the text of a number is its decimal digits.
 */
final class Functions {
    private final String name;
    private final String argument;

    Functions(final String function) {
        final int colon = function.indexOf(':');
        name = colon < 0 ? function : function.substring(0, colon);
        argument = colon < 0 ? "" : function.substring(colon + 1);
    }

    private IllegalArgumentException unknown(final String kind) {
        return new IllegalArgumentException("unknown " + kind + " '" + name + "'");
    }

    private int number() {
        return Integer.parseInt(argument);
    }

    static String text(final Object value) {
        return String.valueOf(value);
    }

    /** The result is not longer than the text. */
    private static String first(final Object value, final int length) {
        final String text = text(value);
        return text.substring(0, Math.min(length, text.length()));
    }

    /** Changes only the letters from a to z. */
    private static String upper(final String text) {
        final StringBuilder result = new StringBuilder();
        for (final char c : text.toCharArray()) result.append(c >= 'a' && c <= 'z' ? (char) (c - 'a' + 'A') : c);
        return result.toString();
    }

    private Object firstUnlessContains(final Object value) {
        return value == null || text(value).contains(argument) ? null : first(value, 1);
    }

    static ValueMapper<Object, Object> valueMapper(final String function) {
        final Functions f = new Functions(function);
        return switch (f.name) {
            case "same" -> v -> v;
            case "null" -> v -> null;
            case "text" -> Functions::text;
            case "upper" -> v -> v == null ? null : upper(text(v));
            case "append" -> v -> text(v) + f.argument;
            case "first" -> v -> v == null ? null : first(v, f.number());
            case "null_if_contains" -> v -> text(v).contains(f.argument) ? null : v;
            case "throw_if_contains" -> v -> {
                if (text(v).contains(f.argument)) throw new IllegalStateException("not wanted: " + text(v));
                return v;
            };
            case "key_and_value" -> throw new IllegalArgumentException("looks at the key");
            default -> throw f.unknown("value mapper");
        };
    }

    static Type mappedValue(final String function, final Type value) {
        return switch (new Functions(function).name) {
            case "same", "null", "null_if_contains", "throw_if_contains" -> value;
            default -> Type.STRING;
        };
    }

    /** Null if the function does not look at the key. */
    static ValueMapperWithKey<Object, Object, Object> valueMapperWithKey(final String function) {
        return function.equals("key_and_value") ? (k, v) -> text(k) + ":" + text(v) : null;
    }

    static KeyValueMapper<Object, Object, Object> keySelector(final String function) {
        final Functions f = new Functions(function);
        return switch (f.name) {
            case "same" -> (k, v) -> k;
            case "null" -> (k, v) -> null;
            case "text" -> (k, v) -> text(k);
            case "value" -> (k, v) -> v;
            case "first_of_value" -> (k, v) -> v == null ? null : first(v, f.number());
            case "first_unless_contains" -> (k, v) -> f.firstUnlessContains(v);
            case "constant" -> (k, v) -> f.argument;
            default -> throw f.unknown("key selector");
        };
    }

    static Type selectedKey(final String function, final Type key, final Type value) {
        return switch (new Functions(function).name) {
            case "same" -> key;
            case "value" -> value;
            default -> Type.STRING;
        };
    }

    static KeyValueMapper<Object, Object, KeyValue<Object, Object>> mapper(final String function) {
        final Functions f = new Functions(function);
        return switch (f.name) {
            case "same" -> KeyValue::pair;
            case "swap" -> (k, v) -> KeyValue.pair(v, k);
            case "null_key" -> (k, v) -> KeyValue.pair(null, v);
            case "first_of_value" -> (k, v) -> KeyValue.pair(v == null ? null : first(v, f.number()), v);
            case "first_unless_contains" -> (k, v) -> KeyValue.pair(f.firstUnlessContains(v), v);
            case "constant" -> (k, v) -> KeyValue.pair(f.argument, v);
            default -> throw f.unknown("mapper");
        };
    }

    /** The types of key and value. */
    record Types(Type key, Type value) {}

    static Types mapped(final String function, final Type key, final Type value) {
        return switch (new Functions(function).name) {
            case "same" -> new Types(key, value);
            case "swap" -> new Types(value, key);
            default -> new Types(Type.STRING, value);
        };
    }

    static Types flatMapped(final String function, final Type key, final Type value) {
        return function.equals("words_as_keys") ? new Types(Type.STRING, key) : new Types(key, value);
    }

    static Type joined(final String function, final Type left, final Type right) {
        return switch (function) {
            case "left" -> left;
            case "right" -> right;
            default -> Type.STRING;
        };
    }

    static Type reduced(final String function, final Type value) {
        return switch (new Functions(function).name) {
            case "last", "longer", "sum", "sum_minus" -> value;
            default -> Type.STRING;
        };
    }

    private static List<String> words(final Object value) {
        return value == null ? List.of() : List.of(text(value).split(" "));
    }

    static ValueMapper<Object, Iterable<Object>> flatValueMapper(final String function) {
        final Functions f = new Functions(function);
        return switch (f.name) {
            case "words" -> v -> new ArrayList<>(words(v));
            case "times" -> v -> {
                final List<Object> copies = new ArrayList<>();
                for (int i = 0; i < f.number(); i++) copies.add(v == null ? null : text(v) + i);
                return copies;
            };
            default -> throw f.unknown("flat value mapper");
        };
    }

    static KeyValueMapper<Object, Object, Iterable<KeyValue<Object, Object>>> flatMapper(final String function) {
        final Functions f = new Functions(function);
        return switch (f.name) {
            case "words_as_keys" -> (k, v) -> {
                final List<KeyValue<Object, Object>> pairs = new ArrayList<>();
                for (final String word : words(v)) pairs.add(KeyValue.pair(word, k));
                return pairs;
            };
            case "times" -> (k, v) -> {
                final List<KeyValue<Object, Object>> pairs = new ArrayList<>();
                for (int i = 0; i < f.number(); i++) pairs.add(KeyValue.pair(k, v));
                return pairs;
            };
            default -> throw f.unknown("flat mapper");
        };
    }

    static Predicate<Object, Object> predicate(final String function) {
        final Functions f = new Functions(function);
        return switch (f.name) {
            case "true" -> (k, v) -> true;
            case "false" -> (k, v) -> false;
            case "value_contains" -> (k, v) -> text(v).contains(f.argument);
            case "key_contains" -> (k, v) -> text(k).contains(f.argument);
            case "value_is_null" -> (k, v) -> v == null;
            case "key_is_null" -> (k, v) -> k == null;
            case "value_longer_than" -> (k, v) -> text(v).length() > f.number();
            default -> throw f.unknown("predicate");
        };
    }

    static ValueJoiner<Object, Object, Object> joiner(final String function) {
        final Functions f = new Functions(function);
        return switch (f.name) {
            case "plus" -> (l, r) -> text(l) + "+" + text(r);
            case "left" -> (l, r) -> l;
            case "right" -> (l, r) -> r;
            default -> throw f.unknown("joiner");
        };
    }

    /** A joiner of a stream with a global table, which may take both keys. */
    static ValueJoinerWithStreamAndMappedKey<Object, Object, Object, Object, Object> globalJoiner(
            final String function) {
        if (function.equals("with_keys")) {
            return (streamKey, mappedKey, l, r) ->
                text(streamKey) + ">" + text(mappedKey) + ":" + text(l) + "+" + text(r);
        }
        final var joiner = joiner(function);
        return (streamKey, mappedKey, l, r) -> joiner.apply(l, r);
    }

    static Reducer<Object> reducer(final String function) {
        final Functions f = new Functions(function);
        return switch (f.name) {
            case "concat" -> (x, y) -> text(x) + text(y);
            case "last" -> (x, y) -> y;
            case "longer" -> (x, y) -> text(y).length() > text(x).length() ? y : x;
            case "null_if_contains" -> (x, y) -> text(y).contains(f.argument) ? null : text(x) + text(y);
            case "sum" -> (x, y) -> (Long) x + (Long) y;  // of longs
            case "concat_minus" -> (x, y) -> text(x) + "-" + text(y);
            case "sum_minus" -> (x, y) -> (Long) x - (Long) y;
            default -> throw f.unknown("reducer");
        };
    }

    /** An aggregator with its initial value. */
    record Aggregation(Object initial, org.apache.kafka.streams.kstream.Aggregator<Object, Object, Object> aggregator,
                       Type type) {}

    static Aggregation aggregation(final String function) {
        final Functions f = new Functions(function);
        return switch (f.name) {
            case "list" -> new Aggregation("", (k, v, x) -> text(x) + "," + text(v), Type.STRING);
            case "null_if_contains" ->
                new Aggregation("", (k, v, x) -> text(v).contains(f.argument) ? null : text(x) + text(v), Type.STRING);
            case "sum_of_lengths" -> new Aggregation(0L, (k, v, x) -> (Long) x + text(v).length(), Type.LONG);
            case "list_minus" -> new Aggregation("", (k, v, x) -> text(x) + "-" + text(v), Type.STRING);
            case "sum_of_lengths_minus" ->
                new Aggregation(0L, (k, v, x) -> (Long) x - text(v).length(), Type.LONG);
            default -> throw f.unknown("aggregator");
        };
    }

    /** Merges two sessions. */
    static org.apache.kafka.streams.kstream.Merger<Object, Object> merger(final Aggregation aggregation,
                                                                           final String how) {
        if (how.equals("left")) return (k, x, y) -> x;
        if (how.equals("right")) return (k, x, y) -> y;
        if (how.equals("null")) return (k, x, y) -> null;
        return aggregation.type() == Type.LONG ? (k, x, y) -> (Long) x + (Long) y : (k, x, y) -> text(x) + "|" + text(y);
    }

    /** Returns the foreign key in a value. */
    static java.util.function.Function<Object, Object> foreignKey(final String function) {
        final var selector = keySelector(function);
        return v -> selector.apply(null, v);
    }

    static org.apache.kafka.streams.processor.TimestampExtractor extractor(final String function) {
        final Functions f = new Functions(function);
        return switch (f.name) {
            case "fail_on_invalid" -> new org.apache.kafka.streams.processor.FailOnInvalidTimestamp();
            case "log_and_skip" -> new org.apache.kafka.streams.processor.LogAndSkipOnInvalidTimestamp();
            case "use_partition_time" -> new org.apache.kafka.streams.processor.UsePartitionTimeOnInvalidTimestamp();
            case "wallclock" -> new org.apache.kafka.streams.processor.WallclockTimestampExtractor();
            case "plus" -> (record, time) -> record.timestamp() + f.number();
            case "partition_time_plus" -> (record, time) -> time + f.number();
            case "length_of_value" -> (record, time) -> (long) text(record.value()).length() * f.number();
            case "negative_if_contains" ->
                (record, time) -> text(record.value()).contains(f.argument) ? -1 : record.timestamp();
            default -> throw f.unknown("timestamp extractor");
        };
    }

    static Partitioner<Object, Object> partitioner(final String function) {
        final Functions f = new Functions(function);
        return new Partitioner<>(switch (f.name) {
            case "default" -> (topic, k, v, headers, n) -> Optional.empty();
            case "last" -> (topic, k, v, headers, n) -> Optional.of(Set.of(n - 1));
            case "drop_if_contains" -> (topic, k, v, headers, n) ->
                text(v).contains(f.argument) ? Optional.of(Set.of()) : Optional.empty();
            case "drop_if_header" -> (topic, k, v, headers, n) ->
                headers.lastHeader(f.argument) != null ? Optional.of(Set.of()) : Optional.empty();
            case "throw_if_contains" -> (topic, k, v, headers, n) -> {
                if (text(v).contains(f.argument)) throw new IllegalArgumentException("no partition for " + text(v));
                return Optional.empty();
            };
            default -> throw f.unknown("partitioner");
        });
    }
}
