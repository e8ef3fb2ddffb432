// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "millrace/app/command_line.hpp"
#include "millrace/runtime/application_reset.hpp"

namespace millrace {

/// `--reset` of every program, and its options. The object must live until the command line is parsed.
class ResetCommand {
 public:
  explicit ResetCommand(CLI::App& cli);
  ResetCommand(const ResetCommand&) = delete;
  ResetCommand& operator=(const ResetCommand&) = delete;

  /// Whether the user has asked for a reset. Call this after parsing.
  [[nodiscard]] bool given() const { return reset_; }
  /// Prints what a reset changes, and makes the changes with `--execute`. Throws as ApplicationReset.
  void run(const Topology& topology, const StreamsConfig& config, const std::shared_ptr<Broker>& broker) const;

 private:
  [[nodiscard]] ResetPosition position() const;

  bool reset_ = false;
  bool execute_ = false;
  bool force_ = false;
  bool keep_state_ = false;
  bool to_earliest_ = false;
  bool to_latest_ = false;
  std::optional<std::int64_t> to_offset_;
  std::optional<std::int64_t> shift_by_;
  std::optional<std::string> to_datetime_;
  std::optional<std::string> by_duration_;
  std::optional<std::string> from_file_;
  std::vector<std::string> input_topics_;
  std::vector<std::string> internal_topics_;
};

/// `2026-11-30T10:15:30.000`, optionally with `Z` or an offset such as `+01:00`; UTC without one. In ms since the
/// epoch. Throws ConfigException for any other text.
[[nodiscard]] Timestamp parse_datetime(std::string_view text);
/// An ISO 8601 duration `PnDTnHnMnS`, as in `P1DT2H30M` or `PT0.5S`. Throws ConfigException for any other text.
[[nodiscard]] Millis parse_duration(std::string_view text);
/// Lines `TOPIC,PARTITION,OFFSET`. Throws ConfigException if the file cannot be read, or a line has another form.
[[nodiscard]] std::map<TopicPartition, std::int64_t> read_offsets(const std::string& file);

}  // namespace millrace
