// SPDX-License-Identifier: Apache-2.0
#include "chaos/processes/check.hpp"

#include <charconv>
#include <optional>
#include <utility>

namespace millrace::kill9 {
namespace {

constexpr std::size_t kMostMessages = 20;

std::optional<std::uint64_t> number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// "a b" -> {a, b}
std::pair<std::string_view, std::string_view> words(std::string_view text) {
  const auto space = text.find(' ');
  if (space == std::string_view::npos) return {text, {}};
  return {text.substr(0, space), text.substr(space + 1)};
}

}  // namespace

bool Check::Once::note(std::uint64_t number) {
  if (seen.size() <= number) seen.resize(number + 1);
  const bool first = !seen[number];
  seen[number] = true;
  return first;
}

Check::Check(Broker& broker, const Workload& workload)
    : workload_(workload), consumer_(broker.make_consumer({{"isolation.level", "read_committed"}})) {
  std::vector<std::pair<TopicPartition, std::int64_t>> all;
  for (const std::string& topic : {kJoined, kCounts, kNamed}) {
    for (std::int32_t i = 0; i < kPartitions; ++i) all.push_back({{topic, i}, 0});
  }
  consumer_->assign(all);
  thread_ = std::thread([this] {
    try {
      read(*consumer_);
    } catch (const std::exception& error) {
      const std::lock_guard lock(mutex_);
      failure_ = error.what();
    }
  });
}

Check::~Check() {
  ending_ = true;
  if (thread_.joinable()) thread_.join();
}

void Check::read(Consumer& consumer) {
  std::vector<ConsumerRecord> records;
  while (!ending_) {
    records.clear();
    try {
      consumer.poll(records, 10'000, Millis(100));
    } catch (const BrokerException& error) {
      // A broker restarts.
      if (error.severity() != BrokerException::Severity::retriable) throw;
    }
    for (const ConsumerRecord& record : records) note(record);
    seen_ += records.size();
  }
}

void Check::note(const ConsumerRecord& record) {
  const std::string place =
      *record.topic + "-" + std::to_string(record.partition) + "@" + std::to_string(record.offset);
  if (!record.key || !record.value) return complain("no key or no value in " + place);
  if (*record.topic == kJoined) return note_joined(*record.key, *record.value, place);
  if (*record.topic == kNamed) return note_named(*record.key, *record.value, place);
  note_count(*record.key, *record.value, place);
}

void Check::note_joined(std::string_view key, std::string_view value, const std::string& place) {
  const auto event = number(key);
  if (!event || value != Workload::account_of(*event) + " " + std::string(key)) {
    return complain("wrong join " + std::string(key) + "=" + std::string(value) + " in " + place);
  }
  if (!joined_.note(*event)) complain("the join of event " + std::string(key) + " came again in " + place);
}

void Check::note_named(std::string_view key, std::string_view value, const std::string& place) {
  const auto [id, name] = words(value);
  const auto event = number(id);
  if (!event || key != Workload::account_of(*event) || name != Workload::name(Workload::account_number_of(*event))) {
    return complain("wrong name " + std::string(key) + "=" + std::string(value) + " in " + place);
  }
  if (!named_.note(*event)) complain("the name of event " + std::string(id) + " came again in " + place);
}

void Check::note_count(std::string_view key, std::string_view value, const std::string& place) {
  const auto count = number(value);
  if (!count || *count == 0) {
    return complain("wrong count " + std::string(key) + "=" + std::string(value) + " in " + place);
  }
  if (!counts_[std::string(key)].note(*count - 1)) {
    complain("count " + std::string(value) + " of '" + std::string(key) + "' came again in " + place);
  }
}

void Check::complain(std::string text) {
  const std::lock_guard lock(mutex_);
  if (++wrong_count_ <= kMostMessages) wrong_.push_back(std::move(text));
}

std::vector<std::string> Check::wrong() const {
  const std::lock_guard lock(mutex_);
  auto all = wrong_;
  if (wrong_count_ > all.size()) all.push_back("... " + std::to_string(wrong_count_) + " faults in all");
  return all;
}

std::string Check::failure() const {
  const std::lock_guard lock(mutex_);
  return failure_;
}

void Check::add_missing(const Once& once, const std::string& what, std::uint64_t events) {
  for (std::uint64_t i = 0; i < events; ++i) {
    if (i >= once.seen.size() || !once.seen[i]) complain(what + std::to_string(i) + " is missing");
  }
  if (once.seen.size() > events) complain(what + std::to_string(once.seen.size() - 1) + " has no input");
}

std::vector<std::string> Check::finish(std::uint64_t events) {
  ending_ = true;
  thread_.join();
  add_missing(joined_, "the join of event ", events);
  add_missing(named_, "the name of event ", events);
  std::unordered_map<std::string, std::uint64_t> expected;
  for (std::uint64_t i = 0; i < events; ++i) {
    const Timestamp time = workload_.time_of(i);
    ++expected[Workload::account_of(i) + " " + std::to_string(time - time % kWindowMs)];
  }
  for (const auto& [key, count] : expected) {
    const Once& once = counts_[key];
    for (std::uint64_t i = 0; i < count; ++i) {
      if (i >= once.seen.size() || !once.seen[i]) {
        complain("count " + std::to_string(i + 1) + " of '" + key + "' is missing");
      }
    }
  }
  for (const auto& [key, once] : counts_) {
    const auto found = expected.find(key);
    if (found == expected.end() || once.seen.size() > found->second) {
      complain("count " + std::to_string(once.seen.size()) + " of '" + key + "' is too large");
    }
  }
  return wrong();
}

}  // namespace millrace::kill9
