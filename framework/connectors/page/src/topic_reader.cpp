// SPDX-License-Identifier: Apache-2.0
#include "topic_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <exception>

#include "millrace/common/errors.hpp"
#include "millrace/common/logging.hpp"

namespace millrace::page::detail {
namespace {

using SteadyClock = std::chrono::steady_clock;

/// The time between two events.
constexpr Millis kTick{250};
/// The same while nobody looks; also the longest time without an event.
constexpr Millis kIdleTick{1000};
/// How often the broker is asked for topics that are missing, and for new partitions.
constexpr Millis kLookForTopics{2000};
/// How long a question to the broker may take. The destructor waits for it.
constexpr Millis kBrokerTimeout{1000};
constexpr Millis kPauseAfterError{1000};
constexpr std::size_t kPollRecords = 2000;

ClientConfig consumer_config(ClientConfig config) {
  config["isolation.level"] = "read_committed";
  config["enable.auto.commit"] = "false";
  config.try_emplace("auto.offset.reset", "earliest");
  config.erase("group.id");
  config.erase("group.instance.id");
  return config;
}

}  // namespace

TopicReader::TopicReader(Broker& broker, const PageOptions& options, PageData& data, Publish publish,
                         std::function<bool()> viewers)
    : data_(data),
      publish_(std::move(publish)),
      viewers_(std::move(viewers)),
      history_(std::max<std::int64_t>(options.history, 0)),
      consumer_(broker.make_consumer(consumer_config(options.consumer))),
      admin_(broker.make_admin()),
      topics_(data.topics()),
      thread_([this](const std::stop_token& stop) { run(stop); }) {}

TopicReader::~TopicReader() {
  thread_.request_stop();
  consumer_->wakeup();
}

void TopicReader::run(const std::stop_token& stop) {
  auto next_look = SteadyClock::now();
  auto next_event = SteadyClock::now();
  std::string trouble;
  while (!stop.stop_requested()) {
    const auto begin = SteadyClock::now();
    bool more = false;
    bool failed = false;
    try {
      if (begin >= next_look) {
        find_partitions();
        next_look = begin + kLookForTopics;
      }
      more = read(stop);
      update_loading();
      trouble.clear();
    } catch (const std::exception& error) {
      failed = true;
      assigned_ = false;
      if (trouble != error.what()) log(LogLevel::warn, fmt::format("live page: trying again: {}", error.what()));
      trouble = error.what();
    }
    data_.set_state(!goal_.empty(), missing_, trouble);
    const auto now = SteadyClock::now();
    if (auto event = data_.take_event(now >= next_event)) {
      publish_(std::move(*event));
      next_event = now + kIdleTick;
    }
    if (failed) wait(stop, kPauseAfterError);
    if (failed || more) continue;
    const auto tick = viewers_() ? kTick : kIdleTick;
    wait(stop, std::chrono::duration_cast<Millis>(begin + tick - SteadyClock::now()));
  }
}

void TopicReader::find_partitions() {
  std::vector<std::string> missing;
  auto found = next_;
  for (const auto& topic : topics_) {
    const auto description = admin_->describe_topic(topic, kBrokerTimeout);
    if (!description) missing.push_back(topic);
    const auto partitions = description ? description->partitions : 0;
    for (std::int32_t partition = 0; partition < partitions; ++partition) {
      const TopicPartition id{topic, partition};
      if (found.contains(id)) continue;
      const auto [low, high] = consumer_->query_watermarks(id, kBrokerTimeout);
      const auto start = std::max(low, high - history_);
      found.emplace(id, start);
      if (start < high) goal_.emplace(id, high);
    }
  }
  missing_ = std::move(missing);
  if (assigned_ && found.size() == next_.size()) return;
  next_ = std::move(found);
  if (next_.empty()) return;
  consumer_->assign({next_.begin(), next_.end()});
  assigned_ = true;
}

bool TopicReader::read(const std::stop_token& stop) {
  if (!assigned_ && !next_.empty()) {
    consumer_->assign({next_.begin(), next_.end()});
    assigned_ = true;
  }
  if (!assigned_) return false;
  const auto end = SteadyClock::now() + kTick;
  // While old records are missing, waits for them.
  const Millis timeout(goal_.empty() ? 0 : 50);
  do {
    records_.clear();
    consumer_->poll(records_, kPollRecords, timeout);
    data_.add(records_);
    for (const auto& record : records_) next_[{*record.topic, record.partition}] = record.offset + 1;
    if (records_.empty()) return !goal_.empty();
  } while (SteadyClock::now() < end && !stop.stop_requested());
  return true;
}

void TopicReader::update_loading() {
  // The position also passes transaction markers, which are no records.
  std::erase_if(goal_, [&](const auto& goal) {
    return consumer_->position(goal.first).value_or(next_[goal.first]) >= goal.second;
  });
}

void TopicReader::wait(const std::stop_token& stop, Millis time) {
  std::mutex mutex;
  std::unique_lock lock(mutex);
  std::condition_variable_any().wait_for(lock, stop, time, [] { return false; });
}

}  // namespace millrace::page::detail
