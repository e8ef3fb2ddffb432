// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "millrace/common/detail/make.hpp"
#include "millrace/dsl/detail/tables/table_processor.hpp"
#include "millrace/dsl/detail/typed_store.hpp"
#include "millrace/state/session_store.hpp"
#include "millrace/state/window_store.hpp"

namespace millrace::detail {

/// Reads the aggregate of a window. Closed windows can be read until their retention is over.
template <class K, class V>
class WindowGetter final : public TableValueGetter<Windowed<K>, V> {
 public:
  explicit WindowGetter(std::string store) : name_(std::move(store)) {}
  void init(TaskContext& task, const NodeBase& node) override {
    store_ = &typed_store<TimestampedWindowStore<K, V>>(task, node, name_);
  }
  [[nodiscard]] std::optional<ValueAndTimestamp<V>> get(const Windowed<K>& key) override {
    return store_->fetch(key.key, key.window.start);
  }

 private:
  std::string name_;
  WindowStore<K, ValueAndTimestamp<V>>* store_ = nullptr;
};

/// Reads the aggregate of a session. Its timestamp is the session's end.
template <class K, class V>
class SessionGetter final : public TableValueGetter<Windowed<K>, V> {
 public:
  explicit SessionGetter(std::string store) : name_(std::move(store)) {}
  void init(TaskContext& task, const NodeBase& node) override {
    store_ = &typed_store<SessionStore<K, V>>(task, node, name_);
  }
  [[nodiscard]] std::optional<ValueAndTimestamp<V>> get(const Windowed<K>& key) override {
    auto found = store_->fetch_session(key.key, key.window.start, key.window.end);
    if (!found) return std::nullopt;
    return ValueAndTimestamp<V>{std::move(*found), key.window.end};
  }

 private:
  std::string name_;
  SessionStore<K, V>* store_ = nullptr;
};

/// The table that a windowed aggregation results in. A part of the build phase.
template <class K, class V>
class WindowedTable : public TableProcessor<Windowed<K>, V> {
 public:
  explicit WindowedTable(std::string store) : store_(std::move(store)) {}

  [[nodiscard]] std::vector<std::string> getter_stores() const override { return {store_}; }
  [[nodiscard]] bool versioned() const override { return versioned_; }
  /// Windows have no versions. But Kafka Streams calls a cogroup's table versioned if all its streams come from
  /// versioned tables.
  void set_versioned(bool versioned) { versioned_ = versioned; }
  /// Always possible, because a windowed table always has a store.
  bool enable_sending_old_values(bool /*force*/) override { return *send_old_values_ = true; }

  /// Shared with the operator's nodes.
  [[nodiscard]] std::shared_ptr<const bool> send_old_values() const { return send_old_values_; }

 protected:
  [[nodiscard]] const std::string& store() const { return store_; }

 private:
  std::string store_;
  bool versioned_ = false;
  std::shared_ptr<bool> send_old_values_ = detail::share<bool>(false);
};

/// A windowed table whose store is read by `Getter`.
template <class K, class V, class Getter>
class WindowedTableOf final : public WindowedTable<K, V> {
 public:
  using WindowedTable<K, V>::WindowedTable;

  [[nodiscard]] std::unique_ptr<TableValueGetter<Windowed<K>, V>> make_getter() const override {
    return make_as<TableValueGetter<Windowed<K>, V>, Getter>(this->store());
  }
};

}  // namespace millrace::detail
