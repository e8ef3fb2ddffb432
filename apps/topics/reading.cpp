// SPDX-License-Identifier: Apache-2.0
#include "topics/reading.hpp"

#include <algorithm>
#include <deque>
#include <map>

namespace topics {
namespace {

/// How late the program may notice Ctrl-C.
constexpr millrace::Millis kPollTimeout{100};
constexpr std::size_t kPollRecords = 500;

// The first step of tail() is at least this number of offsets. Each further step is larger by the factor.
constexpr std::int64_t kFirstStep = 500;
constexpr std::int64_t kStepGrowth = 4;

}  // namespace

void Reading::read(const std::vector<Part>& parts, const std::function<bool()>& done,
                   const std::function<bool(const millrace::ConsumerRecord&)>& wanted, const Visit& visit,
                   const std::function<void()>& batch_end) {
  std::vector<std::pair<millrace::TopicPartition, std::int64_t>> start;
  for (const auto& part : parts) start.emplace_back(part.id, part.from);
  consumer_.assign(start);
  std::vector<millrace::ConsumerRecord> records;
  while (!done() && !signals_.requested()) {
    records.clear();
    consumer_.poll(records, kPollRecords, kPollTimeout);
    bool more = true;
    for (auto record = records.begin(); record != records.end() && more; ++record) {
      if (!wanted(*record)) continue;
      auto shown = format_.show(*record);
      if (std::ranges::all_of(conditions_, [&](const auto& condition) { return condition.matches(shown); })) {
        more = visit(std::move(shown));
      }
    }
    batch_end();
    if (!more) return;
  }
}

void Reading::to_ends(const std::vector<Part>& parts, const Visit& visit, const std::function<void()>& batch_end) {
  // The partitions with unread records, and their ends.
  std::map<millrace::TopicPartition, std::int64_t> unread;
  for (const auto& part : parts) {
    if (part.from < part.end) unread.emplace(part.id, part.end);
  }
  const auto done = [&] {
    // The position also passes transaction markers, which are not returned as records.
    std::erase_if(unread, [&](const auto& end) { return consumer_.position(end.first).value_or(-1) >= end.second; });
    return unread.empty();
  };
  // Skips records that were written after the program asked for the ends.
  const auto wanted = [&](const millrace::ConsumerRecord& record) {
    const auto end = unread.find({*record.topic, record.partition});
    return end != unread.end() && record.offset < end->second;
  };
  read(parts, done, wanted, visit, batch_end);
}

void Reading::follow(const std::vector<Part>& parts, const Visit& visit, const std::function<void()>& batch_end) {
  read(
      parts, [] { return false; }, [](const auto&) { return true; }, visit, batch_end);
}

std::vector<millrace::ShownRecord> Reading::tail_of(const Part& part, std::uint64_t count) {
  std::deque<millrace::ShownRecord> last;
  auto step = std::max<std::int64_t>(kFirstStep, static_cast<std::int64_t>(std::min<std::uint64_t>(count, 1U << 30)));
  auto end = part.end;
  while (last.size() < count && end > part.from && !signals_.requested()) {
    const auto from = std::max(part.from, end - step);
    std::deque<millrace::ShownRecord> before;
    to_ends({{part.id, from, end}}, [&](millrace::ShownRecord&& record) {
      before.push_back(std::move(record));
      if (before.size() + last.size() > count) before.pop_front();
      return true;
    });
    last.insert(last.begin(), std::make_move_iterator(before.begin()), std::make_move_iterator(before.end()));
    end = from;
    step = std::min(step, part.end) * kStepGrowth;
  }
  return {std::make_move_iterator(last.begin()), std::make_move_iterator(last.end())};
}

std::vector<millrace::ShownRecord> Reading::tail(const std::vector<Part>& parts, std::uint64_t count) {
  std::vector<std::vector<millrace::ShownRecord>> of_parts;
  for (const auto& part : parts) of_parts.push_back(tail_of(part, count));
  // Merges the partitions from their ends: the latest of their last records goes first.
  std::vector<millrace::ShownRecord> last;
  while (last.size() < count) {
    const auto latest = std::ranges::max_element(of_parts, {}, [](const auto& records) {
      return std::pair(!records.empty(), records.empty() ? millrace::kNoTimestamp : records.back().timestamp);
    });
    if (latest == of_parts.end() || latest->empty()) break;
    last.push_back(std::move(latest->back()));
    latest->pop_back();
  }
  std::ranges::reverse(last);
  return last;
}

}  // namespace topics
