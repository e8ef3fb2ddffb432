// SPDX-License-Identifier: Apache-2.0
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HexFormat;
import java.util.Map;
import java.util.Properties;
import java.util.Random;
import java.util.StringJoiner;
import java.util.function.BiFunction;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.TestInputTopic;
import org.apache.kafka.streams.TestOutputTopic;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.TopologyTestDriver;
import org.apache.kafka.streams.kstream.Windowed;
import org.apache.kafka.streams.kstream.internals.SessionWindow;
import org.apache.kafka.streams.processor.StateStore;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.SessionStore;
import org.apache.kafka.streams.state.StoreBuilder;
import org.apache.kafka.streams.state.Stores;
import org.apache.kafka.streams.state.VersionedKeyValueStore;
import org.apache.kafka.streams.state.VersionedRecord;
import org.apache.kafka.streams.state.WindowStore;
import org.apache.kafka.streams.state.WindowStoreIterator;
import org.apache.kafka.streams.test.TestRecord;

/**
 * Writes store_trace.txt: the answers of Kafka Streams' stores to random operations, and the changelog records that
 * its caches write. Run again for a new Kafka version, with the jars of kafka-streams and
 * kafka-streams-test-utils on the class path:
 *
 *   java -cp 'LIBRARIES/*' StoreTrace.java > ../store_trace.txt
 *
 * A line is one record: its operations (separated by commas), their answers, and the changelog records.
 */
public class StoreTrace {
  static final long EPOCH = 1_700_000_000_000L;
  static final String[] KEYS = {"a", "ab", "abc", "b", "ba", "zz"};

  static StateStore store;
  static BiFunction<StateStore, String[], String> answer;

  static class Keeper implements Processor<String, String, Void, Void> {
    @Override
    public void init(ProcessorContext<Void, Void> context) {
      store = context.getStateStore("store");
    }

    @Override
    public void process(Record<String, String> record) {
      StringJoiner answers = new StringJoiner(", ");
      for (String op : record.value().split(", ")) answers.add(answer.apply(store, op.split(" ")));
      System.out.print(record.value() + " -> " + answers);
    }
  }

  static Bytes key(String text) {
    return text.equals("*") ? null : Bytes.wrap(text.getBytes(StandardCharsets.UTF_8));
  }

  static byte[] value(String text) {
    return text.equals("-") ? null : text.getBytes(StandardCharsets.UTF_8);
  }

  static String text(byte[] value) {
    return value == null ? "-" : new String(value, StandardCharsets.UTF_8);
  }

  static String text(StringJoiner found) {
    return found.length() == 0 ? "nothing" : found.toString();
  }

  static long number(String text) {
    return Long.parseLong(text);
  }

  // --- the operations

  @SuppressWarnings("unchecked")
  static String keyValue(StateStore any, String[] op) {
    KeyValueStore<Bytes, byte[]> store = (KeyValueStore<Bytes, byte[]>) any;
    switch (op[0]) {
      case "put":
        store.put(key(op[1]), value(op[2]));
        return "ok";
      case "get":
        return text(store.get(key(op[1])));
      default: {
        StringJoiner found = new StringJoiner(" ");
        try (KeyValueIterator<Bytes, byte[]> it = store.range(key(op[1]), key(op[2]))) {
          while (it.hasNext()) {
            KeyValue<Bytes, byte[]> next = it.next();
            found.add(text(next.key.get()) + "=" + text(next.value));
          }
        }
        return text(found);
      }
    }
  }

  @SuppressWarnings("unchecked")
  static String window(StateStore any, String[] op) {
    WindowStore<Bytes, byte[]> store = (WindowStore<Bytes, byte[]>) any;
    switch (op[0]) {
      case "put":
        store.put(key(op[1]), value(op[3]), number(op[2]));
        return "ok";
      case "get":
        return text(store.fetch(key(op[1]), number(op[2])));
      default: {
        StringJoiner found = new StringJoiner(" ");
        try (WindowStoreIterator<byte[]> it = store.fetch(key(op[1]), number(op[2]), number(op[3]))) {
          while (it.hasNext()) {
            KeyValue<Long, byte[]> next = it.next();
            found.add(next.key + "=" + text(next.value));
          }
        }
        return text(found);
      }
    }
  }

  static String sessions(KeyValueIterator<Windowed<Bytes>, byte[]> it) {
    StringJoiner found = new StringJoiner(" ");
    try (it) {
      while (it.hasNext()) {
        KeyValue<Windowed<Bytes>, byte[]> next = it.next();
        found.add(text(next.key.key().get()) + "@" + next.key.window().start() + "-" + next.key.window().end() + "="
            + text(next.value));
      }
    }
    return text(found);
  }

  @SuppressWarnings("unchecked")
  static String session(StateStore any, String[] op) {
    SessionStore<Bytes, byte[]> store = (SessionStore<Bytes, byte[]>) any;
    switch (op[0]) {
      case "put":
        store.put(new Windowed<>(key(op[1]), new SessionWindow(number(op[2]), number(op[3]))), value(op[4]));
        return "ok";
      case "get":
        return text(store.fetchSession(key(op[1]), number(op[2]), number(op[3])));
      case "find":
        return sessions(store.findSessions(key(op[1]), number(op[2]), number(op[3])));
      case "backward-find":
        return sessions(store.backwardFindSessions(key(op[1]), number(op[2]), number(op[3])));
      case "range":
        return sessions(store.findSessions(key(op[1]), key(op[2]), number(op[3]), number(op[4])));
      case "backward-range":
        return sessions(store.backwardFindSessions(key(op[1]), key(op[2]), number(op[3]), number(op[4])));
      default:
        throw new IllegalArgumentException(op[0]);
    }
  }

  static String version(VersionedRecord<byte[]> record) {
    if (record == null) return "-";
    return text(record.value()) + "@" + record.timestamp();
  }

  @SuppressWarnings("unchecked")
  static String versioned(StateStore any, String[] op) {
    VersionedKeyValueStore<Bytes, byte[]> store = (VersionedKeyValueStore<Bytes, byte[]>) any;
    switch (op[0]) {
      case "put": {
        long validTo = store.put(key(op[1]), value(op[3]), number(op[2]));
        if (validTo == VersionedKeyValueStore.PUT_RETURN_CODE_NOT_PUT) return "rejected";
        return validTo == VersionedKeyValueStore.PUT_RETURN_CODE_VALID_TO_UNDEFINED ? "latest" : "until " + validTo;
      }
      case "get":
        return version(store.get(key(op[1])));
      default:
        return version(store.get(key(op[1]), number(op[2])));
    }
  }

  // --- the runs

  interface Operations {
    String next(Random random, int i);
  }

  static void trace(String title, StoreBuilder<?> builder, BiFunction<StateStore, String[], String> answers,
      int cacheBytes, int records, int operationsPerRecord, Operations operations) {
    answer = answers;
    Topology topology = new Topology();
    topology.addSource("source", Serdes.String().deserializer(), Serdes.String().deserializer(), "in");
    topology.addProcessor("keeper", Keeper::new, "source");
    topology.addStateStore(builder, "keeper");
    Properties config = new Properties();
    config.put(StreamsConfig.APPLICATION_ID_CONFIG, "trace");
    config.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, "none:1");
    config.put(StreamsConfig.STATESTORE_CACHE_MAX_BYTES_CONFIG, cacheBytes);

    System.out.println("store " + title + " cache " + cacheBytes);
    Random random = new Random(42);
    try (TopologyTestDriver driver = new TopologyTestDriver(topology, config)) {
      TestInputTopic<String, String> in =
          driver.createInputTopic("in", new StringSerializer(), new StringSerializer());
      TestOutputTopic<byte[], byte[]> changelog = driver.createOutputTopic(
          "trace-store-changelog", new ByteArrayDeserializer(), new ByteArrayDeserializer());
      for (int i = 0; i < records; ++i) {
        StringJoiner ops = new StringJoiner(", ");
        for (int j = 0; j < operationsPerRecord; ++j) ops.add(operations.next(random, i * operationsPerRecord + j));
        in.pipeInput("k", ops.toString(), EPOCH + i);
        StringJoiner logged = new StringJoiner(" ");
        while (!changelog.isEmpty()) {
          TestRecord<byte[], byte[]> record = changelog.readRecord();
          logged.add(HexFormat.of().formatHex(record.key()) + "=" + text(record.value()) + "@" + record.timestamp());
        }
        System.out.println(" -> " + text(logged));
      }
    }
  }

  static String some(Random random) {
    return KEYS[random.nextInt(KEYS.length)];
  }

  static String any(Random random) {
    return random.nextInt(3) == 0 ? "*" : some(random);
  }

  static String newValue(Random random, int i) {
    return random.nextInt(6) == 0 ? "-" : "v".repeat(1 + random.nextInt(4)) + i;
  }

  static <B extends StoreBuilder<?>> B logged(B builder) {
    builder.withLoggingEnabled(Map.of());
    return builder;
  }

  static String keyValueOperation(Random random, int i) {
    int choice = random.nextInt(10);
    if (choice < 6) return "put " + some(random) + " " + newValue(random, i);
    return choice < 9 ? "get " + some(random) : "range " + any(random) + " " + any(random);
  }

  static void traceSessions(String kind, int cacheBytes, int operationsPerRecord) {
    Duration retention = Duration.ofMillis(600_000);
    StoreBuilder<?> builder = logged(Stores.sessionStoreBuilder(
        kind.equals("rocksdb") ? Stores.persistentSessionStore("store", retention)
                               : Stores.inMemorySessionStore("store", retention),
        Serdes.Bytes(), Serdes.ByteArray()));
    if (cacheBytes > 0) builder.withCachingEnabled();
    long[] clock = {EPOCH};
    trace("session " + kind, builder, StoreTrace::session, cacheBytes, cacheBytes > 0 ? 40 : 200, operationsPerRecord,
        (random, i) -> {
          // Behind a cache nothing expires here, because it is undefined which expired entries a cache shows.
          clock[0] += random.nextInt(cacheBytes > 0 ? 500 : 20_000);
          long back = cacheBytes > 0 ? 60_000 : random.nextInt(10) < 7 ? 60_000 : 900_000;
          long end = (clock[0] - random.nextLong(back)) / 5000 * 5000;
          long start = end - random.nextInt(3) * 5000;
          String direction = random.nextBoolean() ? "" : "backward-";
          long latest = random.nextInt(4) == 0 ? Long.MAX_VALUE : start + random.nextLong(300_000);
          int choice = random.nextInt(10);
          if (choice < 6) return "put " + some(random) + " " + start + " " + end + " " + newValue(random, i);
          if (choice == 6) return "get " + some(random) + " " + start + " " + end;
          if (choice < 9 || cacheBytes > 0) {
            return (cacheBytes > 0 ? "" : direction) + "find " + some(random) + " " + start + " " + latest;
          }
          return direction + "range " + any(random) + " " + any(random) + " " + start + " " + latest;
        });
  }

  public static void main(String[] args) {
    System.out.println("# Answers of the stores of Kafka Streams "
        + org.apache.kafka.common.utils.internals.AppInfoParser.getVersion() + ", written by java/StoreTrace.java.");
    traceSessions("rocksdb", 0, 1);
    traceSessions("memory", 0, 1);

    long[] clock = {0};
    trace("versioned rocksdb",
        logged(Stores.versionedKeyValueStoreBuilder(
            Stores.persistentVersionedKeyValueStore("store", Duration.ofMillis(1000), Duration.ofMillis(300)),
            Serdes.Bytes(), Serdes.ByteArray())),
        StoreTrace::versioned, 0, 400, 1, (random, i) -> {
          clock[0] += random.nextInt(60);
          long time = Math.max(0, clock[0] - random.nextLong(random.nextBoolean() ? 100 : 1300));
          int choice = random.nextInt(10);
          if (choice < 5) return "put " + some(random) + " " + time + " " + newValue(random, i);
          if (choice == 5) return "get " + some(random);
          return "as-of " + some(random) + " " + time;
        });

    trace("lru memory",
        logged(Stores.keyValueStoreBuilder(Stores.lruMap("store", 4), Serdes.Bytes(), Serdes.ByteArray())),
        StoreTrace::keyValue, 0, 40, 5, StoreTrace::keyValueOperation);

    // The caches are large enough for all entries, because it is not promised which entry leaves a full cache.
    int cacheBytes = 100_000;
    trace("key-value rocksdb",
        logged(Stores.keyValueStoreBuilder(Stores.persistentKeyValueStore("store"), Serdes.Bytes(),
            Serdes.ByteArray())).withCachingEnabled(),
        StoreTrace::keyValue, cacheBytes, 40, 8, StoreTrace::keyValueOperation);
    long[] time = {EPOCH};
    trace("window rocksdb",
        logged(Stores.windowStoreBuilder(Stores.persistentWindowStore("store", Duration.ofMillis(600_000),
            Duration.ofSeconds(1), false), Serdes.Bytes(), Serdes.ByteArray())).withCachingEnabled(),
        StoreTrace::window, cacheBytes, 40, 8, (random, i) -> {
          time[0] += random.nextInt(500);
          long start = (time[0] - random.nextLong(30_000)) / 5000 * 5000;
          int choice = random.nextInt(10);
          if (choice < 6) return "put " + some(random) + " " + start + " " + newValue(random, i);
          if (choice < 8) return "get " + some(random) + " " + start;
          return "fetch " + some(random) + " " + start + " " + (start + random.nextLong(30_000));
        });
    traceSessions("rocksdb", cacheBytes, 8);
  }
}
