// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "millrace/broker/topic_partition.hpp"

namespace buy_signals {

/// Which records of a partition are in a mail that was, or may have been, sent. Written to a file before the mail is
/// sent, so that the mail has the same records and the same Message-ID after a restart.
struct DigestPlan {
  std::int64_t first = 0;  ///< offset of the first record
  std::int64_t last = 0;   ///< offset of the last record
  std::string hash;        ///< of the records, see DigestHash
  bool sent = false;       ///< the mail server has accepted the mail for all recipients that it does not refuse
  /// Recipients that have the mail, or were refused, while others must wait.
  std::vector<std::string> done;
};

/// The plans of the partitions, each in a file of its own.
class DigestPlans {
 public:
  /// The directory is created when the first plan is written.
  explicit DigestPlans(std::filesystem::path directory) : directory_(std::move(directory)) {}

  /// The plans of the last mails, in their order. Empty: there is none, or the file is damaged, which is logged.
  [[nodiscard]] std::vector<DigestPlan> read(const millrace::TopicPartition& partition) const;

  /// Returns when the plans are on the disk. Throws std::runtime_error that names the file.
  void write(const millrace::TopicPartition& partition, const std::vector<DigestPlan>& plans) const;

 private:
  [[nodiscard]] std::filesystem::path file(const millrace::TopicPartition& partition) const;

  std::filesystem::path directory_;
};

/// A hash of records, to tell a digest from one of another topic with the same name and offsets. FNV-1a, 64 bits.
class DigestHash {
 public:
  void add(std::int64_t offset, std::int64_t timestamp, std::string_view id);
  /// 16 hexadecimal digits.
  [[nodiscard]] std::string text() const;

 private:
  void add_bytes(std::string_view bytes);

  std::uint64_t hash_ = 14695981039346656037ULL;
};

}  // namespace buy_signals
