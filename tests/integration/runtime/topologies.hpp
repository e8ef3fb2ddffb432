#pragma once

#include <string>

#include "millrace/processor/topology.hpp"

namespace millrace::runtime_test {

/// Counts the records of each key: `in` (text, text) -> `out` (text, int64), one record per input record. The store is
/// called "counts".
[[nodiscard]] Topology counting(const std::string& in, const std::string& out);
/// The same for each value: `in` is repartitioned first.
[[nodiscard]] Topology counting_values(const std::string& in, const std::string& out);

}  // namespace millrace::runtime_test
