// SPDX-License-Identifier: Apache-2.0
#include "broker/embedded/embedded_consumer.hpp"

#include <algorithm>
#include <utility>

#include "millrace/broker/unknown_topic.hpp"
#include "millrace/common/errors.hpp"
#include "millrace/common/logging.hpp"

namespace millrace::detail::embedded {
namespace {

using Severity = BrokerException::Severity;
using SteadyClock = std::chrono::steady_clock;

/// Longer timeouts are cut to one year, because the sum of a time and a huge timeout would overflow.
constexpr Millis kLongestWait = std::chrono::hours(24 * 365);

}  // namespace

void PartitionReader::start_at(Offset offset) {
  start.reset();
  position = offset;
  fetched_to = offset;
  pages.clear();
  cursor.reset();
}

EmbeddedConsumer::EmbeddedConsumer(std::shared_ptr<Core> core, const ConsumerSettings& settings)
    : core_(std::move(core)), settings_(settings) {}

EmbeddedConsumer::~EmbeddedConsumer() {
  // Also removes the waiter from the partitions, which would otherwise wake a destroyed consumer.
  clear_readers();
  const Lock lock(core_->mutex);
  if (member_) core_->groups.leave(settings_.group_id, *member_);
}

// ---- Group membership

void EmbeddedConsumer::require_group(const char* doing) const {
  if (!settings_.group_id.empty()) return;
  throw BrokerException(Severity::fatal, std::string(doing) + " needs the consumer setting group.id");
}

void EmbeddedConsumer::subscribe(const std::vector<std::string>& topics, RebalanceListener& listener) {
  require_group("subscribe()");
  // A group in two processes would give each record to both.
  core_->storage.require_writable("subscribe");
  // Drops the partitions of an earlier assign().
  if (!member_) clear_readers();
  const Lock lock(core_->mutex);
  if (member_) {
    core_->groups.change_topics(settings_.group_id, *member_, topics);
  } else {
    // The first subscription joins the group. The listener is called later, inside poll().
    member_ = core_->groups.join(settings_.group_id, topics, settings_, waiter_, SteadyClock::now());
  }
  subscription_ = topics;
  listener_ = &listener;
  missing_reported_ = false;
}

void EmbeddedConsumer::unsubscribe() {
  if (!member_) {
    clear_readers();
    return;
  }
  std::vector<TopicPartition> owned;
  bool lost = false;
  {
    const Lock lock(core_->mutex);
    // Copied under the mutex. The listener below runs without it.
    owned.assign(member_->owned.begin(), member_->owned.end());
    lost = member_->evicted;
  }
  const auto leave = [&] {
    clear_readers();
    const Lock lock(core_->mutex);
    core_->groups.leave(settings_.group_id, *member_);
    member_.reset();
    listener_ = nullptr;
    subscription_.clear();
  };
  try {
    if (!owned.empty()) {
      (void)(lost ? listener_->on_partitions_lost(owned) : listener_->on_partitions_revoked(owned));
    }
  } catch (...) {
    // Leave the group even if the listener throws. Otherwise the partitions would stay without a reader.
    leave();
    throw;
  }
  leave();
}

void EmbeddedConsumer::follow_group() {
  while (member_ && member_->attention) {
    RebalanceStep step;
    {
      const Lock lock(core_->mutex);
      // One step at a time: the listener runs between the steps, without the mutex.
      step = core_->groups.next_step(settings_.group_id, *member_);
    }
    switch (step.kind) {
      case RebalanceStep::Kind::none: return;
      case RebalanceStep::Kind::lost: {
        // The listener is not called for an empty list. It may name further partitions to stop.
        const std::vector<TopicPartition> stop =
            step.partitions.empty() ? step.partitions : listener_->on_partitions_lost(step.partitions);
        remove_readers(step.partitions);
        remove_readers(stop);
        const Lock lock(core_->mutex);
        // The group removed this member. Join again as a new one.
        member_ = core_->groups.join(settings_.group_id, subscription_, settings_, waiter_, SteadyClock::now());
        break;
      }
      case RebalanceStep::Kind::revoke: {
        // Gives the partitions back even if the listener throws, so that another member can take them.
        const auto release = [&] {
          remove_readers(step.partitions);
          const Lock lock(core_->mutex);
          core_->groups.revoked(settings_.group_id, *member_, step.partitions);
        };
        try {
          remove_readers(listener_->on_partitions_revoked(step.partitions));
        } catch (...) {
          release();
          throw;
        }
        release();
        break;
      }
      case RebalanceStep::Kind::assign:
        add_readers(listener_->on_partitions_assigned(step.partitions), std::nullopt);
        // A deleted topic may be the reason for the rebalance, so the next poll() checks the topics again.
        missing_reported_ = false;
        break;
    }
  }
}

// Runs once per subscription and rebalance. A topic that is created later is read without another call.
void EmbeddedConsumer::report_missing_topics() {
  // Set before the check, so that the exception is thrown once and later polls go on.
  if (missing_reported_) return;
  missing_reported_ = true;
  const Lock lock(core_->mutex);
  for (const std::string& topic : subscription_) {
    if (!topic.starts_with('^')) (void)core_->topics.get(topic);
  }
}

ConsumerGroupMetadata EmbeddedConsumer::group_metadata() const {
  require_group("group_metadata()");
  if (!member_) return ConsumerGroupMetadata(settings_.group_id);
  const Lock lock(core_->mutex);
  auto metadata = std::make_shared<MemberMetadata>();
  metadata->member_id = member_->id;
  metadata->generation = member_->generation;
  if (member_->evicted) return {settings_.group_id, {}, ConsumerGroupMetadata::kUnknownGeneration, std::move(metadata)};
  return {settings_.group_id, std::to_string(member_->id), member_->generation, std::move(metadata)};
}

// ---- Partitions and positions

void EmbeddedConsumer::assign(const std::vector<std::pair<TopicPartition, std::int64_t>>& partitions) {
  if (member_) {
    throw BrokerException(Severity::fatal, "assign() on a consumer that subscribed: unsubscribe() first");
  }
  {
    const Lock lock(core_->mutex);
    // Check everything first, so that a missing topic leaves the present assignment as it is.
    for (const auto& [partition, offset] : partitions) (void)core_->topics.get(partition);
  }
  clear_readers();
  for (const auto& [partition, offset] : partitions) add_readers({partition}, offset);
}

void EmbeddedConsumer::add_readers(const std::vector<TopicPartition>& partitions, std::optional<std::int64_t> start) {
  const Lock lock(core_->mutex);
  for (const TopicPartition& partition : partitions) {
    PartitionLog& log = core_->topics.get(partition);
    auto& added = readers_[partition];
    // The partition was assigned already. A second entry in the waiters would wake the consumer twice.
    if (added.log != nullptr) std::erase(added.log->waiters, &waiter_);
    added = PartitionReader{};
    added.topic = core_->topics.get(partition.topic);
    added.log = &log;
    added.start = start;
    settle_start(added);
    log.waiters.push_back(&waiter_);
    topic_names_.insert(partition.topic);
  }
  // The map's elements do not move, so pointers to them stay valid.
  order_.clear();
  for (auto& [partition, reader_of] : readers_) order_.push_back(&reader_of);
}

void EmbeddedConsumer::remove_readers(const std::vector<TopicPartition>& partitions) {
  const Lock lock(core_->mutex);
  for (const TopicPartition& partition : partitions) {
    const auto found = readers_.find(partition);
    if (found == readers_.end()) continue;
    std::erase(found->second.log->waiters, &waiter_);
    readers_.erase(found);
  }
  order_.clear();
  for (auto& [partition, reader_of] : readers_) order_.push_back(&reader_of);
}

void EmbeddedConsumer::clear_readers() {
  std::vector<TopicPartition> all;
  for (const auto& [partition, reader_of] : readers_) all.push_back(partition);
  remove_readers(all);
}

PartitionReader& EmbeddedConsumer::reader(const TopicPartition& partition, const char* doing) {
  const auto found = readers_.find(partition);
  if (found != readers_.end()) return found->second;
  throw BrokerException(Severity::fatal, std::string("cannot ") + doing + " " + partition.str() +
                                             ": it is not assigned to this consumer");
}

void EmbeddedConsumer::set_paused(const std::vector<TopicPartition>& partitions, bool paused) {
  for (const TopicPartition& partition : partitions) {
    reader(partition, paused ? "pause" : "resume").paused = paused;
  }
}

void EmbeddedConsumer::seek(const TopicPartition& partition, std::int64_t offset) {
  PartitionReader& sought = reader(partition, "seek in");
  // Drops all fetched pages. The position is unset until the start is resolved.
  sought.start_at(Offset());
  sought.position.reset();
  const Lock lock(core_->mutex);
  if (sought.topic->deleted) follow_new_topic(sought);
  sought.start = offset;
  settle_start(sought);
}

// ---- Reading

Offset EmbeddedConsumer::reset_offset(const PartitionLog& log, const std::string& why) const {
  switch (settings_.reset) {
    case OffsetReset::earliest: return log.entry.log_start;
    // With read_committed, the end is the last stable offset.
    case OffsetReset::latest: return log.end(settings_.read_committed);
    case OffsetReset::none: break;
  }
  throw BrokerException(Severity::fatal, log.name.str() + ": " + why +
                                             ", and auto.offset.reset is none; seek(), commit an offset, or set it to "
                                             "earliest or latest");
}

void EmbeddedConsumer::log_reset(const TopicPartition& partition, const std::string& why, Offset to) const {
  log(LogLevel::warn, partition.str() + ": " + why + ": reading" +
                          (settings_.group_id.empty() ? std::string() : " for group '" + settings_.group_id + "'") +
                          " continues at offset " + to_string(to) + " (auto.offset.reset)");
}

void EmbeddedConsumer::settle_start(PartitionReader& reader_of) const {
  const PartitionLog& log = *reader_of.log;
  if (reader_of.start) {
    switch (*reader_of.start) {
      case kOffsetBeginning: return reader_of.start_at(log.entry.log_start);
      case kOffsetEnd: return reader_of.start_at(log.end(settings_.read_committed));
      default: return reader_of.start_at(Offset(*reader_of.start));
    }
  }
  // An open transaction may commit a new offset. Starting at the old one would process its records twice.
  if (core_->groups.is_pending(settings_.group_id, log.name)) return;
  if (const auto committed = core_->groups.committed(settings_.group_id, log.name)) {
    return reader_of.start_at(Offset(committed->offset));
  }
  // With `none`, refill() throws later, so that the caller can still seek().
  if (settings_.reset != OffsetReset::none) reader_of.start_at(reset_offset(log, ""));
}

void EmbeddedConsumer::follow_new_topic(PartitionReader& reader_of) {
  const TopicPartition name = reader_of.log->name;
  const auto topic = core_->topics.find(name.topic);
  if (!topic || name.partition >= topic->partition_count()) {
    throw UnknownTopicOrPartitionException(Severity::retriable,
                                           "topic '" + name.topic + "' was deleted while it was being read");
  }
  std::erase(reader_of.log->waiters, &waiter_);
  reader_of.topic = topic;
  reader_of.log = &core_->topics.get(name);
  reader_of.log->waiters.push_back(&waiter_);
  const std::string why = "the topic was deleted and created again while it was being read";
  reader_of.start_at(reset_offset(*reader_of.log, why));
  log_reset(name, why, *reader_of.position);
}

Fetched EmbeddedConsumer::fetch_current(const PartitionLog& log, Offset offset, Lock& lock) const {
  for (int attempt = 1;; ++attempt) {
    try {
      return fetch(core_->storage, lock, log, offset, settings_.read_committed);
    } catch (const StaleReadException&) {
      // fetch() reads without the mutex.
      if (!lock.owns_lock()) lock.lock();
      if (attempt == Core::kStaleAttempts) throw;
      core_->refresh(/*files_are_gone=*/true);
    }
  }
}

void EmbeddedConsumer::refill(PartitionReader& reader_of, Lock& lock) {
  // The object of a deleted topic lives on, but its records are gone.
  if (reader_of.topic->deleted) follow_new_topic(reader_of);
  const PartitionLog& log = *reader_of.log;
  if (!reader_of.position) {
    settle_start(reader_of);
    if (!reader_of.position && core_->groups.is_pending(settings_.group_id, log.name)) return;
    if (!reader_of.position) {
      reader_of.start_at(reset_offset(log, "group '" + settings_.group_id + "' has no committed offset"));
    }
  }
  while (reader_of.pages.empty()) {
    Offset& position = *reader_of.position;
    // Out of range: the records were deleted, or the caller sought too far. Kafka resets the position in the same way.
    if (position < log.entry.log_start || position > log.next) {
      const std::string why = "offset " + to_string(position) + " is not in the log (it holds " +
                              to_string(log.entry.log_start) + " to " + to_string(log.next) + ")";
      position = reset_offset(log, why);
      log_reset(log.name, why, position);
    }
    Fetched fetched = fetch_current(log, position, lock);
    // At the end.
    if (fetched.next == position) return;
    reader_of.fetched_to = fetched.next;
    for (PagePtr& page : fetched.pages) reader_of.pages.push_back(std::move(page));
    // Nothing visible so far: only control batches, aborted records, or gaps that compaction left.
    if (reader_of.pages.empty()) position = fetched.next;
  }
}

std::size_t EmbeddedConsumer::drain(PartitionReader& reader_of, std::vector<ConsumerRecord>& records,
                                    std::size_t room) {
  std::size_t taken = 0;
  const std::string* topic = &*topic_names_.find(reader_of.log->name.topic);
  PageRecord found;
  while (taken < room && !reader_of.pages.empty()) {
    const Page& page = *reader_of.pages.front();
    // Each page is decoded once, when its records are returned.
    if (!reader_of.cursor) reader_of.cursor.emplace(page);
    bool more = false;
    while (taken < room && (more = reader_of.cursor->next(found))) {
      if (found.offset < *reader_of.position) continue;  // the position is in the middle of the page
      ConsumerRecord& record = records.emplace_back();
      record.topic = topic;
      record.partition = reader_of.log->name.partition;
      record.offset = found.offset.value();
      record.timestamp = found.timestamp;
      record.key = found.key;
      record.value = found.value;
      if (found.header_count > 0) record.headers = decode_headers(found.header_count, found.header_bytes);
      // The record keeps the page alive, so its views stay valid after the reader has dropped the page.
      record.buffer = page.share();
      ++taken;
    }
    // Stopped inside the page because `room` is used up.
    if (taken > 0 && more) reader_of.position = Offset(records.back().offset) + 1;
    if (!more || reader_of.cursor->at_end()) {
      reader_of.cursor.reset();
      reader_of.pages.pop_front();
      // After the last page, the position moves over everything that was examined, also over invisible offsets.
      reader_of.position = reader_of.pages.empty() ? reader_of.fetched_to : reader_of.pages.front()->base_offset();
    }
  }
  return taken;
}

std::size_t EmbeddedConsumer::collect(std::vector<ConsumerRecord>& records, std::size_t max_records) {
  std::size_t taken = 0;
  const std::size_t count = order_.size();
  for (std::size_t i = 0; i < count && taken < max_records; ++i) {
    PartitionReader& next = *order_[(turn_ + i) % count];
    if (next.paused) continue;
    // The position may move past invisible records without returning one; then try again.
    while (taken < max_records) {
      if (next.pages.empty()) {
        Lock lock(core_->mutex);
        // The mutex is locked only to fetch pages. Records are decoded without it.
        refill(next, lock);
      }
      const std::size_t got = drain(next, records, max_records - taken);
      if (got == 0 && next.pages.empty()) break;
      taken += got;
    }
  }
  // The next poll() begins with the next partition, so that a busy partition cannot starve the others.
  if (count > 0) turn_ = (turn_ + 1) % count;
  return taken;
}

void EmbeddedConsumer::poll(std::vector<ConsumerRecord>& records, std::size_t max_records, Millis timeout) {
  const auto start = SteadyClock::now();
  const auto deadline = start + std::min(timeout, kLongestWait);
  for (;;) {
    {
      const Lock lock(core_->mutex);
      // Reset before the work: a signal that arrives during the work ends the wait below at once.
      waiter_.signalled = false;
      if (member_) member_->last_poll = SteadyClock::now();
    }
    follow_group();
    report_missing_topics();
    if (collect(records, max_records) > 0) return;

    Lock lock(core_->mutex);
    // A waiting member counts as polling, see Groups::expire().
    if (member_) member_->waiting = true;
    const bool woken = waiter_.wake.wait_until(lock, deadline, [this] { return waiter_.signalled || wakeup_; });
    if (member_) {
      member_->waiting = false;
      member_->last_poll = SteadyClock::now();
    }
    // Otherwise a signal came: new records or a rebalance. Look again.
    if (std::exchange(wakeup_, false) || !woken) return;
  }
}

void EmbeddedConsumer::wakeup() {
  const Lock lock(core_->mutex);
  wakeup_ = true;
  waiter_.wake.notify_one();
}

std::optional<std::int64_t> EmbeddedConsumer::position(const TopicPartition& partition) {
  PartitionReader& asked = reader(partition, "tell the position in");
  Lock lock(core_->mutex);
  // Moves the position over invisible offsets at the end, so that a caller can compare it with the end of the log.
  if (asked.pages.empty()) refill(asked, lock);
  return asked.position ? std::optional(asked.position->value()) : std::nullopt;
}

std::optional<std::int64_t> EmbeddedConsumer::current_lag(const TopicPartition& partition) {
  PartitionReader& asked = reader(partition, "tell the lag of");
  Lock lock(core_->mutex);
  if (asked.pages.empty()) refill(asked, lock);
  if (!asked.position) return std::nullopt;
  // The log can be shorter than the position after a seek beyond its end.
  return std::max<std::int64_t>(0, asked.log->end(settings_.read_committed) - *asked.position);
}

// ---- Requests to the broker

Watermarks EmbeddedConsumer::query_watermarks(const TopicPartition& partition, Millis /*timeout*/) {
  const Lock lock(core_->mutex);
  const PartitionLog& log = core_->topics.get(partition);
  return {log.entry.log_start.value(), log.end(settings_.read_committed).value()};
}

std::optional<std::int64_t> EmbeddedConsumer::offset_for_time(const TopicPartition& partition, Timestamp timestamp,
                                                              Millis /*timeout*/) {
  Lock lock(core_->mutex);
  const auto topic = core_->topics.get(partition.topic);
  const PartitionLog& log = core_->topics.get(partition);
  Offset offset = log.entry.log_start;
  for (;;) {
    const Fetched fetched = fetch_current(log, offset, lock);
    // Reached the end without a match.
    if (fetched.next == offset) return std::nullopt;
    for (const PagePtr& page : fetched.pages) {
      // The header tells without decoding that no record of the page is late enough.
      if (page->header().max_timestamp < timestamp) continue;
      PageCursor cursor(*page);
      PageRecord record;
      while (cursor.next(record)) {
        if (record.offset >= offset && record.timestamp >= timestamp) return record.offset.value();
      }
    }
    offset = fetched.next;
  }
}

std::map<TopicPartition, OffsetAndMetadata> EmbeddedConsumer::committed(const std::vector<TopicPartition>& partitions,
                                                                        Millis timeout) {
  require_group("committed()");
  Lock lock(core_->mutex);
  const auto stable = [&] {
    return std::none_of(partitions.begin(), partitions.end(),
                        [&](const auto& p) { return core_->groups.is_pending(settings_.group_id, p); });
  };
  if (!core_->groups.pending_ended().wait_for(lock, std::min(timeout, kLongestWait), stable)) {
    throw BrokerException(Severity::retriable, "group '" + settings_.group_id +
                                                   "': the committed offsets are part of a transaction that did not "
                                                   "end within " +
                                                   std::to_string(timeout.count()) + " ms");
  }
  std::map<TopicPartition, OffsetAndMetadata> found;
  for (const TopicPartition& partition : partitions) {
    if (auto offset = core_->groups.committed(settings_.group_id, partition)) {
      found.emplace(partition, std::move(*offset));
    }
  }
  return found;
}

void EmbeddedConsumer::commit_sync(const std::map<TopicPartition, OffsetAndMetadata>& offsets) {
  require_group("commit_sync()");
  const Lock lock(core_->mutex);
  // Refused if the group removed this consumer. Otherwise a slow member could overwrite the new owner's offsets.
  core_->groups.check_commit(settings_.group_id, member_.get());
  core_->groups.commit(settings_.group_id, offsets);
}

}  // namespace millrace::detail::embedded
