// SPDX-License-Identifier: Apache-2.0
#pragma once

// KTable::suppress. Included by ktable.hpp.

#include <string>

#include "millrace/dsl/detail/windows/suppress_nodes.hpp"
#include "millrace/dsl/ktable.hpp"

namespace millrace {

template <class K, class V>
KTable<K, V> KTable<K, V>::suppress(const Suppressed& suppressed) const {
  auto& graph = *position_.graph;
  const std::string name = suppressed.name().empty() ? graph.new_processor_name("KTABLE-SUPPRESS-") : suppressed.name();
  // Kafka Streams refuses this too: a suppressed table shows only the latest change of a key.
  if (processor_->versioned()) {
    throw TopologyException("'" + name + "': a versioned table, or one made from one, cannot be suppressed");
  }
  if (suppressed.window_closes() && !detail::IsWindowed<K>::value) {
    throw TopologyException("'" + name +
                            "' waits until windows close, but its table is not windowed: use until_time_limit");
  }
  // How long the buffer holds a change, in ms of stream time. Until a window closes: grace after the window's end.
  const std::int64_t wait_ms =
      suppressed.window_closes() ? detail::find_window_grace(*position_.node, name) : suppressed.limit().count();
  const std::string store_name =
      suppressed.name().empty() ? graph.new_store_name("KTABLE-SUPPRESS-") : suppressed.name() + "-store";
  const auto keys = detail::find_serde<K>(detail::NoSerde(), key_serde_);
  const auto values = detail::find_serde<V>(detail::NoSerde(), value_serde_);
  // The buffer keeps keys and values as bytes, so it needs both serdes, also without a changelog.
  if (!keys || !values) {
    throw TopologyException("'" + name + "' must log what it holds back, but " + detail::missing_serde(keys, values) +
                            ": give the table before it a Materialized with serdes");
  }
  // The table has no store of its own: a reader looks into the buffer, then into the table before.
  auto table = detail::share<detail::SuppressedTable<K, V>>(processor_, store_name);
  auto next =
      detail::add_operator(position_, name,
                           [store_name, suppressed, wait_ms] {
                             return detail::make_node<detail::SuppressNode<K, V>>(store_name, suppressed, wait_ms);
                           },
                           {}, {},
                           {detail::make_suppress_store<K, V>(store_name, suppressed.limits().logging,
                                                              suppressed.limits().log_config, *keys, *values)});
  return KTable<K, V>(std::move(next), key_serde_, value_serde_, std::string(), std::move(table));
}

}  // namespace millrace
