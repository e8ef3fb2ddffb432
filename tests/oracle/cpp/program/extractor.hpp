#pragma once

#include "oracle/cpp/program/program.hpp"

namespace oracle::program {

/// A timestamp extractor of a program.
struct Extractor : Function {
  using Function::Function;
  template <class K, class V>
  millrace::Timestamp operator()(const millrace::Record<K, V>& record, millrace::Timestamp partition_time) const {
    if (name == "plus") return record.timestamp + number();
    if (name == "partition_time_plus") return partition_time + number();
    const auto value = text(dynamic(record.value));
    if (name == "length_of_value") return static_cast<millrace::Timestamp>(value.size()) * number();
    if (name == "negative_if_contains") return contains(value, argument) ? -1 : record.timestamp;
    unknown("timestamp extractor");
  }
};

/// Calls `use` with `consumed`, to which the source's `extractor` has been added if it has one.
template <class C, class Use>
void with_extractor(const Json& op, const C& consumed, Use use) {
  using millrace::TimestampPolicy;
  static const std::map<std::string, TimestampPolicy> kReadyMade{
      {"fail_on_invalid", TimestampPolicy::fail_on_invalid},
      {"log_and_skip", TimestampPolicy::log_and_skip},
      {"use_partition_time", TimestampPolicy::use_partition_time},
      {"wallclock", TimestampPolicy::wallclock_time}};
  const auto extractor = op.value("extractor", std::string());
  if (extractor.empty()) {
    use(consumed);
  } else if (const auto policy = kReadyMade.find(extractor); policy != kReadyMade.end()) {
    use(consumed.with_timestamp_policy(policy->second));
  } else {
    use(consumed.with_timestamp_extractor(Extractor(extractor)));
  }
}

/// `"key_type"` or `"value_type"` of a source.
[[nodiscard]] inline Type type_in(const Json& op, const char* field) {
  return op.value(field, "string") == "long" ? Type::number : Type::string;
}

}  // namespace oracle::program
