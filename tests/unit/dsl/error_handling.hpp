// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <initializer_list>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

#include "unit/dsl/timeline.hpp"

// What the tests of errors, exception handlers and dead letters share.

namespace millrace::test {

/// The settings of an application `app`.
[[nodiscard]] inline StreamsConfig config(const std::map<S, S>& settings) {
  StreamsConfig result;
  result.set("application.id", "app");
  for (const auto& [key, value] : settings) result.set(key, value);
  return result;
}

inline const S kDeserialization = "deserialization.exception.handler";
inline const S kProcessing = "processing.exception.handler";
inline const S kProduction = "production.exception.handler";
inline const S kCache = "statestore.cache.max.bytes";
inline const S kDeadLetters = "errors.dead.letter.queue.topic.name";
inline const S kContinue = "log-and-continue";

/// A serde that cannot write 13.
struct UnluckySerde : Serde<std::int32_t> {
  void serialize(const std::int32_t& value, std::string& out) const {
    if (value == 13) throw SerializationException("13 is unlucky");
    Serde<std::int32_t>::serialize(value, out);
  }
};

/// `in` holds integers. Node `check` throws for a negative integer. The sink cannot write 13.
[[nodiscard]] inline Topology topology() {
  StreamsBuilder builder;
  builder.stream<S, std::int32_t>("in", Consumed::as("source"))
      .map_values(
          [](std::int32_t value) {
            if (value < 0) throw std::invalid_argument("negative: " + std::to_string(value));
            return value;
          },
          Named::as("check"))
      .to("out", Produced::as("sink").with_value_serde(UnluckySerde()));
  return builder.build();
}

/// The topology above in a test driver, with its input, its output and the dead letters on topic `dead`.
struct Run {
  explicit Run(std::initializer_list<std::pair<const S, S>> settings, const ExceptionHandlers& handlers = {})
      : driver(topology(), config(settings), 0, handlers) {}

  TopologyTestDriver driver;
  TestInputTopic<S, std::int32_t> in = driver.create_input_topic<S, std::int32_t>("in");
  TestOutputTopic<S, std::int32_t> out = driver.create_output_topic<S, std::int32_t>("out");
  TestOutputTopic<N, std::optional<Bytes>> dead = driver.create_output_topic<N, std::optional<Bytes>>("dead");
};

}  // namespace millrace::test
