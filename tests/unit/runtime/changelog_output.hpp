// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "runtime/task/task_output.hpp"

namespace millrace::detail {

/// Records the changelog records of a task. confirm() confirms them, as a broker does.
class ChangelogOutput final : public TaskOutput {
 public:
  void send(std::string_view, std::optional<std::int32_t>, BytesView, BytesView, Timestamp, const Headers&,
            Sender) override {}
  [[nodiscard]] std::int32_t partitions_for(std::string_view) override { return 1; }
  [[nodiscard]] std::uint64_t open_changelog(const TopicPartition& changelog, const std::string&,
                                             const TaskContext*) override {
    opened.push_back(changelog);
    return opened.size();
  }
  void close_changelog(std::uint64_t token) override { closed.push_back(opened[token - 1]); }
  void send_changelog(std::uint64_t, BytesView key, BytesView value, Timestamp, const Headers*) override {
    logged.push_back(std::string(key.value_or("null")) + "=" + std::string(value.value_or("null")));
  }
  [[nodiscard]] std::optional<LogPosition> confirmed_position(std::uint64_t token) const override {
    const auto found = confirmed_.find(token);
    return found == confirmed_.end() ? std::nullopt : std::optional(LogPosition(found->second));
  }

  /// Confirms all records of each changelog up to this point.
  void confirm(Offset next_offset) {
    for (std::uint64_t token = 1; token <= opened.size(); ++token) confirmed_[token] = next_offset;
  }

  std::vector<TopicPartition> opened;
  std::vector<TopicPartition> closed;
  std::vector<std::string> logged;

 private:
  std::map<std::uint64_t, Offset> confirmed_;
};

}  // namespace millrace::detail
