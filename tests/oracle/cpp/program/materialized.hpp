// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "oracle/cpp/program/program.hpp"

namespace oracle::program {

/// `"materialized": {...}` of an operator whose store has keys K and values V.
template <class K, class V>
[[nodiscard]] auto materialized(const Json& settings, Type key, Type value) {
  using millrace::Materialized;
  using millrace::Millis;
  const auto store = settings.value("store", std::string());
  auto how = (settings.contains("versioned")
                  ? Materialized::as_versioned(store, Millis(settings.at("versioned").get<std::int64_t>()))
              : store.empty() ? Materialized()
                              : Materialized::as(store))
                 .with_key_serde(serde_of<K>(key))
                 .with_value_serde(serde_of<V>(value));
  if (settings.contains("in_memory")) {
    how = how.with_store_type(settings.at("in_memory") ? millrace::StoreMedium::in_memory
                                                       : millrace::StoreMedium::rocksdb);
  }
  if (settings.contains("retention")) how = how.with_retention(Millis(settings.at("retention").get<std::int64_t>()));
  if (!settings.value("logging", true)) how = how.with_logging_disabled();
  if (settings.contains("caching")) {
    how = settings.at("caching") ? how.with_caching_enabled() : how.with_caching_disabled();
  }
  return how;
}

/// Calls `use` with the operator's Materialized, or without arguments if there is none.
template <class K, class V, class Use>
void with_materialized(const Json& op, Type key, Type value, Use use) {
  if (op.contains("materialized")) {
    use(materialized<K, V>(op.at("materialized"), key, value));
  } else {
    use();
  }
}

}  // namespace oracle::program
