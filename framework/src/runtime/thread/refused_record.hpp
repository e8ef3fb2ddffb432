#pragma once

#include <optional>
#include <string>

#include "runtime/task/error_policy.hpp"

namespace millrace::detail {

/// A record of a changelog, for messages.
struct ChangeOfStore {
  std::string store;
  std::optional<TaskId> task;
};

/// The message about a record that the broker has refused: where it came from, how large it is, and how to get past it.
/// REQUIRES: `context` has an output. `change`: it was a change of a store; null: a node's record or a dead letter.
/// `skippable`: production.exception.handler=log-and-continue would skip it.
[[nodiscard]] std::string describe_refused(const ErrorContext& context, const ChangeOfStore* change, bool skippable);

}  // namespace millrace::detail
