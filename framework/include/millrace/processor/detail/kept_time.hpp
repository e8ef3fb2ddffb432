// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace millrace::detail {

/// A name for TaskContext::keep_time(). `owner`: the name of the operator's store; of the node, if there is no store.
/// The store is better, because a store keeps its name when other operators are added or removed. `role`: what the time
/// means, such as "stream time".
///
/// The name has 12 characters: "~" and a 64-bit hash. It is short because Kafka limits the size of the metadata of an
/// offset (offset.metadata.max.bytes). No store's name begins with "~". Committed offsets of running applications
/// contain such names, so the hash must never change.
[[nodiscard]] std::string kept_time_name(std::string_view owner, std::string_view role);

}  // namespace millrace::detail
