// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "millrace/common/detail/saturating.hpp"

#include "millrace/dsl/detail/tables/table_processor.hpp"
#include "millrace/dsl/detail/windows/window_close.hpp"
#include "millrace/processor/detail/kept_time.hpp"
#include "millrace/processor/detail/node.hpp"
#include "millrace/serde/serde.hpp"
#include "millrace/state/window_store.hpp"

namespace millrace::detail {

/// The aggregation step for the current record. Hides the type of the record's value from the aggregation.
template <class K, class VA>
class RecordFold {
 public:
  virtual ~RecordFold() = default;
  /// The aggregate before the first record; nullopt: the first value becomes the aggregate.
  [[nodiscard]] virtual std::optional<VA> initial() = 0;
  /// The aggregate with the current record added; nullopt deletes it.
  [[nodiscard]] virtual std::optional<VA> next(const K& key, std::optional<VA> aggregate) = 0;
};

/// The current record as a windowed aggregation sees it, without its value. The references are valid during the call.
template <class K>
struct WindowInput {
  const K& key;
  Timestamp timestamp;
  const Headers& headers;
};

/// A windowed aggregation of records with key K into aggregates VA. It does not know the type of the values. So one
/// object serves all streams of a cogroup, and the compiler instantiates each kind of window once per K and VA.
template <class K, class VA>
class WindowAggregation {
 public:
  virtual ~WindowAggregation() = default;

  /// Called by the node's init(). `output` gets the results; all three outlive this object.
  virtual void init(TaskContext& task, const NodeBase& node, Output<Windowed<K>, Change<VA>>& output) = 0;
  /// Adds a record. REQUIRES: its key is not null.
  virtual void process(const WindowInput<K>& input, RecordFold<K, VA>& fold) = 0;
};

/// The settings of a windowed aggregation, except its windows. Copied into each task's aggregation.
template <class K>
struct WindowAggregationSettings {
  std::string store;
  bool emit_on_close = false;                   ///< results are emitted when a window closes, not at each update
  std::int64_t retention_ms = 0;                ///< of the store
  std::shared_ptr<const bool> send_old_values;  ///< shared with the table; set when the topology is written
  AnySerde<K> key_serde;
};

/// Aggregations in window stores: fixed and sliding windows. (Kafka Streams:
/// `AbstractKStreamTimeWindowAggregateProcessor`.)
///
/// With on_window_close, Kafka Streams first updates the new record's windows and then searches for closed windows. If
/// stream time jumps by more than the store's retention, the update expires these windows and their results are lost.
/// This class emits them before the update.
template <class K, class VA>
class WindowStoreAggregation : public WindowAggregation<K, VA> {
 public:
  explicit WindowStoreAggregation(WindowAggregationSettings<K> settings) : settings_(std::move(settings)) {}

  void init(TaskContext& task, const NodeBase& node, Output<Windowed<K>, Change<VA>>& output) override {
    task_ = &task;
    settings_.key_serde.prepare(task.serdes(), true);
    node_ = &node;
    store_ = &typed_store<TimestampedWindowStore<K, VA>>(task, node, settings_.store);
    const bool on_close = settings_.emit_on_close;
    task.keep_time(node, kept_time_name(settings_.store, "stream time"), stream_time_);
    if (on_close) close_.init(task, node, settings_.store);
    // With emission on close the results do not come from the cache, so the forwarder gets no store to listen to.
    forwarder_.init(task, output, on_close ? nullptr : store_, *settings_.send_old_values);
  }

 protected:
  using Stored = std::optional<ValueAndTimestamp<VA>>;

  /// The windows, as window starts, that are closed at `close_time` and not yet emitted. nullopt: there can be none.
  [[nodiscard]] virtual std::optional<WindowTimes> closed_windows(Timestamp close_time) const = 0;
  /// The window that starts at `start`. The store keeps only starts.
  [[nodiscard]] virtual Window window(Timestamp start) const = 0;

  [[nodiscard]] WindowStore<K, ValueAndTimestamp<VA>>& store() { return *store_; }
  [[nodiscard]] const WindowClose& close() const { return close_; }

  /// Advances stream time. Returns the close time: windows that end before it are closed.
  [[nodiscard]] Timestamp advance(Timestamp timestamp, std::int64_t grace_ms) {
    stream_time_ = std::max(stream_time_, timestamp);
    return saturating_sub(stream_time_, grace_ms);
  }

  void dropped_as_late() { task_->record_dropped(*node_, DropReason::expired_window); }

  /// The content of a window before its first record; nullopt: the first value becomes the aggregate.
  [[nodiscard]] static Stored first(const WindowInput<K>& input, RecordFold<K, VA>& fold) {
    auto initial = fold.initial();
    if (!initial) return std::nullopt;
    return ValueAndTimestamp<VA>{std::move(*initial), input.timestamp};
  }

  // Writes a window's aggregate; nullopt deletes the window.
  void put(const WindowInput<K>& input, const std::optional<VA>& value, Timestamp timestamp, const Window& window) {
    if (value) {
      const ValueAndTimestamp<VA> stored{*value, timestamp};
      store_->put_one(input.key, &stored, window.start);
    } else {
      store_->put_one(input.key, nullptr, window.start);
    }
  }

  // Emits an update, unless results are emitted on close only.
  void forward_update(const WindowInput<K>& input, const Window& window, std::optional<VA> new_value,
                      std::optional<VA> old_value, Timestamp timestamp) {
    if (settings_.emit_on_close) return;
    forwarder_.maybe_forward(
        {{input.key, window}, {std::move(new_value), std::move(old_value)}, timestamp, input.headers});
  }

  /// Adds the record to a window. `earlier`: the window's present content.
  void update(const WindowInput<K>& input, RecordFold<K, VA>& fold, const Window& window, Stored earlier) {
    Timestamp timestamp = input.timestamp;
    std::optional<VA> old_value;
    if (earlier) {
      // As in Kafka Streams, an aggregate's timestamp never goes back.
      timestamp = std::max(timestamp, earlier->timestamp);
      old_value = std::move(earlier->value);
    }
    // Copy the old value before the user function may move from it.
    std::optional<VA> kept_old;
    if (*settings_.send_old_values) kept_old = old_value;
    std::optional<VA> new_value = fold.next(input.key, std::move(old_value));
    put(input, new_value, timestamp, window);
    forward_update(input, window, std::move(new_value), std::move(kept_old), timestamp);
  }

  /// Call before the first put of a record. Emits closed windows that the put would expire. `newest`: the start of the
  /// record's latest window.
  void emit_before_expiry(const WindowInput<K>& input, Timestamp close_time, Timestamp newest) {
    if (!settings_.emit_on_close || !close_.progressed(close_time)) return;
    const auto closed = closed_windows(close_time);
    if (closed && closed->from <= saturating_sub(newest, settings_.retention_ms)) emit(input, close_time, *closed);
  }

  /// Call after the record's updates. Emits the windows that have closed.
  void emit_closed(const WindowInput<K>& input, Timestamp close_time) {
    if (!settings_.emit_on_close || !close_.due(close_time)) return;
    if (const auto closed = closed_windows(close_time)) emit(input, close_time, *closed);
  }

 private:
  // A copied window. Nodes downstream may write to the store while the results are emitted.
  struct Closed {
    std::string key_bytes;
    Windowed<K> key;
    ValueAndTimestamp<VA> value;
  };

  /// Emits windows in Kafka Streams' order: by start, then by the bytes of the key.
  void emit(const WindowInput<K>& cause, Timestamp close_time, const WindowTimes& times) {
    std::vector<Closed> closed;
    // All keys. Windows of one key would not be enough, because any key may have a closed window.
    auto entries = store_->fetch_all(times.from, times.to);
    while (auto entry = entries.next()) {
      Closed& one = closed.emplace_back(Closed{{}, std::move(entry->key), std::move(entry->value)});
      one.key.window = window(one.key.window.start);
      (void)settings_.key_serde.serialize(settings_.store, one.key.key, one.key_bytes);
    }
    std::ranges::sort(closed, [](const Closed& a, const Closed& b) {
      if (a.key.window.start != b.key.window.start) return a.key.window.start < b.key.window.start;
      return a.key_bytes < b.key_bytes;
    });
    // Before forwarding. If a node downstream throws, this time is not committed either.
    close_.emitted(close_time);
    for (Closed& one : closed) {
      forwarder_.maybe_forward(
          {std::move(one.key), {std::move(one.value.value), std::nullopt}, one.value.timestamp, cause.headers});
    }
  }

  // Set once. The pointers below are set by init() and outlive this object.
  WindowAggregationSettings<K> settings_;
  TaskContext* task_ = nullptr;
  const NodeBase* node_ = nullptr;
  WindowStore<K, ValueAndTimestamp<VA>>* store_ = nullptr;  // owned by the task
  Timestamp stream_time_ = kNoTimestamp;                    // of this task; starts again after a restart
  WindowClose close_;
  TableForwarder<Windowed<K>, VA> forwarder_;
};

}  // namespace millrace::detail
