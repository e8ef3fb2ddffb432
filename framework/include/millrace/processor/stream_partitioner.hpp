// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <type_traits>
#include <utility>

#include "millrace/common/detail/is_empty.hpp"
#include "millrace/common/headers.hpp"

namespace millrace {

/// User code that chooses the partitions of a record that goes to a sink. (Kafka Streams: `StreamPartitioner`.)
///
/// Made from a function that is called as f(topic, key, value, number_of_partitions) or f(topic, key, value, headers,
/// number_of_partitions). The function returns std::optional<std::set<std::int32_t>>:
///
/// nullopt             the producer chooses the partition
/// an empty set        the record is dropped and counted
/// several partitions  the record is written to each of them
///
/// `headers` are those of the record. If the function throws, the node before the sink has failed. Each task has its
/// own copy of the function.
template <class K, class V>
class StreamPartitioner {
 public:
  using Partitions = std::optional<std::set<std::int32_t>>;

  /// No partitioner: the producer chooses.
  StreamPartitioner() = default;
  StreamPartitioner(std::nullptr_t /*none*/) {}  // NOLINT(google-explicit-constructor)
  template <class F>
  requires(std::is_invocable_r_v<Partitions, F&, const std::string&, const K&, const V&, const Headers&, std::int32_t>)
      StreamPartitioner(F function) {  // NOLINT(google-explicit-constructor): a function is meant to convert
    if (!detail::is_empty(function)) choose_ = std::move(function);
  }
  template <class F>
  requires(!std::is_invocable_v<F&, const std::string&, const K&, const V&, const Headers&, std::int32_t> &&
           std::is_invocable_r_v<Partitions, F&, const std::string&, const K&, const V&, std::int32_t>)
      StreamPartitioner(F function) {  // NOLINT(google-explicit-constructor)
    if (detail::is_empty(function)) return;
    choose_ = [function = std::move(function)](
                  const std::string& topic, const K& key, const V& value, const Headers& /*headers*/,
                  std::int32_t partitions) mutable -> Partitions { return function(topic, key, value, partitions); };
  }

  [[nodiscard]] explicit operator bool() const { return choose_ != nullptr; }
  /// REQUIRES: there is a function, see operator bool.
  [[nodiscard]] Partitions operator()(const std::string& topic, const K& key, const V& value, const Headers& headers,
                                      std::int32_t partitions) const {
    return choose_(topic, key, value, headers, partitions);
  }

 private:
  std::function<Partitions(const std::string&, const K&, const V&, const Headers&, std::int32_t)> choose_;
};

}  // namespace millrace
