// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "millrace/state/detail/typed_stores.hpp"
#include "millrace/state/versioned_key_value_store.hpp"

namespace millrace::detail {

/// A versioned store with types. It encodes keys and values and calls the byte store below, which it shares with the
/// engine. One thread. (Kafka Streams: `MeteredVersionedKeyValueStore`.)
template <class K, class V>
class TypedVersionedStore final : public VersionedKeyValueStore<K, V> {
 public:
  TypedVersionedStore(std::shared_ptr<VersionedBytesStore> bytes, StoreCodec<K, V> codec)
      : bytes_(std::move(bytes)), codec_(std::move(codec)) {}

  [[nodiscard]] const std::string& name() const override { return bytes_->name(); }
  [[nodiscard]] bool persistent() const override { return bytes_->persistent(); }
  void flush() override { bytes_->flush(); }

  VersionedPut put(const K& key, const V* value, Timestamp timestamp) override {
    return bytes_->put(codec_.key(key), value == nullptr ? std::nullopt : codec_.value(*value), timestamp);
  }

  // As in Java, a delete before the history retention returns nothing, but it is logged.
  std::optional<VersionedRecord<V>> remove(const K& key, Timestamp timestamp) override {
    const auto key_bytes = codec_.key(key);
    // Read first: after the put this version may be gone.
    auto before = decode(bytes_->get(key_bytes, timestamp));
    if (!bytes_->put(key_bytes, std::nullopt, timestamp).accepted) return std::nullopt;
    return before;
  }

  [[nodiscard]] std::optional<VersionedRecord<V>> get(const K& key) override {
    return decode(bytes_->get(codec_.key(key)));
  }
  [[nodiscard]] std::optional<VersionedRecord<V>> get(const K& key, Timestamp as_of) override {
    return decode(bytes_->get(codec_.key(key), as_of));
  }

 private:
  [[nodiscard]] std::optional<VersionedRecord<V>> decode(const std::optional<VersionedBytes>& found) const {
    if (!found) return std::nullopt;
    return VersionedRecord<V>{codec_.decode_value(found->value), found->timestamp, found->valid_to};
  }

  std::shared_ptr<VersionedBytesStore> bytes_;
  StoreCodec<K, V> codec_;
};

}  // namespace millrace::detail
