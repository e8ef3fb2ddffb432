// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <set>
#include <string>

#include "millrace/processor/detail/topology_builder.hpp"

namespace millrace::detail {

/// Throws TopologyException if a store, changelog or repartition topic has a generated name. The message lists all of
/// them. `generated`: all generated names. (Kafka Streams: `ensure.explicit.internal.resource.naming`.)
void require_given_names(const TopologyBuilder& topology, const std::set<std::string>& generated);

}  // namespace millrace::detail
