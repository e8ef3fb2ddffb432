// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "millrace/dsl/detail/foreign_key/formats.hpp"
#include "millrace/dsl/detail/joins/joiner.hpp"
#include "millrace/dsl/detail/tables/table_processor.hpp"
#include "millrace/dsl/detail/types.hpp"
#include "millrace/processor/detail/node.hpp"
#include "millrace/serde/primitives.hpp"

// The nodes of a foreign-key join of a left table L (K -> V) and a right table R (KO -> VO):
//
//     L -> subscribe -> [registration topic, by KO] -> receive (stores subscriptions) -> answer from R --+
//                                                                         R -> tell all subscribers -----+
//                                                                                                        |
//     result <- resolve (drops outdated responses) <- [response topic, by K] <---------------------------+
//
// A response carries the hash of the left value that asked for it. If the left value has changed since, the hashes
// differ and the response is dropped.

namespace millrace::detail {

using SubscriptionStore = TimestampedKeyValueStore<Bytes, Subscription>;

/// The names of the topics and of the store that the nodes of one join share, without the application's prefix.
struct ForeignJoinTopics {
  std::string registration;
  std::string response;
  std::string store;
};

/// The serialized value; empty if it serializes to null.
template <class T>
[[nodiscard]] std::string serialized(const AnySerde<T>& serde, std::string_view topic, const T& value) {
  std::string bytes;
  (void)serde.serialize(topic, value, bytes);
  return bytes;
}

/// Tells the right side which of its rows a left row refers to. If a left row's foreign key changes, it ends the old
/// subscription and makes a new one. (Kafka Streams: `SubscriptionSendProcessorSupplier`.)
template <bool LeftJoin, class K, class V, class KO, class E>
class SubscribeNode final : public OperatorNode<K, Change<V>, std::optional<KO>, Subscription> {
 public:
  /// `versioned`: the left table is versioned, so changes of older versions must not change subscriptions.
  SubscribeNode(E foreign_key, bool versioned, ForeignJoinTopics topics, AnySerde<K> keys, AnySerde<V> values,
                AnySerde<KO> foreign_keys)
      : foreign_key_(std::move(foreign_key)),
        versioned_(versioned),
        topics_(std::move(topics)),
        keys_(std::move(keys)),
        values_(std::move(values)),
        foreign_keys_(std::move(foreign_keys)) {}

  void init(TaskContext& task) override {
    NodeBase::init(task);
    keys_.prepare(task.serdes(), true);
    values_.prepare(task.serdes(), false);
    foreign_keys_.prepare(task.serdes(), true);
    // Serdes get these names as their topics, as in Kafka Streams.
    const std::string topic = task.topic_name(topics_.registration);
    key_topic_ = topic + "-pk";
    foreign_key_topic_ = topic + "-fk";
    hash_topic_ = topic + "-vh";
  }

  Output<K, Change<V>>* process(Record<K, Change<V>>& record) override {
    using enum SubscriptionInstruction;
    const Change<V>& change = record.value;
    if (versioned_ && !change.is_latest) {
      this->task().record_dropped(*this, DropReason::older_version);
      return nullptr;
    }
    // A tombstone for a row that never existed.
    if (!change.old_value && !change.new_value) return nullptr;
    // The table sends old values: join_foreign() has asked for them.
    const auto before = extract(record.key, change.old_value);
    const auto now = extract(record.key, change.new_value);
    if constexpr (LeftJoin) {
      // Left join: the response to the new subscription gives the result, so the deletion needs no response.
      if (before && changed(before, now)) send(record, before, delete_no_propagate);
      // Sent even without a foreign key: the response then makes the result with no right value.
      send(record, now, propagate_null_if_no_value);
    } else if (!now) {
      // A row without a foreign key has no result in an inner join.
      if (change.new_value) this->task().record_dropped(*this, DropReason::null_foreign_key);
      if (before) send(record, before, delete_and_propagate);
    } else if (before && changed(before, now)) {
      // The response to the new subscription replaces the old result, so the deletion needs none.
      send(record, before, delete_no_propagate);
      send(record, now, propagate_null_if_no_value);
    } else {
      // The foreign key is new or unchanged. Without a right row there is no result, and there was none before.
      send(record, now, propagate_only_if_value);
    }
    return nullptr;
  }

 private:
  std::optional<KO> extract(const K& key, const std::optional<V>& value) {
    if (!value) return std::nullopt;
    return std::optional<KO>(call(foreign_key_, key, *value));
  }
  // Compares the bytes, because foreign keys need not have ==.
  [[nodiscard]] bool changed(const std::optional<KO>& before, const std::optional<KO>& now) const {
    if (!before || !now) return before.has_value() != now.has_value();
    return serialized(foreign_keys_, foreign_key_topic_, *before) !=
           serialized(foreign_keys_, foreign_key_topic_, *now);
  }
  // The partition tells the right side where to send the response, also if the left table has its own partitioner.
  void send(const Record<K, Change<V>>& record, const std::optional<KO>& foreign_key,
            SubscriptionInstruction instruction) {
    Subscription subscription;
    // Without a hash: the row is deleted.
    if (record.value.new_value)
      subscription.hash = hash_value(serialized(values_, hash_topic_, *record.value.new_value));
    subscription.instruction = instruction;
    subscription.primary_key = serialized(keys_, key_topic_, record.key);
    subscription.primary_partition = this->task().current_record().origin->partition;
    this->forward(Record<std::optional<KO>, Subscription>{foreign_key, std::move(subscription), record.timestamp,
                                                          record.headers});
  }

  E foreign_key_;
  bool versioned_;
  ForeignJoinTopics topics_;
  AnySerde<K> keys_;
  AnySerde<V> values_;
  AnySerde<KO> foreign_keys_;
  std::string key_topic_;          // the topic name that the primary key's serde gets
  std::string foreign_key_topic_;  // likewise for foreign keys
  std::string hash_topic_;         // likewise for the values that are hashed
};

/// Stores or removes a subscription, and passes it on. Runs in the task of the right table's partition. (Kafka Streams:
/// `SubscriptionReceiveProcessorSupplier`.)
template <class KO>
class ReceiveSubscriptionNode final
    : public OperatorNode<std::optional<KO>, Subscription, std::optional<KO>, Subscription> {
 public:
  ReceiveSubscriptionNode(ForeignJoinTopics topics, AnySerde<KO> foreign_keys)
      : topics_(std::move(topics)), foreign_keys_(std::move(foreign_keys)) {}

  void init(TaskContext& task) override {
    NodeBase::init(task);
    foreign_keys_.prepare(task.serdes(), true);
    // Owned by the task. TellSubscribersNode of the same task reads it.
    store_ = &typed_store<SubscriptionStore>(task, *this, topics_.store);
    foreign_key_topic_ = task.topic_name(topics_.registration) + "-fk";
  }

  Output<std::optional<KO>, Subscription>* process(Record<std::optional<KO>, Subscription>& record) override {
    using enum SubscriptionInstruction;
    const auto instruction = record.value.instruction;
    // Without a foreign key there is nothing to subscribe to. In a left join the left row still needs an answer.
    if (!record.key) {
      if (instruction != propagate_null_if_no_value) {
        this->task().record_dropped(*this, DropReason::null_foreign_key);
        return nullptr;
      }
    } else {
      const Bytes key(
          combined_key(serialized(foreign_keys_, foreign_key_topic_, *record.key), record.value.primary_key));
      if (instruction == delete_and_propagate || instruction == delete_no_propagate) {
        store_->remove(key);
      } else {
        // A newer subscription of the same left row replaces the older one, with its hash.
        store_->put(key, {record.value, record.timestamp});
      }
    }
    return &this->output();
  }

 private:
  ForeignJoinTopics topics_;
  AnySerde<KO> foreign_keys_;
  std::string foreign_key_topic_;
  SubscriptionStore* store_ = nullptr;
};

/// Answers a subscription with the right table's present value, unless the instruction forbids it. (Kafka Streams:
/// `SubscriptionJoinProcessorSupplier`.)
template <class K, class KO, class VO>
class AnswerSubscriptionNode final : public OperatorNode<std::optional<KO>, Subscription, K, ForeignResponse<VO>> {
 public:
  AnswerSubscriptionNode(std::unique_ptr<TableValueGetter<KO, VO>> table, ForeignJoinTopics topics, AnySerde<K> keys)
      : table_(std::move(table)), topics_(std::move(topics)), keys_(std::move(keys)) {}

  void init(TaskContext& task) override {
    NodeBase::init(task);
    table_->init(task, *this);
    keys_.prepare(task.serdes(), true);
    key_topic_ = task.topic_name(topics_.registration) + "-pk";
  }

  Output<std::optional<KO>, Subscription>* process(Record<std::optional<KO>, Subscription>& record) override {
    using enum SubscriptionInstruction;
    const Subscription& subscription = record.value;
    std::optional<ValueAndTimestamp<VO>> found;
    // Kafka Streams reads the row for every instruction, also if it sends no answer.
    if (record.key) found = table_->get(*record.key);
    if (subscription.instruction == delete_no_propagate) return nullptr;
    if (subscription.instruction == propagate_only_if_value && !found) return nullptr;

    // The hash goes back to the left side, and the partition says where the left row is.
    ForeignResponse<VO> response{subscription.hash, std::nullopt, subscription.primary_partition};
    Timestamp timestamp = record.timestamp;
    if (found) {
      // The result of a join has the larger one of the two timestamps.
      timestamp = std::max(timestamp, found->timestamp);
      if (subscription.instruction != delete_and_propagate) response.value = std::move(found->value);
    }
    this->forward_lent(record.headers, Record<K, ForeignResponse<VO>>{
                                           keys_.deserialize(key_topic_, std::string_view(subscription.primary_key)),
                                           std::move(response), timestamp, std::move(record.headers)});
    return nullptr;
  }

 private:
  std::unique_ptr<TableValueGetter<KO, VO>> table_;
  ForeignJoinTopics topics_;
  AnySerde<K> keys_;
  std::string key_topic_;
};

/// Tells all subscribers of a right row about its change: one response per subscription. (Kafka Streams:
/// `ForeignTableJoinProcessorSupplier`.)
template <class K, class KO, class VO>
class TellSubscribersNode final : public OperatorNode<KO, Change<VO>, K, ForeignResponse<VO>> {
 public:
  TellSubscribersNode(bool versioned, ForeignJoinTopics topics, AnySerde<K> keys, AnySerde<KO> foreign_keys)
      : versioned_(versioned),
        topics_(std::move(topics)),
        keys_(std::move(keys)),
        foreign_keys_(std::move(foreign_keys)) {}

  void init(TaskContext& task) override {
    NodeBase::init(task);
    keys_.prepare(task.serdes(), true);
    foreign_keys_.prepare(task.serdes(), true);
    store_ = &typed_store<SubscriptionStore>(task, *this, topics_.store);
    const std::string topic = task.topic_name(topics_.registration);
    key_topic_ = topic + "-pk";
    foreign_key_topic_ = topic + "-fk";
  }

  Output<KO, Change<VO>>* process(Record<KO, Change<VO>>& record) override {
    if (versioned_ && !record.value.is_latest) {
      this->task().record_dropped(*this, DropReason::older_version);
      return nullptr;
    }
    // All subscriptions to this row have keys with this prefix.
    const Bytes prefix(combined_key(serialized(foreign_keys_, foreign_key_topic_, record.key), {}));
    for (const auto& entry : store_->range(prefix, Bytes(after_prefix(prefix.str())))) {
      // The range is inclusive, so it can contain the first key after the prefix.
      if (!entry.key.view().starts_with(prefix.view())) continue;
      const Subscription& subscription = entry.value.value;
      this->forward(
          Record<K, ForeignResponse<VO>>{keys_.deserialize(key_topic_, primary_key_of(entry.key.view())),
                                         {subscription.hash, record.value.new_value, subscription.primary_partition},
                                         record.timestamp,
                                         record.headers});
    }
    return nullptr;
  }

 private:
  bool versioned_;
  ForeignJoinTopics topics_;
  AnySerde<K> keys_;
  AnySerde<KO> foreign_keys_;
  std::string key_topic_;
  std::string foreign_key_topic_;
  SubscriptionStore* store_ = nullptr;
};

/// Joins each response with the left row that asked for it. Runs in the task of the left table's partition. (Kafka
/// Streams: `ResponseJoinProcessorSupplier`.)
template <bool LeftJoin, class K, class V, class VO, class VOut, class F>
class ResolveResponseNode final : public OperatorNode<K, ForeignResponse<VO>, K, std::optional<VOut>> {
 public:
  /// `table` reads the left table. The nodes of all tasks have their own joiner.
  ResolveResponseNode(F joiner, std::unique_ptr<TableValueGetter<K, V>> table, ForeignJoinTopics topics,
                      AnySerde<V> values)
      : joiner_(std::move(joiner)), table_(std::move(table)), topics_(std::move(topics)), values_(std::move(values)) {}

  void init(TaskContext& task) override {
    NodeBase::init(task);
    table_->init(task, *this);
    values_.prepare(task.serdes(), false);
    hash_topic_ = task.topic_name(topics_.registration) + "-vh";
  }

  Output<K, ForeignResponse<VO>>* process(Record<K, ForeignResponse<VO>>& record) override {
    const auto current = table_->get(record.key);
    std::optional<ValueHash> hash;
    // The same bytes that the subscription's hash was made of: same serde, same topic name.
    if (current) hash = hash_value(serialized(values_, hash_topic_, current->value));
    if (hash != record.value.hash) {
      this->task().record_dropped(*this, DropReason::outdated_response);
      return nullptr;
    }
    // nullopt deletes the result's row: the left row is gone, or an inner join has lost its right row.
    std::optional<VOut> result;
    const auto& foreign = record.value.value;
    if (current && (LeftJoin || foreign)) {
      result = std::optional<VOut>(
          call_joiner<false, LeftJoin>(joiner_, record.key, &current->value, foreign ? &*foreign : nullptr));
    }
    this->forward(Record<K, std::optional<VOut>>{std::move(record.key), std::move(result), record.timestamp,
                                                 std::move(record.headers)});
    return nullptr;
  }

 private:
  F joiner_;
  std::unique_ptr<TableValueGetter<K, V>> table_;
  ForeignJoinTopics topics_;
  AnySerde<V> values_;
  std::string hash_topic_;
};

}  // namespace millrace::detail
