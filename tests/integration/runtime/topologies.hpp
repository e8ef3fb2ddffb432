// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "millrace/processor/topology.hpp"

namespace millrace::runtime_test {

/// Counts the records of each key in store `counts`. Reads `in` (text, text) and writes `out` (text, int64), one record
/// per input record if there is no cache.
[[nodiscard]] Topology counting(const std::string& in, const std::string& out);
/// Counts the records of each value. `in` is repartitioned first.
[[nodiscard]] Topology counting_values(const std::string& in, const std::string& out);
/// A foreign-key join of two tables, topics `in` and `in`-other. All keys and values are text. A value of `in` is
/// "<key of the other table>/<text>". A result is "<value of in>+<value of the other table>".
[[nodiscard]] Topology foreign_key_join(const std::string& in, const std::string& out);
/// Counts the keys of table `in` by value: `in` (text, text) -> `out` (text, int64).
[[nodiscard]] Topology counting_rows(const std::string& in, const std::string& out);
/// Copies `in` (text, text) into the global store `rows`. The processor needs one millisecond for each record.
[[nodiscard]] Topology slow_global_store(const std::string& in);

}  // namespace millrace::runtime_test
