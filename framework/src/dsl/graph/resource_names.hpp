#pragma once

#include <set>
#include <string>

#include "millrace/processor/detail/topology_builder.hpp"

namespace millrace::detail {

/// Throws TopologyException if a store, changelog or repartition topic has a generated name; the message lists them
/// all. `generated`: all names that were generated. (Kafka Streams: `ensure.explicit.internal.resource.naming`.)
void require_given_names(const TopologyBuilder& topology, const std::set<std::string>& generated);

}  // namespace millrace::detail
