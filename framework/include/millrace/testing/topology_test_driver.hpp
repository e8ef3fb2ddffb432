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
#include "millrace/serde/primitives.hpp"
#include "millrace/serde/serde.hpp"
#include "millrace/state/key_value_store.hpp"
#include "millrace/state/session_store.hpp"
#include "millrace/state/versioned_key_value_store.hpp"
#include "millrace/state/window_store.hpp"

namespace millrace {

namespace detail {

/// A record as bytes, as the driver takes and gives them.
struct TestRecord {
  std::optional<std::string> key;
  std::optional<std::string> value;
  Timestamp timestamp = kNoTimestamp;
  Headers headers;
};

/// The driver without types.
class TestDriver {
 public:
  TestDriver(Topology topology, StreamsConfig config, Timestamp now, const ExceptionHandlers& handlers);
  ~TestDriver();
  TestDriver(const TestDriver&) = delete;
  TestDriver& operator=(const TestDriver&) = delete;

  void pipe(const std::string& topic, TestRecord record);
  [[nodiscard]] std::optional<TestRecord> read(const std::string& topic);
  [[nodiscard]] std::size_t output_size(const std::string& topic) const;
  [[nodiscard]] std::set<std::string> produced_topics() const;
  void restart();
  void advance_wall_clock(Millis by);
  [[nodiscard]] Timestamp now() const;
  [[nodiscard]] StateStore* store(const std::string& name) const;
  [[nodiscard]] std::vector<std::string> store_names() const;
  [[nodiscard]] std::vector<std::pair<std::string, std::string>> dump(const std::string& store) const;
  [[nodiscard]] std::uint64_t dropped_records() const;
  [[nodiscard]] std::uint64_t dropped_records(DropReason reason) const;
  [[nodiscard]] Metrics metrics() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace detail

/// Feeds records to a topic of a TopologyTestDriver, each processed to its end before pipe_input returns.
/// (Kafka Streams: `TestInputTopic`.)
template <class K, class V>
class TestInputTopic {
 public:
  TestInputTopic(detail::TestDriver& driver, std::string topic, AnySerde<K> key_serde, AnySerde<V> value_serde,
                 Timestamp start, Millis auto_advance)
      : driver_(&driver),
        topic_(std::move(topic)),
        key_serde_(std::move(key_serde)),
        value_serde_(std::move(value_serde)),
        time_(start),
        auto_advance_(auto_advance) {}

  /// Without a timestamp, the topic's own time is used and then advanced by `auto_advance`.
  void pipe_input(const K& key, const V& value) {
    pipe_input(key, value, time_);
    time_ += auto_advance_.count();
  }
  /// Throws StreamsException if the timestamp is negative.
  void pipe_input(const K& key, const V& value, Timestamp timestamp, Headers headers = {}) {
    if (timestamp < 0) {
      throw StreamsException("a record for topic '" + topic_ + "' has the negative timestamp " +
                             std::to_string(timestamp));
    }
    driver_->pipe(topic_, {encode(key_serde_, key), encode(value_serde_, value), timestamp, std::move(headers)});
  }
  /// A record without a timestamp (kNoTimestamp) gets the topic's own time, as above.
  void pipe_input(const Record<K, V>& record) {
    if (record.timestamp != kNoTimestamp) {
      pipe_input(record.key, record.value, record.timestamp, record.headers);
      return;
    }
    pipe_input(record.key, record.value, time_, record.headers);
    time_ += auto_advance_.count();
  }

  /// A record without key.
  void pipe_input(const V& value) requires(std::is_same_v<K, Unkeyed> || detail::IsOptional<K>::value) {
    pipe_input(K(), value);
  }

  /// With keys of std::optional it could be a key and a value, too.
  void pipe_input(const V& value, Timestamp timestamp) requires(std::is_same_v<K, Unkeyed>) {
    pipe_input(K(), value, timestamp);
  }

  /// As bytes: for records that no serde would write, and for times that no producer should (negative ones).
  void pipe_raw(std::optional<std::string> key, std::optional<std::string> value, Timestamp timestamp,
                Headers headers = {}) {
    driver_->pipe(topic_, {std::move(key), std::move(value), timestamp, std::move(headers)});
  }

  void pipe_key_value_list(const std::vector<KeyValue<K, V>>& records) {
    for (const auto& record : records) pipe_input(record.key, record.value);
  }
  /// The first at `start`, each further one `advance` after the one before.
  void pipe_key_value_list(const std::vector<KeyValue<K, V>>& records, Timestamp start, Millis advance) {
    for (const auto& record : records) {
      pipe_input(record.key, record.value, start);
      start += advance.count();
    }
  }
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

  void advance_time(Millis by) { time_ += by.count(); }

 private:
  template <class T>
  [[nodiscard]] std::optional<std::string> encode(const AnySerde<T>& serde, const T& value) const {
    std::string bytes;
    if (!serde.serialize(topic_, value, bytes)) return std::nullopt;
    return bytes;
  }

  detail::TestDriver* driver_;
  std::string topic_;
  AnySerde<K> key_serde_;
  AnySerde<V> value_serde_;
  Timestamp time_;
  Millis auto_advance_;
};

/// Reads what a topology wrote to a topic. (Kafka Streams: `TestOutputTopic`.)
template <class K, class V>
class TestOutputTopic {
 public:
  TestOutputTopic(detail::TestDriver& driver, std::string topic, AnySerde<K> key_serde, AnySerde<V> value_serde)
      : driver_(&driver),
        topic_(std::move(topic)),
        key_serde_(std::move(key_serde)),
        value_serde_(std::move(value_serde)) {}

  /// The next record. Throws StreamsException if there is none.
  [[nodiscard]] Record<K, V> read_record() {
    auto raw = driver_->read(topic_);
    if (!raw) throw StreamsException("topic '" + topic_ + "' has no further output");
    const auto view = [](const std::optional<std::string>& bytes) -> BytesView {
      if (!bytes) return std::nullopt;
      return std::string_view(*bytes);
    };
    return {key_serde_.deserialize(topic_, view(raw->key)), value_serde_.deserialize(topic_, view(raw->value)),
            raw->timestamp, std::move(raw->headers)};
  }
  [[nodiscard]] V read_value() { return read_record().value; }
  [[nodiscard]] KeyValue<K, V> read_key_value() {
    auto record = read_record();
    return {std::move(record.key), std::move(record.value)};
  }

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
  /// The last value of each key.
  [[nodiscard]] std::map<K, V> read_key_values_to_map() {
    std::map<K, V> result;
    while (!is_empty()) {
      auto pair = read_key_value();
      result.insert_or_assign(std::move(pair.key), std::move(pair.value));
    }
    return result;
  }

  [[nodiscard]] bool is_empty() const { return queue_size() == 0; }
  [[nodiscard]] std::size_t queue_size() const { return driver_->output_size(topic_); }

 private:
  detail::TestDriver* driver_;
  std::string topic_;
  AnySerde<K> key_serde_;
  AnySerde<V> value_serde_;
};

/// Runs a topology without broker, threads or real time: each record that is piped in is processed to its end, through
/// repartition topics too, before the call returns. Every topic has one partition; changelog and repartition topics
/// can be read like any other. State lives in a directory of its own that is removed in the end.
///
///     TopologyTestDriver driver(topology);
///     auto in = driver.create_input_topic<std::string, std::string>("in");
///     auto out = driver.create_output_topic<std::string, std::int64_t>("out");
///     in.pipe_input("a", "x", 10);
///     BOOST_TEST(out.read_value() == 1);
///
/// Errors of the topology come out of the call that caused them, as of a stream thread.
/// Threads: one. (Kafka Streams: `TopologyTestDriver`.)
class TopologyTestDriver {
 public:
  /// Without application.id in the config it is `topology-test-driver`.
  /// `now` is the wall clock, which stands until it is moved; `handlers` are those of Streams::set_exception_handlers.
  explicit TopologyTestDriver(Topology topology, StreamsConfig config = {}, Timestamp now = Clock::system().now(),
                              const ExceptionHandlers& handlers = {})
      : driver_(std::move(topology), std::move(config), now, handlers) {}

  template <class K, class V>
  [[nodiscard]] TestInputTopic<K, V> create_input_topic(const std::string& topic,
                                                        AnySerde<K> key_serde = detail::own_serde<K>(),
                                                        AnySerde<V> value_serde = detail::own_serde<V>()) {
    return {driver_, topic, std::move(key_serde), std::move(value_serde), driver_.now(), Millis(0)};
  }
  /// `start` and `auto_advance`: times of records that are piped in without a timestamp.
  template <class K, class V>
  [[nodiscard]] TestInputTopic<K, V> create_input_topic(const std::string& topic, AnySerde<K> key_serde,
                                                        AnySerde<V> value_serde, Timestamp start, Millis auto_advance) {
    return {driver_, topic, std::move(key_serde), std::move(value_serde), start, auto_advance};
  }
  template <class K, class V>
  [[nodiscard]] TestOutputTopic<K, V> create_output_topic(const std::string& topic,
                                                          AnySerde<K> key_serde = detail::own_serde<K>(),
                                                          AnySerde<V> value_serde = detail::own_serde<V>()) {
    return {driver_, topic, std::move(key_serde), std::move(value_serde)};
  }

  /// Moves the wall clock; a wall-clock punctuation that becomes due runs once, however often it would have been due.
  void advance_wall_clock_time(Millis by) { driver_.advance_wall_clock(by); }

  /// As stopping the application and starting it again: nodes are made anew, stores keep what they had (those in memory
  /// from their changelogs; without one they are empty). References to stores end here. (No counterpart in Java.)
  void restart() { driver_.restart(); }

  /// Stores by name, to look into and to prepare. Throws TopologyException if there is none or it has other types.
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
  [[nodiscard]] std::vector<std::string> get_all_state_store_names() const { return driver_.store_names(); }

  /// What a key-value, window or session store has, cache included, as bytes: keys as in its changelog, values as the
  /// store keeps them (timestamped ones with 8 bytes of time in front, those with headers as header_formats.hpp has
  /// it), in the order of its own walks.
  [[nodiscard]] std::vector<std::pair<std::string, std::string>> dump_state_store(const std::string& name) const {
    return driver_.dump(name);
  }

  /// Topics that were written to, internal ones included.
  [[nodiscard]] std::set<std::string> produced_topic_names() const { return driver_.produced_topics(); }

  /// Records that were skipped: late, null keys, failed and continued.
  [[nodiscard]] std::uint64_t dropped_records() const { return driver_.dropped_records(); }
  /// Those that were skipped for this reason.
  [[nodiscard]] std::uint64_t dropped_records(DropReason reason) const { return driver_.dropped_records(reason); }

  /// The metrics as they are now, as of Streams::metrics(); those of stream threads are absent. Samples follow the
  /// driver's wall clock. (Java: `metrics`.)
  [[nodiscard]] Metrics metrics() const { return driver_.metrics(); }

 private:
  template <class Store>
  [[nodiscard]] Store& typed(const std::string& name) {
    auto* store = dynamic_cast<Store*>(driver_.store(name));
    if (store == nullptr) {
      throw TopologyException("there is no state store '" + name + "' of the type that was asked for");
    }
    return *store;
  }

  detail::TestDriver driver_;
};

}  // namespace millrace
