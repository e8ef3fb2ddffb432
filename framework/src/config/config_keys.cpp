// SPDX-License-Identifier: Apache-2.0
#include "config/config_keys.hpp"

#include <algorithm>

namespace millrace::detail {
namespace {

// The ranges of Java's int and long. Keys that are an int in Kafka keep its range.
constexpr std::int64_t kIntMin = std::numeric_limits<std::int32_t>::min();
constexpr std::int64_t kIntMax = std::numeric_limits<std::int32_t>::max();
constexpr std::int64_t kLongMin = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kLongMax = std::numeric_limits<std::int64_t>::max();

// Names for the third column of the table.
constexpr bool kSupported = true;
constexpr bool kIgnored = false;

// Each function below makes a row of one type. They keep the table short, and they are evaluated by the compiler.
constexpr ConfigKey text(std::string_view name, std::string_view default_value, bool supported, std::string_view doc,
                         ConfigRule rule = ConfigRule::none, std::string_view valid = {}) {
  return {name, ConfigType::string, default_value, supported, doc, rule, valid};
}

constexpr ConfigKey java_class(std::string_view name, std::string_view default_value, bool supported,
                               std::string_view doc, ConfigRule rule = ConfigRule::none) {
  return {name, ConfigType::class_name, default_value, supported, doc, rule};
}

constexpr ConfigKey list(std::string_view name, std::string_view default_value, bool supported, std::string_view doc,
                         ConfigRule rule = ConfigRule::none, std::string_view valid = {}) {
  return {name, ConfigType::list, default_value, supported, doc, rule, valid};
}

constexpr ConfigKey flag(std::string_view name, std::string_view default_value, bool supported, std::string_view doc) {
  return {name, ConfigType::boolean, default_value, supported, doc};
}

constexpr ConfigKey number(std::string_view name, std::string_view default_value, bool supported, std::string_view doc,
                           std::int64_t min = kIntMin, std::int64_t max = kIntMax) {
  return {name, ConfigType::integer, default_value, supported, doc, ConfigRule::none, {}, min, max};
}

// A number of bytes, or another count that is a long in Kafka. Not negative unless `min` says so.
constexpr ConfigKey bytes(std::string_view name, std::string_view default_value, bool supported, std::string_view doc,
                          std::int64_t min = 0) {
  return {name, ConfigType::integer, default_value, supported, doc, ConfigRule::none, {}, min, kLongMax};
}

// A time in milliseconds. Kafka gives some keys no lower bound; these are listed without `min`.
constexpr ConfigKey millis(std::string_view name, std::string_view default_value, bool supported, std::string_view doc,
                           std::int64_t min = kLongMin) {
  return {name, ConfigType::millis, default_value, supported, doc, ConfigRule::none, {}, min, kLongMax};
}

// A key without effect whose value may still be true here: see ConfigKey::in_force.
constexpr ConfigKey in_force(std::string_view value, ConfigKey key) {
  key.in_force = value;
  return key;
}

// An older name of the key `of`, with the same type and rule.
constexpr ConfigKey alias(ConfigKey key, std::string_view of) {
  key.alias_of = of;
  return key;
}

constexpr std::string_view kSerdesAreTypes = "Java's default serdes. Here a serde is found by the type of the stream.";

// Defaults and documentation as users see them. docs and help texts are printed from here, so the text of a new key
// needs no other place. An empty default means that the key has none.
constexpr ConfigKey kKeys[] = {
    bytes("acceptable.recovery.lag", "10000", kIgnored,
          "How many records a warm-up replica may be behind and still be given the active task."),
    flag("allow.os.group.write.access", "false", kIgnored, "Lets the group of the user write to the state directory."),
    text("application.id", "", kSupported,
         "Name of the application: the consumer group, and the prefix of its internal topics, client ids and "
         "transactional ids. Required.",
         ConfigRule::application_id),
    text("application.server", "", kIgnored,
         "host:port, with or without protocol://, under which other instances can query this one's stores."),
    list(
        "bootstrap.servers", "", kSupported,
        "Where the records live: a list of host:port of Kafka brokers, or embedded:DIR for the embedded broker in that "
        "directory. Required.",
        ConfigRule::bootstrap_servers),
    number("buffered.records.per.partition", "1000", kSupported,
           "How many records a task buffers per input partition before that partition is paused."),
    text("built.in.metrics.version", "latest", kIgnored, "Version of Java's metric names.", ConfigRule::one_of,
         "latest"),
    alias(bytes("cache.max.bytes.buffering", "10485760", kSupported, "Older name of statestore.cache.max.bytes."),
          "statestore.cache.max.bytes"),
    text("client.id", "", kSupported,
         "Prefix of the client ids of all clients of this process. Default: the application id and a random id."),
    millis("commit.interval.ms", "30000", kSupported,
           "How often progress is committed. Under exactly_once_v2 the default is 100: results become visible to "
           "read_committed consumers at each commit.",
           0),
    list("config.providers", "", kIgnored, "Java classes that look up values elsewhere."),
    millis("connections.max.idle.ms", "540000", kSupported, "After this time idle connections are closed."),
    java_class("default.client.supplier", "DefaultKafkaClientSupplier", kIgnored, "Java factory of Kafka clients."),
    alias(java_class("default.deserialization.exception.handler", "log-and-fail", kSupported,
                     "Older name of deserialization.exception.handler.", ConfigRule::exception_handler),
          "deserialization.exception.handler"),
    text("default.dsl.store", "rocksDB", kSupported,
         "Store of stateful operators for which the topology names none: rocksDB or in_memory.", ConfigRule::one_of,
         "rocksDB,in_memory"),
    text("default.interactive.query.isolation.level", "READ_UNCOMMITTED", kIgnored,
         "What Java's interactive queries see of state that is not committed yet.", ConfigRule::one_of_ignoring_case,
         "READ_UNCOMMITTED,READ_COMMITTED"),
    java_class("default.key.serde", "", kIgnored, kSerdesAreTypes),
    java_class("default.list.key.serde.inner", "", kIgnored, kSerdesAreTypes),
    java_class("default.list.key.serde.type", "", kIgnored, kSerdesAreTypes),
    java_class("default.list.value.serde.inner", "", kIgnored, kSerdesAreTypes),
    java_class("default.list.value.serde.type", "", kIgnored, kSerdesAreTypes),
    alias(java_class("default.production.exception.handler", "log-and-fail", kSupported,
                     "Older name of production.exception.handler.", ConfigRule::exception_handler),
          "production.exception.handler"),
    java_class("default.timestamp.extractor", "FailOnInvalidTimestamp", kSupported,
               "Where a record's event time comes from when its source does not say: FailOnInvalidTimestamp, "
               "LogAndSkipOnInvalidTimestamp, UsePartitionTimeOnInvalidTimestamp or WallclockTimestampExtractor.",
               ConfigRule::timestamp_extractor),
    java_class("default.value.serde", "", kIgnored, kSerdesAreTypes),
    java_class("deserialization.exception.handler", "log-and-fail", kSupported,
               "What happens when a record cannot be decoded: log-and-fail stops the application, log-and-continue "
               "counts and skips the record.",
               ConfigRule::exception_handler),
    text("dsl.store.format", "DEFAULT", kSupported,
         "HEADERS: operators keep state in RocksDB in Kafka Streams' format with headers; their changelogs have the "
         "headers of the record that deletes an entry.",
         ConfigRule::one_of_ignoring_case, "DEFAULT,HEADERS"),
    java_class("dsl.store.suppliers.class", "BuiltInDslStoreSuppliers$RocksDBDslStoreSuppliers", kIgnored,
               "Java factory of stores; see default.dsl.store."),
    flag("enable.metrics.push", "true", kIgnored, "Sends client metrics to brokers that ask for them."),
    in_force("true", flag("enable.transactional.statestores", "true", kIgnored,
                          "Whether state changes together with the offsets behind it, so that a failure costs only "
                          "what came after the last commit. State stores here always do so; Java's default is false.")),
    flag("ensure.explicit.internal.resource.naming", "false", kSupported,
         "Refuses a topology in which a store or an internal topic has a generated name, since such names change when "
         "the topology does. For StreamsBuilder::build(config)."),
    text("errors.dead.letter.queue.topic.name", "", kSupported,
         "Topic to which the exception handlers send records that failed. Empty: none.", ConfigRule::topic_name),
    text("group.protocol", "classic", kIgnored, "Java's rebalance protocol.", ConfigRule::one_of_ignoring_case,
         "classic,streams"),
    millis("log.summary.interval.ms", "120000", kIgnored,
           "How often each thread logs how much it did; negative: never."),
    millis("max.task.idle.ms", "0", kSupported,
           "How long a task with several inputs waits for new records of an empty one, so that records of all inputs "
           "are processed in the order of time. 0: waits only for what the broker already has; -1: never waits."),
    number("max.warmup.replicas", "2", kIgnored, "How many warm-up replicas there may be at once.", 1),
    flag("metadata.cluster.check.enable", "true", kIgnored,
         "Lets a Java client say which cluster and node it wants to reach, so that brokers notice misrouted "
         "connections."),
    millis("metadata.max.age.ms", "300000", kSupported, "How often clients ask for the topics and partitions anew.", 0),
    millis("metadata.recovery.rebootstrap.trigger.ms", "300000", kIgnored,
           "After this time without metadata a Java client starts again from bootstrap.servers.", 0),
    text("metadata.recovery.strategy", "rebootstrap", kIgnored,
         "What a Java client does when no known broker can be reached.", ConfigRule::one_of_ignoring_case,
         "rebootstrap,none"),
    list("metric.reporters", "org.apache.kafka.common.metrics.JmxReporter", kIgnored, "Java classes that get metrics."),
    number("metrics.num.samples", "2", kSupported, "On how many samples rates, averages and maxima look back.", 1),
    text("metrics.recording.level", "INFO", kSupported, "How much detail metrics have.", ConfigRule::one_of,
         "INFO,DEBUG,TRACE"),
    millis("metrics.sample.window.ms", "30000", kSupported, "Time that one sample of a metric covers.", 0),
    number("num.standby.replicas", "0", kIgnored, "How many copies of each task's state other instances keep.", 0),
    number("num.stream.threads", "1", kSupported, "How many threads process records.", 1),
    millis("poll.ms", "100", kSupported, "How long a thread blocks at most while it waits for records.", 0),
    millis("probing.rebalance.interval.ms", "600000", kIgnored,
           "How often a rebalance looks whether a warm-up replica is ready.", 60000),
    java_class("processing.exception.handler", "log-and-fail", kSupported,
               "What happens when a processor throws: log-and-fail stops the application, log-and-continue counts and "
               "skips the record.",
               ConfigRule::exception_handler),
    flag(
        "processing.exception.handler.global.enabled", "false", kSupported,
        "Lets processing.exception.handler serve global stores too; without it a failure there stops the application."),
    text("processing.guarantee", "at_least_once", kSupported,
         "at_least_once: after a failure some records may be processed again. exactly_once_v2: results, state and "
         "progress are committed in one Kafka transaction.",
         ConfigRule::one_of, "at_least_once,exactly_once_v2"),
    java_class("processor.wrapper.class", "NoOpProcessorWrapper", kIgnored, "Java class that wraps each processor."),
    java_class("production.exception.handler", "log-and-fail", kSupported,
               "What happens when a record cannot be encoded or the broker refuses it: log-and-fail (Java's "
               "DefaultProductionExceptionHandler; retriable errors are retried first) or log-and-continue.",
               ConfigRule::exception_handler),
    number("rack.aware.assignment.non_overlap_cost", "", kIgnored, "Cost of moving a task."),
    text("rack.aware.assignment.strategy", "none", kIgnored, "How tasks are placed in racks.", ConfigRule::one_of,
         "none,min_traffic,balance_subtopology"),
    list("rack.aware.assignment.tags", "", kIgnored, "Client tags over which standbys are spread."),
    number("rack.aware.assignment.traffic_cost", "", kIgnored, "Cost of traffic between racks."),
    number("receive.buffer.bytes", "32768", kSupported, "TCP receive buffer; -1: the system's default.", -1),
    millis("reconnect.backoff.max.ms", "1000", kSupported, "Longest wait before a client connects again.", 0),
    millis("reconnect.backoff.ms", "50", kSupported, "First wait before a client connects again; doubles.", 0),
    millis("repartition.purge.interval.ms", "30000", kSupported,
           "How often records that are processed are deleted from repartition topics.", 0),
    number("replication.factor", "-1", kSupported,
           "Replication factor of internal topics; -1: the default of the broker."),
    {"request.timeout.ms",
     ConfigType::millis,
     "40000",
     kSupported,
     "How long a client waits for the answer to a request.",
     ConfigRule::none,
     {},
     0,
     kIntMax},
    millis(
        "retry.backoff.ms", "100", kSupported,
        "How long a client waits before it repeats a failed request, and how long a task waits before it repeats what "
        "has failed with a RetriableException. The pauses of a task double, up to 5 seconds.",
        0),
    java_class("rocksdb.config.setter", "", kIgnored,
               "Java class that tunes RocksDB; see millrace.rocksdb.block.cache.bytes and "
               "millrace.rocksdb.write.buffer.bytes."),
    text("security.protocol", "PLAINTEXT", kSupported, "How clients talk to the brokers.",
         ConfigRule::one_of_ignoring_case, "PLAINTEXT,SSL,SASL_PLAINTEXT,SASL_SSL"),
    number("send.buffer.bytes", "131072", kSupported, "TCP send buffer; -1: the system's default.", -1),
    millis("state.cleanup.delay.ms", "600000", kSupported,
           "After this time the local state of a task that moved away is deleted."),
    millis("state.cleanup.dir.max.age.ms", "-1", kIgnored,
           "At start, state directories older than this are deleted; -1: none."),
    text("state.dir", "", kSupported,
         "Directory of the local state; each application has its own directory in it. Default: millrace in the "
         "directory for temporary files; the machine may delete such files. Two processes of one application on one "
         "machine need different directories.",
         ConfigRule::directory),
    bytes("statestore.cache.max.bytes", "10485760", kSupported,
          "Memory, over all threads, in which updates of the same key are collapsed before they go to the changelog "
          "and downstream. 0: every update goes at once."),
    bytes(
        "statestore.uncommitted.max.bytes", "4194304", kSupported,
        "Keys and values, over all threads, that are written to stores and not committed yet. Each stream thread has "
        "an equal share, and so has the thread of global stores if there are any; over it the thread commits early. A "
        "commit needs several times as much memory. Java's default is 67108864. -1 or 0: no limit.",
        -1),
    text("task.assignor.class", "", kIgnored, "Java class that assigns tasks."),
    millis("task.timeout.ms", "300000", kSupported,
           "How long a task may go on trying after a RetriableException of a serde or function, before it fails. 0: it "
           "fails at once. For a broker out of reach see millrace.connect.timeout.ms.",
           0),
    in_force("false", flag("topology.description.push.enabled", "false", kIgnored,
                           "Lets a Java client send a description of its topology to brokers that ask for it. Millrace "
                           "never does so; Java's default is true.")),
    list("topology.optimization", "none", kSupported,
         "none, all, or a list of reuse.ktable.source.topics, merge.repartition.topics, single.store.self.join; in "
         "force for topologies that are built with the configuration: StreamsBuilder::build(config).",
         ConfigRule::any_of, "all,none,reuse.ktable.source.topics,merge.repartition.topics,single.store.self.join"),
    text("upgrade.from", "", kIgnored, "Version of Java Kafka Streams that is upgraded from.", ConfigRule::one_of,
         "2.4,2.5,2.6,2.7,2.8,3.0,3.1,3.2,3.3,3.4,3.5,3.6,3.7,3.8,3.9,4.0,4.1,4.2,4.3"),
    millis("window.size.ms", "", kIgnored, "Window size for Java's windowed deserializer."),
    text("windowed.inner.class.serde", "", kIgnored, "Inner serde of Java's windowed deserializer."),
    millis("windowstore.changelog.additional.retention.ms", "86400000", kSupported,
           "Added to the retention of window changelogs, so that clocks that differ do not delete records too early."),

    millis(
        "millrace.connect.timeout.ms", "60000", kSupported,
        "How long the application goes on trying, at the start and later, while nothing works with the broker, before "
        "it gives up. A restore that stands still as long is warned of.",
        0),
    number("millrace.connector.batch.records", "2000", kSupported,
           "The largest number of records that a connector reads, or writes, at once. For a source with positions also "
           "the size of its transactions.",
           1),
    millis("millrace.connector.retry.delay.max.ms", "30000", kSupported,
           "The longest pause before a connector tries its far side again. The first one is retry.backoff.ms.", 1),
    bytes(
        "millrace.memory.tier.max.bytes", "16777216", kSupported,
        "Memory, over all tasks, in which recent store entries are kept, so that lookups need not go to RocksDB. Each "
        "task has its equal share, and what the others leave free."),
    bytes("millrace.rocksdb.block.cache.bytes", "8388608", kSupported, "RocksDB block cache of all tasks."),
    bytes("millrace.rocksdb.write.buffer.bytes", "8388608", kSupported,
          "RocksDB write buffers of all tasks. Each has an equal share, but 1 MB at least.", 65536),
};

}  // namespace

std::span<const ConfigKey> config_keys() { return kKeys; }

const ConfigKey* find_config_key(std::string_view name) {
  // A linear search over about a hundred rows: keys are looked up when an application starts, not per record.
  const auto* const found = std::ranges::find(kKeys, name, &ConfigKey::name);
  return found == std::end(kKeys) ? nullptr : found;
}

}  // namespace millrace::detail
