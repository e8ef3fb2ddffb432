// SPDX-License-Identifier: Apache-2.0
// How GlobalThread follows its topics, how it rebuilds its stores, and how it tries again.
#include <algorithm>
#include <set>

#include "millrace/broker/unknown_topic.hpp"
#include "millrace/common/logging.hpp"
#include "runtime/global/global_thread.hpp"
#include "runtime/global/topic_made_anew.hpp"

namespace millrace::detail {
namespace {

using Severity = BrokerException::Severity;

// Before the next attempt after a retriable error.
constexpr Millis kPauseAfterError{1'000};
// A stop waits at most this long for a pause.
constexpr Millis kSliceOfPause{20};
// Timeout of one request while the thread runs. Short, because a stop waits for the request.
constexpr Millis kRequest{500};

}  // namespace

void GlobalThread::round() {
  try {
    try {
      step();
    } catch (const UnknownTopicOrPartitionException& error) {
      pause_after(error);
      look_at_topics();
      // All topics exist now, but the broker did not know one of them in step(). So this topic may be a new one.
      if (gone_.empty() && !stop_) throw TopicMadeAnew(error.what());
    }
    if (environment_.clock.monotonic_ms() - last_look_ >= metadata_ms_) look_at_topics();
    last_error_.clear();
  } catch (const UnknownTopicOrPartitionException& error) {
    // The topic was deleted between two requests.
    pause_after(error);
  } catch (const BrokerException& error) {
    if (error.severity() != Severity::retriable) throw;
    pause_after(error);
  }
}

void GlobalThread::look_at_topics() {
  last_look_ = environment_.clock.monotonic_ms();
  std::set<std::string> topics;
  for (const auto& [partition, input] : inputs_) topics.insert(partition.topic);
  for (const std::string& topic : topics) {
    if (stop_) return;
    const auto description = admin_.describe_topic(topic, kRequest);
    if (!description) {
      if (gone_.insert(topic).second) {
        log(LogLevel::warn, environment_.application_id + ": topic '" + topic +
                                "' does not exist any more. Its global store keeps its data. If the topic is created "
                                "again, the store is filled from the new topic");
      }
      continue;
    }
    if (gone_.contains(topic)) throw TopicMadeAnew(topic, "it did not exist for a while");
    for (std::int32_t i = 0; i < description->partitions; ++i) {
      const auto known = inputs_.find({topic, i});
      if (known == inputs_.end()) {
        add_input({topic, i});
      } else if (const auto end = admin_.watermarks(known->first, kRequest).high; end < known->second.next) {
        throw TopicMadeAnew(topic, "partition " + std::to_string(i) + " was read up to offset " +
                                       std::to_string(known->second.next) + " and now ends at offset " +
                                       std::to_string(end));
      }
    }
  }
}

void GlobalThread::add_input(const TopicPartition& input) {
  const Offset start(admin_.watermarks(input, kRequest).low);
  log(LogLevel::info, environment_.application_id + ": topic '" + input.topic + "' has got partition " +
                          std::to_string(input.partition) + ", which is now read for its global store");
  for (const auto& [store, topic] : environment_.topology.global_stores()) {
    if (topic == input.topic) store_set_->add_partition(store, input, start);
  }
  inputs_[input] = {&task_->add_input(input), start.value()};
  // A new assignment drops the records that were fetched for the other partitions. The consumer fetches them again.
  assign();
}

void GlobalThread::rebuild(const std::string& why, const std::optional<std::string>& topic) {
  const std::string all_stores = "The global stores in " + directory_.string() +
                                 " are damaged: they are deleted and read from the beginning of their topics";
  log(LogLevel::warn, environment_.application_id + ": " + why + ". " +
                          (topic ? "Its global store is read from the beginning" : all_stores));
  // From here on, readers wait.
  stores_.gate().close();
  bool all = !topic;
  if (topic) {
    try {
      const auto lock = stores_.gate().lock_to_fill();
      for (const auto& [store, source] : environment_.topology.global_stores()) {
        if (source == *topic) store_set_->wipe(store);
      }
    } catch (const StateCorruptedException& error) {
      log(LogLevel::warn, std::string(error.what()) + ". " + all_stores);
      all = true;
    }
  }
  close_task();
  // The topics have everything, so damaged files can be deleted.
  if (all) std::filesystem::remove_all(directory_);
  gone_.clear();
  open();
}

bool GlobalThread::rebuild(const std::filesystem::path& directory) {
  if (directory_.empty() || directory != directory_) return false;
  // Closed at once: otherwise the reader would repeat its read, and find the damage again.
  stores_.gate().close();
  damaged_ = true;
  consumer_->wakeup();
  return true;
}

void GlobalThread::pause_after(const BrokerException& error) {
  if (last_error_ != error.what()) {
    last_error_ = error.what();
    log(LogLevel::warn, environment_.application_id + ": global stores: " + last_error_);
  }
  sleep_until(environment_.clock.monotonic_ms() + kPauseAfterError.count());
}

void GlobalThread::sleep_until(Timestamp at) {
  for (Timestamp now = environment_.clock.monotonic_ms(); !stop_ && now < at; now = environment_.clock.monotonic_ms()) {
    std::this_thread::sleep_for(std::min(kSliceOfPause, Millis(at - now)));
  }
}

// --- retries

bool GlobalThread::process_one() {
  bool processed = false;
  try {
    processed = task_->process_one();
  } catch (const TaskRetry& failure) {
    retried_ = failure.record();
    if (failure.effects() != TaskRetry::Effects::none) throw;
    wait_for_retry(failure);
    return true;
  }
  if (processed && retry_ && retried_ && task_->passed(*retried_)) end_retry();
  return processed;
}

void GlobalThread::wait_for_retry(const RetriableException& failure) {
  if (!retry_) retry_.emplace();
  retry_->failed(retries_, failure, environment_.clock.monotonic_ms());
  sleep_until(retry_->retry_at());
}

void GlobalThread::end_retry() {
  retry_->worked(retries_, environment_.clock.monotonic_ms());
  retry_.reset();
  retried_.reset();
}

void GlobalThread::start_again(const RetriableException& failure) {
  const auto* task_failure = dynamic_cast<const TaskRetry*>(&failure);
  // From here on, readers wait.
  stores_.gate().close();
  close_task();
  // The failure of a commit or of the start ends with the next commit. Until then the same streak goes on.
  if (task_failure == nullptr || task_failure->work() != TaskRetry::Work::record) retried_.reset();
  wait_for_retry(failure);
  while (!stop_) {
    try {
      return open();
    } catch (const RetriableException& again) {
      close_task();
      wait_for_retry(again);
    }
  }
}

}  // namespace millrace::detail
