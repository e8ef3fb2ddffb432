// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "millrace/common/errors.hpp"
#include "millrace/processor/detail/topology_builder.hpp"
#include "millrace/state/state_store.hpp"

namespace millrace::detail {

/// Throws a TopologyException that says how to read the store `name`. `store`: null if there is none with that name.
/// `names`: of all stores.
[[noreturn]] void refuse(const std::string& name, const StateStore* store, const std::vector<std::string>& names);

/// Throws a SerializationException with the text of `error`, the topic, and the types that the topology writes to it.
[[noreturn]] void refuse_output(const TopologyBuilder& topology, const std::string& topic,
                                const SerializationException& error);

}  // namespace millrace::detail
