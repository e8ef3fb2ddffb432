// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "runtime/task/error_policy.hpp"

namespace millrace::detail {

/// The store and the task that have written a changelog record. For messages.
struct ChangeOfStore {
  std::string store;
  std::optional<TaskId> task;  ///< nullopt: not known
};

/// The message about a record that the broker or the client has refused. The message says where the record came from,
/// how large it is, and what the user can do. `change`: the record was a change of this store; null: the record came
/// from a node, or is a dead letter. `skippable`: production.exception.handler=log-and-continue would skip the record.
/// REQUIRES: `context.output` is set.
[[nodiscard]] std::string describe_refused(const ErrorContext& context, const ChangeOfStore* change, bool skippable);

}  // namespace millrace::detail
