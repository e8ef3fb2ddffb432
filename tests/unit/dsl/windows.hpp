// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "unit/dsl/timeline.hpp"

namespace millrace::test {

/// Makes `key[start,end)` the key of a text stream, so that a Timeline can show windowed tables.
template <class V>
void show(const KTable<Windowed<S>, V>& table, const S& topic) {
  table
      .to_stream([](const Windowed<S>& key, const std::optional<V>&) {
        return key.key + "[" + std::to_string(key.window.start) + "," + std::to_string(key.window.end) + ")";
      })
      .map_values([](const std::optional<V>& value) {
        if constexpr (std::is_same_v<V, S>) {
          return value;
        } else {
          return value ? N(std::to_string(*value)) : N();
        }
      })
      .to(topic);
}

/// Groups `in` by key, aggregates it with `aggregate` into a windowed table, and writes the table to `out`.
template <class F>
[[nodiscard]] Topology windowed(F aggregate) {
  StreamsBuilder builder;
  show(aggregate(builder.stream<N, N>("in").group_by_key()), "out");
  return builder.build();
}

/// A timeline with caches. Only the last update of each key that an input record causes is emitted.
[[nodiscard]] inline Timeline cached(Topology topology) {
  return Timeline(std::move(topology), StreamsConfig().set("statestore.cache.max.bytes", "1000000"));
}

}  // namespace millrace::test
