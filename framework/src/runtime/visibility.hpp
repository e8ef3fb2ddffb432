// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "millrace/config/streams_config.hpp"
#include "millrace/processor/detail/topology_builder.hpp"

namespace millrace::detail {

/// Says when the application's results can be read from its topics: at once, or with which commits. For the log, since
/// a wait of a commit interval looks like an application that does nothing.
[[nodiscard]] std::string when_results_appear(const TopologyBuilder& topology, const StreamsConfig& config);

}  // namespace millrace::detail
