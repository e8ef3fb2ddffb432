// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "oracle/cpp/program/program.hpp"

namespace oracle::program {

/// The timestamp extractor that a program names.
struct Extractor : Function {
  using Function::Function;
  template <class K, class V>
  millrace::Timestamp operator()(const millrace::Record<K, V>& record, millrace::Timestamp partition_time) const {
    if (name == "plus") return record.timestamp + number();
    if (name == "partition_time_plus") return partition_time + number();
    const auto value = text(dynamic(record.value));
    if (name == "length_of_value") return length(value) * number();
    if (name == "negative_if_contains") return contains(value, argument) ? -1 : record.timestamp;
    unknown("timestamp extractor");
  }
};

/// The ready-made extractor of this name. nullopt: there is none.
[[nodiscard]] inline std::optional<millrace::TimestampPolicy> ready_made_extractor(const std::string& name) {
  using millrace::TimestampPolicy;
  if (name == "fail_on_invalid") return TimestampPolicy::fail_on_invalid;
  if (name == "log_and_skip") return TimestampPolicy::log_and_skip;
  if (name == "use_partition_time") return TimestampPolicy::use_partition_time;
  if (name == "wallclock") return TimestampPolicy::wallclock_time;
  return std::nullopt;
}

/// Adds the source's `extractor`, if there is one, to `consumed`, and calls `use` with the result.
template <class C, class Use>
void with_extractor(const Json& op, const C& consumed, Use use) {
  const auto extractor = op.value("extractor", std::string());
  if (extractor.empty()) {
    use(consumed);
  } else if (const auto policy = ready_made_extractor(extractor)) {
    use(consumed.with_timestamp_policy(*policy));
  } else {
    use(consumed.with_timestamp_extractor(Extractor(extractor)));
  }
}

/// `"key_type"` or `"value_type"` of a source.
[[nodiscard]] inline Type type_in(const Json& op, const char* field) {
  return op.value(field, "string") == "long" ? Type::number : Type::string;
}

}  // namespace oracle::program
