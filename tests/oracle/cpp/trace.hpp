// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "oracle/cpp/cases.hpp"

namespace oracle {

/// Strings that may be null, which trace inputs have.
using N = std::optional<std::string>;

/// As Java's string concatenation shows it.
inline S text(const N& value) { return value.value_or("null"); }
inline S text(const S* value) { return value ? *value : "null"; }

Cases trace_cases();             ///< TraceCases.java without the processors
Cases trace_processor_cases();   ///< its processors, and TraceProcessors.java
Cases trace_join_cases();        ///< TraceJoinCases.java
Cases trace_store_cases();       ///< TraceStoreCases.java
Cases trace_window_cases();      ///< TraceWindowCases.java
Cases trace_table_cases();       ///< TraceTableCases.java without the joins
Cases trace_table_join_cases();  ///< its joins

/// Feeds the inputs of a golden trace to the topology and writes the trace that comes out of it.
/// `cached`: with the caches that the other traces do without.
std::string run_trace(const millrace::Topology& topology, const std::string& golden, bool cached);

/// The trace with the records that an input writes to a suppress changelog in order: Java has them in that of a hash
/// set, which is not promised (docs/dsl.md).
std::string in_promised_order(const std::string& trace);

}  // namespace oracle
