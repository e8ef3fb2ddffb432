// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <variant>

#include "millrace/broker/consumer.hpp"

namespace topics {

/// The argument of `topics cat --from`: where reading begins in each partition.
class StartPosition {
 public:
  /// Accepts `beginning`, `end`, an offset, or a time in UTC such as `2012-01-03` or `2012-01-03T15:30:00`. A time
  /// means the first record that is not older. Throws std::invalid_argument.
  [[nodiscard]] static StartPosition parse(const std::string& text);

  /// The offset in this partition. Always between the watermarks.
  [[nodiscard]] std::int64_t resolve(millrace::Consumer& consumer, const millrace::TopicPartition& partition,
                                     const millrace::Watermarks& watermarks, millrace::Millis timeout) const;

 private:
  struct Beginning {};
  struct End {};
  struct Offset {
    std::int64_t value;
  };
  struct Time {
    millrace::Timestamp value;
  };
  using Value = std::variant<Beginning, End, Offset, Time>;

  explicit StartPosition(Value value) : value_(value) {}

  Value value_;
};

}  // namespace topics
