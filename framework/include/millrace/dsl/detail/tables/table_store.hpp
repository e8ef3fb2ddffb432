// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "millrace/dsl/detail/typed_store.hpp"
#include "millrace/dsl/detail/types.hpp"
#include "millrace/dsl/materialized.hpp"
#include "millrace/state/key_value_store.hpp"
#include "millrace/state/stores.hpp"
#include "millrace/state/versioned_key_value_store.hpp"

namespace millrace::detail {

/// A table's store, either timestamped or versioned. Does not own the store. Both kinds have the same interface here,
/// so operators need not know which one the user has chosen. (Kafka Streams: `KeyValueStoreWrapper`.)
template <class K, class V>
class TableStore {
 public:
  /// Looks up the store. `node` must be connected to it. Not called if the table has no store.
  void init(TaskContext& task, const NodeBase& node, const std::string& name) {
    store_ = &task.store(node, name);
    // Throws std::bad_cast for any other store.
    timestamped_ = dynamic_cast<TimestampedKeyValueStore<K, V>*>(store_);
    if (timestamped_ == nullptr) versioned_ = &dynamic_cast<VersionedKeyValueStore<K, V>&>(*store_);
  }

  /// True if the table has a store.
  [[nodiscard]] explicit operator bool() const { return store_ != nullptr; }
  [[nodiscard]] StateStore* store() const { return store_; }
  [[nodiscard]] bool is_versioned() const { return versioned_ != nullptr; }

  [[nodiscard]] std::optional<ValueAndTimestamp<V>> get(const K& key) {
    if (timestamped_ != nullptr) return timestamped_->get(key);
    return without_end(versioned_->get(key));
  }
  /// As of a time, if the store is versioned; otherwise the latest value.
  [[nodiscard]] std::optional<ValueAndTimestamp<V>> get(const K& key, Timestamp as_of) {
    if (timestamped_ != nullptr) return timestamped_->get(key);
    return without_end(versioned_->get(key, as_of));
  }
  // The latest value without its timestamp.
  [[nodiscard]] std::optional<V> value(const K& key) {
    auto found = get(key);
    if (!found) return std::nullopt;
    return std::move(found->value);
  }

  /// The outcome of a put.
  struct Put {
    bool stored = true;     ///< false: older than the store's history; the update must not be forwarded
    bool is_latest = true;  ///< false: the store has a newer version already
  };

  /// Inserts or overwrites; nullopt deletes.
  Put put(const K& key, const std::optional<V>& value, Timestamp timestamp) {
    if (timestamped_ != nullptr) {
      if (value) {
        timestamped_->put(key, ValueAndTimestamp<V>{*value, timestamp});
      } else {
        timestamped_->put_one(key, nullptr);
      }
      return {};
    }
    const VersionedPut result = versioned_->put(key, value ? &*value : nullptr, timestamp);
    // A version with an end is not the latest one.
    return {result.accepted, !result.valid_to.has_value()};
  }

 private:
  static std::optional<ValueAndTimestamp<V>> without_end(std::optional<VersionedRecord<V>> record) {
    if (!record) return std::nullopt;
    return ValueAndTimestamp<V>{std::move(record->value), record->timestamp};
  }

  StateStore* store_ = nullptr;
  TimestampedKeyValueStore<K, V>* timestamped_ = nullptr;
  VersionedKeyValueStore<K, V>* versioned_ = nullptr;
};

/// Makes the builder of the store that `options` describe. Not inline and cold: it runs once, in the build phase.
template <class K, class V>
[[nodiscard, gnu::cold]] std::shared_ptr<const StoreBuilder> make_table_store(const std::string& name,
                                                                              const MaterializedOptions& options,
                                                                              const AnySerde<K>& keys,
                                                                              const AnySerde<V>& values) {
  StoreBuilder builder = options.history_retention
                             ? Stores::persistent_versioned_key_value_store<K, V>(
                                   name, *options.history_retention, options.segment_interval, keys, values)
                             : Stores::timestamped_key_value_store<K, V>(
                                   name, options.medium.value_or(StoreMedium::rocksdb), keys, values);
  StoreSpec& spec = definition_of(builder).spec;
  spec.default_medium = !options.medium.has_value();
  // dsl.store.format applies to this store. Versioned stores have one format only.
  spec.dsl_format = !options.history_retention;
  spec.logging = options.logging;
  spec.log_config = options.log_config;
  // As in Kafka Streams, versioned stores have no cache: it would collapse versions.
  spec.caching = options.caching && !options.history_retention;
  return detail::shared_store(std::move(builder));
}

/// As choose_serde(), but returns an empty serde instead of failing. For stores that may not be needed.
template <class T, class S = NoSerde>
[[nodiscard]] CarriedSerde<T> find_serde(const S& given, const CarriedSerde<T>& inherited) {
  if constexpr (!std::is_same_v<S, NoSerde>) {
    return choose_serde<T>(given);
  } else {
    if (inherited) return inherited;
    if constexpr (HasSerde<T>) {
      return AnySerde<T>();
    } else {
      return {};
    }
  }
}

/// As make_table_store(), but returns nullptr if a serde is missing. The error comes later, if the store is needed.
template <class K, class V>
[[nodiscard]] std::shared_ptr<const StoreBuilder> find_table_store(const std::string& name,
                                                                   const MaterializedOptions& options,
                                                                   const CarriedSerde<K>& keys,
                                                                   const CarriedSerde<V>& values) {
  if (!keys || !values) return nullptr;
  return make_table_store<K, V>(name, options, *keys, *values);
}

}  // namespace millrace::detail
