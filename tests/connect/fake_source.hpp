// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "millrace/common/errors.hpp"
#include "millrace/connect/source.hpp"

namespace millrace::connect {

/// A source over a list of records, for tests of the runner. The position of a record is its number in the list.
class FakeSource : public Source {
 public:
  FakeSource(SourceKind kind, std::vector<SourceRecord> records) : kind_(kind), records_(std::move(records)) {
    if (kind != SourceKind::replayable) return;
    for (std::size_t at = 0; at < records_.size(); ++at) {
      records_[at].position = SourcePosition{static_cast<std::int64_t>(at + 1), "record " + std::to_string(at + 1)};
    }
  }

  [[nodiscard]] SourceKind kind() const override { return kind_; }
  [[nodiscard]] std::string name() const override { return "fake"; }

  void open(SourceContext& context) override {
    ++opened;
    this->context = &context;
    if (on_open) on_open();
    // A replayable source goes on behind its position, and an acknowledged one behind what was acknowledged.
    if (kind_ == SourceKind::replayable) next_ = context.position() ? size_of(context.position()->number) : 0;
    if (kind_ == SourceKind::acknowledged) next_ = acknowledged;
  }

  [[nodiscard]] bool poll(std::vector<SourceRecord>& records, std::size_t max_records, Millis timeout) override {
    ++polled;
    if (on_poll) on_poll(next_);
    for (std::size_t n = 0; n < max_records && next_ < records_.size(); ++n) records.push_back(records_[next_++]);
    if (next_ < records_.size()) return true;
    if (!endless) return false;
    if (records.empty()) std::this_thread::sleep_for(timeout);  // as a source without news does
    return true;
  }

  void acknowledge(std::size_t records) override { acknowledged += records; }
  void close() noexcept override { ++closed; }

  /// Called by open() and poll(); may throw. The argument is the number of the next record.
  std::function<void()> on_open;
  std::function<void(std::size_t)> on_poll;
  bool endless = false;  ///< waits at the end of the list
  int opened = 0, closed = 0, polled = 0;
  std::size_t acknowledged = 0;
  SourceContext* context = nullptr;

 private:
  static std::size_t size_of(std::int64_t number) { return static_cast<std::size_t>(number); }

  SourceKind kind_;
  std::vector<SourceRecord> records_;
  std::size_t next_ = 0;
};

/// `count` records with the values first, first + 1... and a few keys.
inline std::vector<SourceRecord> numbered(int count, int first = 0) {
  std::vector<SourceRecord> records;
  for (int n = first; n < first + count; ++n) {
    records.push_back({.key = "k" + std::to_string(n % 3), .value = std::to_string(n), .timestamp = 1000 + n});
  }
  return records;
}

}  // namespace millrace::connect
