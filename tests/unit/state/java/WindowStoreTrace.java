// SPDX-License-Identifier: Apache-2.0
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Properties;
import java.util.Random;
import java.util.StringJoiner;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.TestInputTopic;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.TopologyTestDriver;
import org.apache.kafka.streams.kstream.Windowed;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.Stores;
import org.apache.kafka.streams.state.WindowBytesStoreSupplier;
import org.apache.kafka.streams.state.WindowStore;
import org.apache.kafka.streams.state.WindowStoreIterator;

/**
 * Writes window_store_trace.txt: the answers of Kafka Streams' window stores to random operations. Run again for a new
 * Kafka version, with the jars of kafka-streams and kafka-streams-test-utils on the class path:
 *
 *   java -cp 'LIBRARIES/*' WindowStoreTrace.java > ../window_store_trace.txt
 */
public class WindowStoreTrace {
  static final long RETENTION_MS = 600_000;
  static final long EPOCH = 1_700_000_000_000L;
  static final String[] KEYS = {"a", "ab", "abc", "b", "ba", "zz"};

  static WindowStore<Bytes, byte[]> store;

  static class Keeper implements Processor<String, String, Void, Void> {
    @Override
    public void init(ProcessorContext<Void, Void> context) {
      store = context.getStateStore("store");
    }

    @Override
    public void process(Record<String, String> record) {
      System.out.println(record.value() + " -> " + answer(record.value().split(" ")));
    }
  }

  static Bytes key(String text) {
    return text.equals("*") ? null : Bytes.wrap(text.getBytes(StandardCharsets.UTF_8));
  }

  static String text(byte[] value) {
    return value == null ? "-" : new String(value, StandardCharsets.UTF_8);
  }

  static String answer(String[] op) {
    switch (op[0]) {
      case "put": {
        byte[] value = op[3].equals("-") ? null : op[3].getBytes(StandardCharsets.UTF_8);
        store.put(key(op[1]), value, Long.parseLong(op[2]));
        return "ok";
      }
      case "get":
        return text(store.fetch(key(op[1]), Long.parseLong(op[2])));
      case "fetch":
        return byTime(store.fetch(key(op[1]), Long.parseLong(op[2]), Long.parseLong(op[3])));
      case "backward-fetch":
        return byTime(store.backwardFetch(key(op[1]), Long.parseLong(op[2]), Long.parseLong(op[3])));
      case "range":
        return byKey(store.fetch(key(op[1]), key(op[2]), Long.parseLong(op[3]), Long.parseLong(op[4])));
      case "backward-range":
        return byKey(store.backwardFetch(key(op[1]), key(op[2]), Long.parseLong(op[3]), Long.parseLong(op[4])));
      default:
        throw new IllegalArgumentException(op[0]);
    }
  }

  static String byTime(WindowStoreIterator<byte[]> it) {
    StringJoiner found = new StringJoiner(" ");
    try (it) {
      while (it.hasNext()) {
        KeyValue<Long, byte[]> next = it.next();
        found.add(next.key + "=" + text(next.value));
      }
    }
    return found.length() == 0 ? "nothing" : found.toString();
  }

  static String byKey(KeyValueIterator<Windowed<Bytes>, byte[]> it) {
    StringJoiner found = new StringJoiner(" ");
    try (it) {
      while (it.hasNext()) {
        KeyValue<Windowed<Bytes>, byte[]> next = it.next();
        found.add(text(next.key.key().get()) + "@" + next.key.window().start() + "=" + text(next.value));
      }
    }
    return found.length() == 0 ? "nothing" : found.toString();
  }

  static void trace(String kind, boolean duplicates) {
    Duration retention = Duration.ofMillis(RETENTION_MS);
    Duration size = Duration.ofSeconds(1);
    WindowBytesStoreSupplier supplier = kind.equals("rocksdb")
        ? Stores.persistentWindowStore("store", retention, size, duplicates)
        : Stores.inMemoryWindowStore("store", retention, size, duplicates);
    Topology topology = new Topology();
    topology.addSource("source", Serdes.String().deserializer(), Serdes.String().deserializer(), "in");
    topology.addProcessor("keeper", Keeper::new, "source");
    topology.addStateStore(Stores.windowStoreBuilder(supplier, Serdes.Bytes(), Serdes.ByteArray()), "keeper");
    Properties config = new Properties();
    config.put(StreamsConfig.APPLICATION_ID_CONFIG, "trace");
    config.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, "none:1");

    System.out.println("store " + kind + " retention " + RETENTION_MS + " duplicates " + duplicates);
    Random random = new Random(42);
    long clock = EPOCH;
    try (TopologyTestDriver driver = new TopologyTestDriver(topology, config)) {
      TestInputTopic<String, String> in =
          driver.createInputTopic("in", new StringSerializer(), new StringSerializer());
      for (int i = 0; i < 400; ++i) {
        clock += random.nextInt(20_000);
        long back = random.nextInt(10) < 7 ? RETENTION_MS / 10 : 3 * RETENTION_MS / 2;
        long start = (clock - random.nextLong(back)) / 5000 * 5000;
        String key = KEYS[random.nextInt(KEYS.length)];
        long to = random.nextInt(4) == 0 ? Long.MAX_VALUE : start + random.nextLong(RETENTION_MS);
        String from = random.nextInt(3) == 0 ? "*" : KEYS[random.nextInt(KEYS.length)];
        String until = random.nextInt(3) == 0 ? "*" : KEYS[random.nextInt(KEYS.length)];
        String direction = random.nextBoolean() ? "" : "backward-";
        int choice = random.nextInt(10);
        String op;
        if (choice < 6) {
          op = "put " + key + " " + start + " " + (random.nextInt(8) == 0 ? "-" : "v" + i);
        } else if (choice == 6 && !duplicates) {
          op = "get " + key + " " + start;
        } else if (choice < 8) {
          op = direction + "fetch " + key + " " + start + " " + to;
        } else {
          op = direction + "range " + from + " " + until + " " + start + " " + to;
        }
        in.pipeInput("k", op, EPOCH);
      }
    }
  }

  public static void main(String[] args) {
    System.out.println("# Answers of the window stores of Kafka Streams "
        + org.apache.kafka.common.utils.internals.AppInfoParser.getVersion() + ", written by java/WindowStoreTrace.java.");
    for (String kind : new String[] {"rocksdb", "memory"}) {
      for (boolean duplicates : new boolean[] {false, true}) trace(kind, duplicates);
    }
  }
}
