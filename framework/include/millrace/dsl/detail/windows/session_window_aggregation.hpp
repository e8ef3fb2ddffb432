// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include "millrace/dsl/detail/windows/window_aggregation.hpp"
#include "millrace/dsl/session_windows.hpp"
#include "millrace/state/session_store.hpp"

namespace millrace::detail {

/// Session windows. A record is combined with all sessions of its key that are at most the gap away. The combined
/// session replaces them. (Kafka Streams: `KStreamSessionWindowAggregate`.)
///
/// A session has both ends inclusive: the times of its first and its last record. The result's timestamp is the
/// session's end. The result has no headers. One object per task; used by the task's thread.
template <class K, class VA>
class SessionWindowAggregation final : public WindowAggregation<K, VA> {
 public:
  /// Combines the aggregates of two sessions. nullopt stands for the initial aggregate of reduce.
  using Merger = std::function<std::optional<VA>(const K&, std::optional<VA>, VA)>;

  /// Copies the merger: each task has its own.
  SessionWindowAggregation(const SessionWindows& windows, WindowAggregationSettings<K> settings, Merger merger)
      : gap_(windows.inactivity_gap_ms()),
        grace_(windows.grace_ms()),
        settings_(std::move(settings)),
        merger_(std::move(merger)) {}

  void init(TaskContext& task, const NodeBase& node, Output<Windowed<K>, Change<VA>>& output) override {
    task_ = &task;
    node_ = &node;
    store_ = &typed_store<SessionStore<K, VA>>(task, node, settings_.store);
    const bool on_close = settings_.emit_on_close;
    task.keep_time(node, kept_time_name(settings_.store, "stream time"), stream_time_);
    if (on_close) close_.init(task, node, settings_.store);
    // With emission on close the results do not come from the cache, so the forwarder gets no store to listen to.
    forwarder_.init(task, output, on_close ? nullptr : store_, *settings_.send_old_values);
  }

  void process(const WindowInput<K>& input, RecordFold<K, VA>& fold) override {
    // A session that ends before the close time can no longer be extended.
    stream_time_ = std::max(stream_time_, input.timestamp);
    const Timestamp close_time = saturating_sub(saturating_sub(stream_time_, grace_), gap_);
    emit_before_expiry(input, close_time);
    add(input, fold, close_time);
    // At most once per emit interval, because the search reads the store of all keys.
    if (settings_.emit_on_close && close_.due(close_time)) {
      if (const auto closed = closed_sessions(close_time)) emit(input, close_time, *closed);
    }
  }

 private:
  // Adds one record: finds the near sessions, combines them, replaces them.
  void add(const WindowInput<K>& input, RecordFold<K, VA>& fold, Timestamp close_time) {
    const Window alone{input.timestamp, input.timestamp};
    Window session = alone;
    auto aggregate = fold.initial();
    // Copies: the sessions are needed after the iterator has ended.
    std::vector<KeyValue<Windowed<K>, VA>> near;
    // The iterator must end before the store is changed below.
    {
      auto found = store_->find_sessions(input.key, std::max<Timestamp>(0, saturating_sub(input.timestamp, gap_)),
                                         saturating_add(input.timestamp, gap_));
      while (auto entry = found.next()) near.push_back(std::move(*entry));
    }
    for (const auto& [key, value] : near) {
      // In the order of the iteration, as in Java.
      aggregate = merger_(input.key, std::move(aggregate), value);
      // The combined session reaches from the first to the last record of all of them.
      session = {std::min(session.start, key.window.start), std::max(session.end, key.window.end)};
    }
    if (session.end < close_time) {
      // The combined session is closed already. Nothing was changed yet.
      task_->record_dropped(*node_, DropReason::expired_window);
      return;
    }
    // A session that only consists of this record's time overwrites itself; there is nothing to delete.
    if (session != alone) {
      for (auto& [key, value] : near) {
        // Remove and announce each old session, because the combined one has other bounds and so another key.
        store_->remove(key);
        forward(std::move(key), std::nullopt, std::move(value));
      }
    }
    auto result = fold.next(input.key, std::move(aggregate));
    Windowed<K> key{input.key, session};
    store_->put(key, result ? &*result : nullptr);
    forward(std::move(key), std::move(result), std::nullopt);
  }

  // Emits an update, unless results are emitted on close only.
  void forward(Windowed<K> key, std::optional<VA> new_value, std::optional<VA> old_value) {
    if (settings_.emit_on_close) return;
    const Timestamp end = key.window.end;
    forwarder_.maybe_forward({std::move(key), {std::move(new_value), std::move(old_value)}, end, {}});
  }

  /// Sessions whose end is in [emitted_until, close_time), as session ends.
  [[nodiscard]] std::optional<WindowTimes> closed_sessions(Timestamp close_time) const {
    // A session that ends exactly at the close time can still be extended, so it is not closed.
    const WindowTimes ends{std::max<Timestamp>(0, close_.emitted_until()), saturating_sub(close_time, 1)};
    if (ends.from > ends.to) return std::nullopt;
    return ends;
  }

  /// See WindowStoreAggregation::emit_before_expiry.
  void emit_before_expiry(const WindowInput<K>& input, Timestamp close_time) {
    if (!settings_.emit_on_close || !close_.progressed(close_time)) return;
    const auto closed = closed_sessions(close_time);
    // Only if the put below would expire one of them. Otherwise the regular search finds it.
    if (closed && closed->from <= saturating_sub(input.timestamp, settings_.retention_ms)) {
      emit(input, close_time, *closed);
    }
  }

  // Copy first, so that no iterator is open while nodes downstream run.
  void emit(const WindowInput<K>& cause, Timestamp close_time, const WindowTimes& ends) {
    std::vector<KeyValue<Windowed<K>, VA>> closed;
    {
      auto found = store_->find_sessions(ends.from, ends.to);
      while (auto entry = found.next()) closed.push_back(std::move(*entry));
    }
    close_.emitted(close_time);
    for (auto& [key, value] : closed) {
      const Timestamp end = key.window.end;
      forwarder_.maybe_forward({std::move(key), {std::move(value), std::nullopt}, end, cause.headers});
    }
  }

  std::int64_t gap_;    // ms
  std::int64_t grace_;  // ms after a session's end plus gap
  WindowAggregationSettings<K> settings_;
  Merger merger_;
  TaskContext* task_ = nullptr;
  const NodeBase* node_ = nullptr;
  SessionStore<K, VA>* store_ = nullptr;  // owned by the task
  Timestamp stream_time_ = kNoTimestamp;  // of this task; starts again after a restart
  WindowClose close_;
  TableForwarder<Windowed<K>, VA> forwarder_;
};

}  // namespace millrace::detail
