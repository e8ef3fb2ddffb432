// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "millrace/common/errors.hpp"
#include "millrace/config/streams_config.hpp"
#include "millrace/metrics/drop_reason.hpp"
#include "millrace/metrics/metric.hpp"
#include "millrace/processor/record.hpp"
#include "millrace/processor/topology.hpp"
#include "millrace/runtime/error_handlers.hpp"
#include "millrace/serde/one_way.hpp"
#include "millrace/serde/primitives.hpp"
#include "millrace/serde/serde.hpp"
#include "millrace/state/key_value_store.hpp"
#include "millrace/state/session_store.hpp"
#include "millrace/state/versioned_key_value_store.hpp"
#include "millrace/state/window_store.hpp"

namespace millrace {

namespace detail {

/// A record as bytes. nullopt is Kafka's null.
struct TestRecord {
  std::optional<std::string> key;
  std::optional<std::string> value;
  Timestamp timestamp = kNoTimestamp;
  Headers headers;
};

/// TopologyTestDriver without types. All methods work on bytes. TopologyTestDriver says what they do.
class TestDriver {
 public:
  TestDriver(Topology topology, StreamsConfig config, Timestamp now, const ExceptionHandlers& handlers);
  ~TestDriver();
  TestDriver(const TestDriver&) = delete;
  TestDriver& operator=(const TestDriver&) = delete;

  /// Processes one input record completely.
  void pipe(const std::string& topic, TestRecord record);
  /// The next output record of a topic; nullopt: none.
  [[nodiscard]] std::optional<TestRecord> read(const std::string& topic);
  [[nodiscard]] std::size_t output_size(const std::string& topic) const;
  [[nodiscard]] std::set<std::string> produced_topics() const;
  void restart();
  void advance_wall_clock(Millis by);
  [[nodiscard]] Timestamp now() const;
  /// Null if there is none.
  [[nodiscard]] StateStore* store(const std::string& name) const;
  /// Throws a TopologyException for a store that is missing, or of another type than the one that was asked for.
  [[noreturn]] void refuse_store(const std::string& name) const;
  /// Throws a SerializationException with the text of `error`, the topic, and the types that the topology writes to it.
  [[noreturn]] void refuse_types(const std::string& topic, const SerializationException& error) const;
  /// Sorted.
  [[nodiscard]] std::vector<std::string> store_names() const;
  [[nodiscard]] std::vector<std::pair<std::string, std::string>> dump(const std::string& store) const;
  [[nodiscard]] std::uint64_t dropped_records() const;
  [[nodiscard]] std::uint64_t dropped_records(DropReason reason) const;
  [[nodiscard]] Metrics metrics() const;
  /// The configured serdes of the topology. The test's own topics use them too.
  [[nodiscard]] ConfiguredSerdes& serdes() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace detail

/// Pipes records into an input topic of a TopologyTestDriver. Each record is processed completely before the call
/// returns. The driver must outlive this object. Exceptions of the topology are thrown by the call that pipes the
/// record. (Kafka Streams: `TestInputTopic`.)
template <class K, class V>
class TestInputTopic {
 public:
  /// For TopologyTestDriver::create_input_topic().
  TestInputTopic(detail::TestDriver& driver, std::string topic, AnySerializer<K> key_serde,
                 AnySerializer<V> value_serde, Timestamp start, Millis auto_advance)
      : driver_(&driver),
        topic_(std::move(topic)),
        key_serde_(driver.serdes().key(std::move(key_serde))),
        value_serde_(driver.serdes().value(std::move(value_serde))),
        time_(start),
        auto_advance_(auto_advance) {}

  /// A record with the topic's own time. Afterwards that time advances by `auto_advance`. All ways of piping throw
  /// TopologyException if the topology does not read this topic.
  void pipe_input(const K& key, const V& value) {
    pipe_input(key, value, time_);
    time_ += auto_advance_.count();
  }
  /// `timestamp`: ms since the epoch. Throws StreamsException if it is negative; pipe_raw() allows that.
  void pipe_input(const K& key, const V& value, Timestamp timestamp, Headers headers = {}) {
    if (timestamp < 0) {
      throw StreamsException("a record for topic '" + topic_ + "' has the negative timestamp " +
                             std::to_string(timestamp));
    }
    // One after the other: both serdes may add headers.
    auto key_bytes = encode(key_serde_, key, headers);
    auto value_bytes = encode(value_serde_, value, headers);
    driver_->pipe(topic_, {std::move(key_bytes), std::move(value_bytes), timestamp, std::move(headers)});
  }
  /// A record without a timestamp (kNoTimestamp) gets the topic's own time, which then advances.
  void pipe_input(const Record<K, V>& record) {
    if (record.timestamp != kNoTimestamp) {
      pipe_input(record.key, record.value, record.timestamp, record.headers);
      return;
    }
    pipe_input(record.key, record.value, time_, record.headers);
    time_ += auto_advance_.count();
  }

  /// A record with a null key, and the topic's own time.
  void pipe_input(const V& value) requires(std::is_same_v<K, Unkeyed> || detail::IsOptional<K>::value) {
    pipe_input(K(), value);
  }

  /// A record with a null key. Not for keys of type std::optional: there, the two arguments could also be a key and a
  /// value.
  void pipe_input(const V& value, Timestamp timestamp) requires(std::is_same_v<K, Unkeyed>) {
    pipe_input(K(), value, timestamp);
  }

  /// A record as bytes. For records that no serde writes, such as damaged ones, and for negative timestamps.
  void pipe_raw(std::optional<std::string> key, std::optional<std::string> value, Timestamp timestamp,
                Headers headers = {}) {
    driver_->pipe(topic_, {std::move(key), std::move(value), timestamp, std::move(headers)});
  }

  /// Each with the topic's own time, as pipe_input(key, value).
  void pipe_key_value_list(const std::vector<KeyValue<K, V>>& records) {
    for (const auto& record : records) pipe_input(record.key, record.value);
  }
  /// The first record is at `start`, and each further one `advance` later than the one before. The topic's own time
  /// does not change.
  void pipe_key_value_list(const std::vector<KeyValue<K, V>>& records, Timestamp start, Millis advance) {
    for (const auto& record : records) {
      pipe_input(record.key, record.value, start);
      start += advance.count();
    }
  }
  /// Records with null keys, otherwise as pipe_key_value_list().
  void pipe_value_list(const std::vector<V>& values) requires(std::is_same_v<K, Unkeyed> ||
                                                              detail::IsOptional<K>::value) {
    for (const auto& value : values) pipe_input(value);
  }
  void pipe_value_list(const std::vector<V>& values, Timestamp start,
                       Millis advance) requires(std::is_same_v<K, Unkeyed> || detail::IsOptional<K>::value) {
    for (const auto& value : values) {
      pipe_input(K(), value, start);
      start += advance.count();
    }
  }
  void pipe_record_list(const std::vector<Record<K, V>>& records) {
    for (const auto& record : records) pipe_input(record);
  }

  /// Advances the topic's own time. The wall clock of the driver stays as it is.
  void advance_time(Millis by) { time_ += by.count(); }

 private:
  template <class T>
  [[nodiscard]] std::optional<std::string> encode(const AnySerializer<T>& serde, const T& value,
                                                  Headers& headers) const {
    std::string bytes;
    if (!serde.serialize(topic_, &headers, value, bytes)) return std::nullopt;
    return bytes;
  }

  /// A pointer, so that the object can be assigned.
  detail::TestDriver* driver_;
  std::string topic_;
  AnySerializer<K> key_serde_;
  AnySerializer<V> value_serde_;
  /// The topic's own time, ms since the epoch.
  Timestamp time_;
  Millis auto_advance_;
};

/// Reads the records that a topology has written to one topic, in order. Each record is read once. The driver must
/// outlive this object. Two objects for the same topic share its records. (Kafka Streams: `TestOutputTopic`.)
template <class K, class V>
class TestOutputTopic {
 public:
  TestOutputTopic(detail::TestDriver& driver, std::string topic, AnyDeserializer<K> key_serde,
                  AnyDeserializer<V> value_serde)
      : driver_(&driver),
        topic_(std::move(topic)),
        key_serde_(driver.serdes().key(std::move(key_serde))),
        value_serde_(driver.serdes().value(std::move(value_serde))) {}

  /// Removes and returns the next record. Throws StreamsException if there is none, and SerializationException if its
  /// bytes do not fit the serdes.
  [[nodiscard]] Record<K, V> read_record() {
    auto raw = driver_->read(topic_);
    if (!raw) throw StreamsException("topic '" + topic_ + "' has no further output");
    const auto view = [](const std::optional<std::string>& bytes) -> BytesView {
      if (!bytes) return std::nullopt;
      return std::string_view(*bytes);
    };
    try {
      return {key_serde_.deserialize(topic_, &raw->headers, view(raw->key)),
              value_serde_.deserialize(topic_, &raw->headers, view(raw->value)), raw->timestamp,
              std::move(raw->headers)};
    } catch (const SerializationException& error) {
      driver_->refuse_types(topic_, error);
    }
  }
  /// The parts of the next record; otherwise as read_record().
  [[nodiscard]] V read_value() { return read_record().value; }
  [[nodiscard]] KeyValue<K, V> read_key_value() {
    auto record = read_record();
    return {std::move(record.key), std::move(record.value)};
  }

  /// All records that have not been read yet.
  [[nodiscard]] std::vector<Record<K, V>> read_records_to_list() {
    std::vector<Record<K, V>> records;
    while (!is_empty()) records.push_back(read_record());
    return records;
  }
  [[nodiscard]] std::vector<V> read_values_to_list() {
    std::vector<V> values;
    while (!is_empty()) values.push_back(read_value());
    return values;
  }
  [[nodiscard]] std::vector<KeyValue<K, V>> read_key_values_to_list() {
    std::vector<KeyValue<K, V>> pairs;
    while (!is_empty()) pairs.push_back(read_key_value());
    return pairs;
  }
  /// All records that have not been read yet, with the last value of each key.
  [[nodiscard]] std::map<K, V> read_key_values_to_map() {
    std::map<K, V> result;
    while (!is_empty()) {
      auto pair = read_key_value();
      result.insert_or_assign(std::move(pair.key), std::move(pair.value));
    }
    return result;
  }

  /// Whether all records were read.
  [[nodiscard]] bool is_empty() const { return queue_size() == 0; }
  /// The number of records that have not been read yet.
  [[nodiscard]] std::size_t queue_size() const { return driver_->output_size(topic_); }

 private:
  detail::TestDriver* driver_;
  std::string topic_;
  AnyDeserializer<K> key_serde_;
  AnyDeserializer<V> value_serde_;
};

/// Runs a topology in a test, without a broker, threads or real time. Each record that is piped in is processed
/// completely before the call returns. That includes the way through repartition topics, and a commit. (Kafka Streams:
/// `TopologyTestDriver`.)
///
///     TopologyTestDriver driver(topology);
///     auto in = driver.create_input_topic<std::string, std::string>("in");
///     auto out = driver.create_output_topic<std::string, std::int64_t>("out");
///     in.pipe_input("a", "x", 10);
///     BOOST_TEST(out.read_value() == 1);
///
/// Topics   Each topic has one partition. Changelog and repartition topics can be read like output topics.
/// State    Stores on disk are in a temporary directory, which the destructor removes.
/// Time     The wall clock moves only by advance_wall_clock_time().
/// Errors   What a stream thread would throw is thrown by the call that caused it. A RetriableException is thrown too,
///          and the record is not processed again: pipe it once more to try again.
/// Serdes   Those with configure() and close() are configured with `config`, and closed by the destructor. That
///          includes the serdes of input and output topics.
/// Threads  one
class TopologyTestDriver {
 public:
  /// `config`: may be empty; the default of application.id is `topology-test-driver`. `now`: the wall clock at the
  /// start, ms since the epoch. `handlers`: as for Streams::set_exception_handlers().
  explicit TopologyTestDriver(Topology topology, StreamsConfig config = {}, Timestamp now = Clock::system().now(),
                              const ExceptionHandlers& handlers = {})
      : driver_(std::move(topology), std::move(config), now, handlers) {}

  /// An input topic. Records without a timestamp get the wall-clock time of this call. Serdes: by default those of the
  /// types.
  template <class K, class V>
  [[nodiscard]] TestInputTopic<K, V> create_input_topic(const std::string& topic,
                                                        AnySerializer<K> key_serde = detail::own_serde<K>(),
                                                        AnySerializer<V> value_serde = detail::own_serde<V>()) {
    return {driver_, topic, std::move(key_serde), std::move(value_serde), driver_.now(), Millis(0)};
  }
  /// `start`: the topic's own time, for records without a timestamp (ms since the epoch). `auto_advance`: the step of
  /// that time after each such record.
  template <class K, class V>
  [[nodiscard]] TestInputTopic<K, V> create_input_topic(const std::string& topic, AnySerializer<K> key_serde,
                                                        AnySerializer<V> value_serde, Timestamp start,
                                                        Millis auto_advance) {
    return {driver_, topic, std::move(key_serde), std::move(value_serde), start, auto_advance};
  }
  /// An output topic, or an internal topic under its real name.
  template <class K, class V>
  [[nodiscard]] TestOutputTopic<K, V> create_output_topic(const std::string& topic,
                                                          AnyDeserializer<K> key_serde = detail::own_serde<K>(),
                                                          AnyDeserializer<V> value_serde = detail::own_serde<V>()) {
    return {driver_, topic, std::move(key_serde), std::move(value_serde)};
  }

  /// Advances the wall clock. A wall-clock punctuation that becomes due runs once, even if several of its times have
  /// passed.
  void advance_wall_clock_time(Millis by) { driver_.advance_wall_clock(by); }

  /// Stops the application and starts it again: all nodes are new objects. Stores keep their committed data: those on
  /// disk their files, those in memory what their changelog has. A store in memory without a changelog is empty
  /// afterwards. References to stores become invalid. (Kafka Streams has no counterpart.)
  void restart() { driver_.restart(); }

  /// The stores of the topology, by name. A test may read and fill them. The reference is valid until restart(). Throws
  /// TopologyException if there is no store with this name, or if it has other types.
  template <class K, class V>
  [[nodiscard]] KeyValueStore<K, V>& get_key_value_store(const std::string& name) {
    return typed<KeyValueStore<K, V>>(name);
  }
  template <class K, class V>
  [[nodiscard]] TimestampedKeyValueStore<K, V>& get_timestamped_key_value_store(const std::string& name) {
    return typed<TimestampedKeyValueStore<K, V>>(name);
  }
  template <class K, class V>
  [[nodiscard]] TimestampedKeyValueStoreWithHeaders<K, V>& get_timestamped_key_value_store_with_headers(
      const std::string& name) {
    return typed<TimestampedKeyValueStoreWithHeaders<K, V>>(name);
  }
  template <class K, class V>
  [[nodiscard]] WindowStore<K, V>& get_window_store(const std::string& name) {
    return typed<WindowStore<K, V>>(name);
  }
  template <class K, class V>
  [[nodiscard]] TimestampedWindowStore<K, V>& get_timestamped_window_store(const std::string& name) {
    return typed<TimestampedWindowStore<K, V>>(name);
  }
  template <class K, class V>
  [[nodiscard]] TimestampedWindowStoreWithHeaders<K, V>& get_timestamped_window_store_with_headers(
      const std::string& name) {
    return typed<TimestampedWindowStoreWithHeaders<K, V>>(name);
  }
  template <class K, class V>
  [[nodiscard]] SessionStore<K, V>& get_session_store(const std::string& name) {
    return typed<SessionStore<K, V>>(name);
  }
  template <class K, class AGG>
  [[nodiscard]] SessionStoreWithHeaders<K, AGG>& get_session_store_with_headers(const std::string& name) {
    return typed<SessionStoreWithHeaders<K, AGG>>(name);
  }
  template <class K, class V>
  [[nodiscard]] VersionedKeyValueStore<K, V>& get_versioned_key_value_store(const std::string& name) {
    return typed<VersionedKeyValueStore<K, V>>(name);
  }
  [[nodiscard]] StateStore& get_state_store(const std::string& name) { return typed<StateStore>(name); }
  /// Sorted, including global stores.
  [[nodiscard]] std::vector<std::string> get_all_state_store_names() const { return driver_.store_names(); }

  /// All entries of a key-value, window or session store as bytes, including those in its cache. Keys have the format
  /// of the changelog. Values have the format of the store: a timestamped store puts 8 bytes of time in front, and
  /// header_formats.hpp describes stores with headers. The order is that of iterating over the store. Throws
  /// TopologyException for other kinds of stores.
  [[nodiscard]] std::vector<std::pair<std::string, std::string>> dump_state_store(const std::string& name) const {
    return driver_.dump(name);
  }

  /// The topics to which the topology has written, including internal ones.
  [[nodiscard]] std::set<std::string> produced_topic_names() const { return driver_.produced_topics(); }

  /// The number of dropped records: late ones, null keys, failed records that a handler skipped.
  [[nodiscard]] std::uint64_t dropped_records() const { return driver_.dropped_records(); }
  /// The number of records that were dropped for this reason.
  [[nodiscard]] std::uint64_t dropped_records(DropReason reason) const { return driver_.dropped_records(reason); }

  /// The present metrics, as from Streams::metrics(), but without those of stream threads. Rates follow the driver's
  /// wall clock. (Kafka Streams: `TopologyTestDriver#metrics`.)
  [[nodiscard]] Metrics metrics() const { return driver_.metrics(); }

 private:
  /// The store as `Store`. Throws TopologyException if it is missing or of another type.
  template <class Store>
  [[nodiscard]] Store& typed(const std::string& name) {
    auto* store = dynamic_cast<Store*>(driver_.store(name));
    if (store == nullptr) driver_.refuse_store(name);
    return *store;
  }

  detail::TestDriver driver_;
};

}  // namespace millrace
