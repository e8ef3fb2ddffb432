// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "millrace/common/detail/saturating.hpp"

#include "millrace/dsl/detail/joins/join_time.hpp"
#include "millrace/dsl/detail/joins/joiner.hpp"
#include "millrace/dsl/detail/typed_store.hpp"
#include "millrace/dsl/detail/types.hpp"
#include "millrace/dsl/join_windows.hpp"
#include "millrace/processor/detail/node.hpp"
#include "millrace/state/detail/outer_join_store.hpp"
#include "millrace/state/window_store.hpp"

namespace millrace::detail {

/// Passes a record to the join of its side, then stores it for later records of the other side. (Kafka Streams:
/// `KStreamJoinWindow`.)
template <class K, class V>
class JoinWindowNode final : public OperatorNode<K, V, K, V> {
 public:
  explicit JoinWindowNode(std::string store) : store_name_(std::move(store)) {}

  void init(TaskContext& task) override {
    NodeBase::init(task);
    // Owned by the task. Both the key and the value are plain types in the store, because nulls are never stored.
    store_ = &typed_store<WindowStore<NonNull<K>, NonNull<V>>>(task, *this, store_name_);
  }

  // Always returns nullptr: the record has been forwarded already.
  Output<K, V>* process(Record<K, V>& record) override {
    // Forward by reference: the join behind this node only reads the record, so the value can be stored afterwards.
    this->forward(record);
    // A record without a key takes part in a left or outer join, but can never match.
    if (is_null(record.key)) return nullptr;
    if constexpr (std::is_same_v<V, NonNull<V>>) {
      store_->put_one(non_null(record.key), &record.value, record.timestamp);
    } else {
      store_->put_one(non_null(record.key), record.value ? &*record.value : nullptr, record.timestamp);
    }
    return nullptr;
  }

 private:
  std::string store_name_;
  WindowStore<NonNull<K>, NonNull<V>>* store_ = nullptr;
};

/// The settings of a stream-stream join, except its joiner. Shared by both sides and all tasks; constant.
template <class K, class VL, class VR>
struct JoinSettings {
  // Times in ms. The store names are those of the topology.
  JoinWindows windows;
  std::string left_store;
  std::string right_store;
  std::string outer_store;  ///< empty: no unmatched record has to wait
  AnySerde<NonNull<K>> key_serde;
  AnySerde<NonNull<VL>> left_serde;
  AnySerde<NonNull<VR>> right_serde;
  std::shared_ptr<JoinTimes> times;
};

/// One side of a stream-stream join. It looks up matching records of the other side. It also emits unmatched records
/// whose windows have closed. (Kafka Streams: `KStreamKStreamJoin` and its two subclasses.)
///
/// The kind of join is a template argument, so that an inner join has no code for unmatched records. Each task has its
/// own node and so its own copy of the joiner.
template <bool IsLeft, bool LeftMayBeAbsent, bool RightMayBeAbsent, class K, class VL, class VR, class VOut,
          class Joiner>
class JoinNode final : public OperatorNode<K, std::conditional_t<IsLeft, VL, VR>, K, VOut> {
  using VThis = std::conditional_t<IsLeft, VL, VR>;
  using VOther = std::conditional_t<IsLeft, VR, VL>;
  using Key = NonNull<K>;
  using Left = NonNull<VL>;
  using Right = NonNull<VR>;
  // A left record without a match is emitted if the right side may be absent, and vice versa.
  static constexpr bool kEmitsUnmatched = IsLeft ? RightMayBeAbsent : LeftMayBeAbsent;
  // A left or an outer join. Records may then wait in the shared store.
  static constexpr bool kAnyOuter = LeftMayBeAbsent || RightMayBeAbsent;

 public:
  /// Copies the joiner: each task has its own.
  JoinNode(std::shared_ptr<const JoinSettings<K, VL, VR>> settings, const Joiner& joiner)
      : settings_(std::move(settings)),
        joiner_(joiner),
        key_serde_(settings_->key_serde),
        left_serde_(settings_->left_serde),
        right_serde_(settings_->right_serde) {}

  void init(TaskContext& task) override {
    NodeBase::init(task);
    key_serde_.prepare(task.serdes(), true);
    left_serde_.prepare(task.serdes(), false);
    right_serde_.prepare(task.serdes(), false);
    // The join reads only the other side's store. Its own side's store is written by the window node.
    other_ = &typed_store<WindowStore<Key, NonNull<VOther>>>(task, *this,
                                                             IsLeft ? settings_->right_store : settings_->left_store);
    if (!settings_->outer_store.empty()) {
      waiting_ = &typed_store<OuterJoinStore>(task, *this, settings_->outer_store);
    }
    time_ = settings_->times->of(task, *this, settings_->left_store, waiting_);
  }

  Output<K, VThis>* process(Record<K, VThis>& record) override {
    // Every record advances the time, also one that is dropped below.
    time_->advance(record.timestamp);
    if (is_null(record.key) || is_null(record.value)) {
      if constexpr (kEmitsUnmatched) {
        // A record without a key cannot match. If the other side may be absent, emit the record alone.
        if (!is_null(record.value)) {
          emit_unmatched(record);
          return nullptr;
        }
      }
      this->task().record_dropped(*this, is_null(record.value) ? DropReason::null_value : DropReason::null_key);
      return nullptr;
    }
    if constexpr (kAnyOuter) {
      // Only a record that is not late can have moved stream time, so only then can a window have closed.
      if (waiting_ != nullptr && record.timestamp == time_->stream_time) emit_closed(record);
    }

    // Window stores have no entries before time 0.
    const Timestamp from = std::max<Timestamp>(0, saturating_sub(record.timestamp, look_back()));
    // Both bounds are inclusive.
    const Timestamp to = std::max<Timestamp>(0, saturating_add(record.timestamp, look_ahead()));
    bool matched = false;
    other_->fetch_each(non_null(record.key), from, to, [&](Timestamp other_time, NonNull<VOther>&& other) {
      // The store's value is decoded for this call only.
      matched = true;
      emit_match(record, other_time, other);
      return true;
    });

    if constexpr (kEmitsUnmatched) {
      if (matched) return nullptr;
      // The window has closed already, or nothing waits (old-style JoinWindows): emit at once.
      if (waiting_ == nullptr || to < time_->stream_time) {
        emit_unmatched(record);
      } else {
        keep_waiting(record);
      }
    }
    return nullptr;
  }

 private:
  // How far before and after its own time a record of this side matches, in ms. For the right side the two are swapped.
  [[nodiscard]] std::int64_t look_back() const {
    return IsLeft ? settings_->windows.before_ms() : settings_->windows.after_ms();
  }
  [[nodiscard]] std::int64_t look_ahead() const {
    return IsLeft ? settings_->windows.after_ms() : settings_->windows.before_ms();
  }

  // Null for the absent side.
  VOut join(const K& key, const Left* left, const Right* right) {
    return call_joiner<LeftMayBeAbsent, RightMayBeAbsent>(joiner_, key, left, right);
  }

  void emit_match(const Record<K, VThis>& record, Timestamp other_time, const NonNull<VOther>& other) {
    if constexpr (kAnyOuter) {
      // The other record may wait as unmatched. It has a match now.
      if (waiting_ != nullptr) waiting_->remove(other_time, !IsLeft, encode_key(non_null(record.key)));
    }
    if constexpr (IsLeft) {
      emit(record, record.key, join(record.key, &non_null(record.value), &other),
           std::max(record.timestamp, other_time));
    } else {
      emit(record, record.key, join(record.key, &other, &non_null(record.value)),
           std::max(record.timestamp, other_time));
    }
  }

  void emit_unmatched(const Record<K, VThis>& record) {
    if constexpr (IsLeft) {
      emit(record, record.key, join(record.key, &non_null(record.value), nullptr), record.timestamp);
    } else {
      emit(record, record.key, join(record.key, nullptr, &non_null(record.value)), record.timestamp);
    }
  }

  // Not inline, because it is called from several places.
  // `cause`: the current record, whose headers the result gets, also if the result is of an older record.
  [[gnu::noinline]] void emit(const Record<K, VThis>& cause, const K& key, VOut value, Timestamp timestamp) {
    // Copies the key and the headers: one record can have many results.
    this->forward(Record<K, VOut>{key, std::move(value), timestamp, cause.headers});
  }

  // Stores an unmatched record until its window closes or a match comes.
  void keep_waiting(const Record<K, VThis>& record) {
    // The shared time must know of the record. Otherwise the search for closed windows would not start.
    time_->oldest_waiting = std::min(time_->oldest_waiting.value_or(record.timestamp), record.timestamp);
    value_buffer_.clear();
    bool written = false;
    if constexpr (IsLeft) {
      written = left_serde_.serialize(waiting_->name(), non_null(record.value), value_buffer_);
    } else {
      written = right_serde_.serialize(waiting_->name(), non_null(record.value), value_buffer_);
    }
    // A value that serializes to null cannot be told from an absent one, so it does not wait.
    if (written) waiting_->add(record.timestamp, IsLeft, encode_key(non_null(record.key)), value_buffer_);
  }

  // Not inline, so that the usual path through process() stays short.
  [[gnu::noinline]] void emit_closed(const Record<K, VThis>& cause) {
    take_closed(*waiting_, *time_, settings_->windows, look_ahead(), this->task(), [&](const auto& entry) {
      // All values of an entry have the same key, so decode the key once.
      const K key = key_serde_.deserialize(waiting_->name(), std::string_view(entry.key));
      for (const std::string& value : entry.values) emit_entry(cause, key, entry, value);
    });
  }

  // An entry can be of either side, because both sides search the shared store.
  void emit_entry(const Record<K, VThis>& cause, const K& key, const OuterJoinStore::Entry& entry,
                  const std::string& value) {
    if constexpr (RightMayBeAbsent) {
      if (entry.left) {
        const Left left = left_serde_.deserialize(waiting_->name(), std::string_view(value));
        emit(cause, key, join(key, &left, nullptr), entry.timestamp);
      }
    }
    if constexpr (LeftMayBeAbsent) {
      if (!entry.left) {
        const Right right = right_serde_.deserialize(waiting_->name(), std::string_view(value));
        emit(cause, key, join(key, nullptr, &right), entry.timestamp);
      }
    }
  }

  // Valid until the next call.
  std::string_view encode_key(const Key& key) {
    key_buffer_.clear();
    // A key that serializes to null becomes the empty key.
    if (!key_serde_.serialize(waiting_->name(), key, key_buffer_)) key_buffer_.clear();
    return key_buffer_;
  }

  std::shared_ptr<const JoinSettings<K, VL, VR>> settings_;
  Joiner joiner_;
  // The application's copies of the serdes in the settings.
  AnySerde<Key> key_serde_;
  AnySerde<Left> left_serde_;
  AnySerde<Right> right_serde_;
  WindowStore<Key, NonNull<VOther>>* other_ = nullptr;
  OuterJoinStore* waiting_ = nullptr;  // null: no unmatched record has to wait
  std::shared_ptr<JoinTime> time_;     // shared with the other side
  std::string key_buffer_;             // scratch space, to avoid an allocation per record
  std::string value_buffer_;           // likewise
};

}  // namespace millrace::detail
