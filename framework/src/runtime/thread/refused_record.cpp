// SPDX-License-Identifier: Apache-2.0
#include "runtime/thread/refused_record.hpp"

#include <cstddef>

#include "common/visible.hpp"

namespace millrace::detail {
namespace {

/// The message shows at most this many bytes of a key.
constexpr std::size_t kShownKey = 100;

std::string size_of(BytesView bytes) { return bytes ? std::to_string(bytes->size()) : std::string("no"); }

}  // namespace

std::string describe_refused(const ErrorContext& context, const ChangeOfStore* change, bool skippable) {
  std::string text = describe_error("production failed:", context);
  const UnwrittenRecord& output = *context.output;
  // Key and value are missing if the record was sent in a batch: then nobody knows which record of the batch was
  // refused.
  if (output.key || output.value) {
    text += "; the record has a key of " + size_of(output.key) + " bytes" +
            (output.key ? " ('" + visible(*output.key, kShownKey) + "')" : std::string()) + " and a value of " +
            size_of(output.value) + " bytes";
  }
  if (change != nullptr) {
    text += "; it is a change of state store '" + change->store + "' of " +
            (change->task ? "task " + change->task->str() : std::string("a task")) +
            ", which cannot be skipped, because the store would then differ from its changelog: change the settings "
            "of topic '" +
            output.topic + "' (topics alter), or put smaller values into the store";
  } else if (skippable) {
    text += "; production.exception.handler=log-and-continue skips such records";
  }
  return text;
}

}  // namespace millrace::detail
