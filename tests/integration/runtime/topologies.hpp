#pragma once

#include <string>

#include "millrace/processor/topology.hpp"

namespace millrace::runtime_test {

/// Counts the records of each key in store `counts`. Reads `in` (text, text) and writes `out` (text, int64), one record
/// per input record if there is no cache.
[[nodiscard]] Topology counting(const std::string& in, const std::string& out);
/// Counts the records of each value. `in` is repartitioned first.
[[nodiscard]] Topology counting_values(const std::string& in, const std::string& out);

}  // namespace millrace::runtime_test
