// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "millrace/dsl/streams_builder.hpp"
#include "millrace/processor/processor.hpp"
#include "millrace/serde/primitives.hpp"
#include "millrace/state/stores.hpp"

// The C++ counterparts of the Java cases in ../java/src/millrace/oracle. Both sides have the same topology under the
// same name. The cases share their functions, because functions do not appear in a description and each new one costs
// compile time.

namespace oracle {

using S = std::string;
using L = std::int64_t;
using millrace::KStream;
using millrace::Millis;
using millrace::Named;
using millrace::StreamsBuilder;

/// Functions that build topologies, by the name of the case.
using Cases = std::map<std::string, std::function<void(StreamsBuilder&)>>;

Cases reference_cases();           ///< ReferenceCases.java
Cases describe_cases();            ///< DescribeCases.java
Cases describe_join_cases();       ///< the first half of DescribeStatefulCases.java
Cases describe_aggregate_cases();  ///< the second half
Cases describe_window_cases();     ///< DescribeWindowCases.java
Cases describe_table_cases();      ///< the table cases of all of them

inline auto always() {
  return [](const S&) { return true; };
}
inline auto same() {
  return [](const S& value) { return value; };
}
inline auto value_as_key() {
  return [](const S& value) { return value; };
}
inline auto same_pair() {
  return [](const S& key, const S& value) { return millrace::KeyValue<S, S>{key, value}; };
}
inline auto swapped() {
  return [](const S& key, const S& value) { return millrace::KeyValue<S, S>{value, key}; };
}
inline auto one_value() {
  return [](const S& value) { return std::vector<S>{value}; };
}
inline auto one_pair() {
  return [](const S& key, const S& value) { return std::vector<millrace::KeyValue<S, S>>{{key, value}}; };
}
inline auto nothing() {
  return [](const S&) {};
}
inline auto last() {
  return [](const S&, const S& value) { return value; };
}

/// Processors that forward nothing.
struct Swallow : millrace::Processor<S, S> {
  void process(millrace::Record<S, S>) override {}
};
struct SwallowValues : millrace::FixedKeyProcessor<S, S> {
  void process(millrace::FixedKeyRecord<S, S>) override {}
};
inline auto swallow() {
  return [] { return std::make_unique<Swallow>(); };
}
inline auto swallow_values() {
  return [] { return std::make_unique<SwallowValues>(); };
}

}  // namespace oracle
