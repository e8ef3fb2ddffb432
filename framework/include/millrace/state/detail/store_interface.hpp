// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <typeinfo>

#include "millrace/state/aggregation_with_headers.hpp"
#include "millrace/state/value_timestamp_headers.hpp"
#include "millrace/state/windowed.hpp"

namespace millrace::detail {

/// How the stores of a value type are called in source code: `TimestampedKeyValueStore<K, V>` is short for
/// `KeyValueStore<K, ValueAndTimestamp<V>>`.
template <class V>
struct StoreAlias {
  using Value = V;
  static constexpr std::string_view kBefore = "", kAfter = "";
};
template <class V>
struct StoreAlias<ValueAndTimestamp<V>> {
  using Value = V;
  static constexpr std::string_view kBefore = "Timestamped", kAfter = "";
};
template <class V>
struct StoreAlias<ValueTimestampHeaders<V>> {
  using Value = V;
  static constexpr std::string_view kBefore = "Timestamped", kAfter = "WithHeaders";
};
template <class AGG>
struct StoreAlias<AggregationWithHeaders<AGG>> {
  using Value = AGG;
  static constexpr std::string_view kBefore = "", kAfter = "WithHeaders";
};

/// `name<key, value>`.
[[nodiscard]] std::string interface_text(std::string name, const std::type_info& key, const std::type_info& value);

/// A store's interface as in source code, such as `TimestampedKeyValueStore<std::string, long>`. `store`: the name of
/// the class template.
template <class K, class V>
[[nodiscard]] std::string store_interface(std::string_view store) {
  using Alias = StoreAlias<V>;
  return interface_text(std::string(Alias::kBefore).append(store).append(Alias::kAfter), typeid(K),
                        typeid(typename Alias::Value));
}

}  // namespace millrace::detail
