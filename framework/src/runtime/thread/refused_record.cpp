#include "runtime/thread/refused_record.hpp"

#include <cstddef>

#include "common/visible.hpp"

namespace millrace::detail {
namespace {

/// How much of a key is shown, in bytes.
constexpr std::size_t kShownKey = 100;

std::string size_of(BytesView bytes) { return bytes ? std::to_string(bytes->size()) : std::string("no"); }

}  // namespace

std::string describe_refused(const ErrorContext& context, const ChangeOfStore* change, bool skippable) {
  std::string text = describe_error("production failed:", context);
  const UnwrittenRecord& output = *context.output;
  // In a batch it is not known which record it was.
  if (output.key || output.value) {
    text += "; the record has a key of " + size_of(output.key) + " bytes" +
            (output.key ? " ('" + visible(*output.key, kShownKey) + "')" : std::string()) + " and a value of " +
            size_of(output.value) + " bytes";
  }
  if (change != nullptr) {
    text += "; it is a change of state store '" + change->store + "' of " +
            (change->task ? "task " + change->task->str() : std::string("a task")) +
            ", which cannot be skipped, or the store would differ from its changelog: change what topic '" +
            output.topic + "' takes (topics alter), or put less into the store";
  } else if (skippable) {
    text += "; production.exception.handler=log-and-continue skips such records";
  }
  return text;
}

}  // namespace millrace::detail
