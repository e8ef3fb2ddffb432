// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "millrace/app/shown_record.hpp"
#include "millrace/app/stop_signals.hpp"
#include "millrace/broker/consumer.hpp"
#include "topics/condition.hpp"
#include "topics/start_position.hpp"

namespace topics {

/// The offsets to read in one partition.
struct Part {
  millrace::TopicPartition id;
  std::int64_t from = 0;
  std::int64_t end = 0;  ///< exclusive; the end of the partition when the program asked
};

/// Reads a topic for `topics cat`: shows each record and drops those that do not meet the conditions. Used by one
/// thread.
class Reading {
 public:
  /// The arguments must outlive the object.
  Reading(millrace::Consumer& consumer, const millrace::RecordFormat& format, const std::vector<Condition>& conditions,
          millrace::StopSignals& signals)
      : consumer_(consumer), format_(format), conditions_(conditions), signals_(signals) {}

  /// Gets one record. Returns false to end the reading.
  using Visit = std::function<bool(millrace::ShownRecord&& record)>;

  /// Reads the parts to their ends. `batch_end` is called after each batch of records.
  void to_ends(
      const std::vector<Part>& parts, const Visit& visit, const std::function<void()>& batch_end = [] {});
  /// Reads from the start of each part on, and waits for further records, until a signal comes.
  void follow(const std::vector<Part>& parts, const Visit& visit, const std::function<void()>& batch_end);

  /// The last `count` records of all parts together, by their time. Records of one partition stay in the order of their
  /// offsets. Reads each partition from its end backwards, in growing steps, until it has enough records.
  [[nodiscard]] std::vector<millrace::ShownRecord> tail(const std::vector<Part>& parts, std::uint64_t count);

 private:
  /// Assigns the starts of the parts. Reads until `done()`.
  void read(const std::vector<Part>& parts, const std::function<bool()>& done,
            const std::function<bool(const millrace::ConsumerRecord&)>& wanted, const Visit& visit,
            const std::function<void()>& batch_end);
  [[nodiscard]] std::vector<millrace::ShownRecord> tail_of(const Part& part, std::uint64_t count);

  millrace::Consumer& consumer_;
  const millrace::RecordFormat& format_;
  const std::vector<Condition>& conditions_;
  millrace::StopSignals& signals_;
};

}  // namespace topics
