#pragma once

#include <set>
#include <string>

#include "millrace/processor/detail/topology_builder.hpp"

namespace millrace::detail {

/// Throws TopologyException, listing them, if stores, changelogs or repartition topics have names that no user gave but
/// that are made from `generated` ones. (Kafka Streams: `ensure.explicit.internal.resource.naming`.)
void require_given_names(const TopologyBuilder& topology, const std::set<std::string>& generated);

}  // namespace millrace::detail
