// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>

#include "oracle/cpp/trace.hpp"

// What the twins of TraceTableCases.java share.

namespace oracle {

using millrace::KTable;
using millrace::Materialized;

/// As it is, and with caches.
inline void both(Cases& cases, const std::string& name, std::function<void(StreamsBuilder&)> topology) {
  cases[name + "-cached"] = topology;
  cases[name] = std::move(topology);
}

inline KTable<S, S> table(StreamsBuilder& b, const std::string& topic) { return b.table<S, S>(topic); }

inline void out(const KTable<S, S>& table) { table.to_stream().to("out"); }

}  // namespace oracle
