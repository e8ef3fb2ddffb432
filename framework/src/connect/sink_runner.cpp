// SPDX-License-Identifier: Apache-2.0
#include "millrace/connect/sink_runner.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include "common/log_seldom.hpp"
#include "connect/backoff.hpp"
#include "connect/dead_letter_queue.hpp"
#include "connect/sink_metrics.hpp"
#include "connect/sink_offsets.hpp"
#include "millrace/common/errors.hpp"
#include "millrace/common/logging.hpp"

namespace millrace::connect {
namespace {

using Severity = BrokerException::Severity;
using SteadyClock = std::chrono::steady_clock;
using Offsets = std::map<TopicPartition, std::int64_t>;

/// How long a poll may wait for records. A wish to stop is noticed as late as this.
constexpr Millis kPollTimeout{100};
/// How often a sink without records is called.
constexpr std::chrono::seconds kIdleCall{1};
constexpr Millis kAnswer{10'000};
/// A connection that has lasted so long counts as a success: the next failure is retried soon.
constexpr std::chrono::seconds kLasting{30};

ClientConfig consumer_settings(const SinkSettings& settings) {
  ClientConfig config{{"auto.offset.reset", "earliest"},
                      {"isolation.level", "read_committed"},
                      {"partition.assignment.strategy", "cooperative-sticky"}};
  for (const auto& [key, value] : settings.config.client_settings("consumer")) config.insert_or_assign(key, value);
  config["group.id"] = settings.id;
  // Only the runner knows what the sink has.
  config["enable.auto.commit"] = "false";
  return config;
}

}  // namespace

class SinkRunner::Impl final : private RebalanceListener, private SinkContext {
 public:
  Impl(std::shared_ptr<Broker> broker, Sink& sink, SinkSettings settings)
      : broker_(std::move(broker)),
        sink_(sink),
        settings_(checked(std::move(settings))),
        metrics_(settings_.id),
        dead_letters_(*broker_, settings_.id, settings_.config),
        consumer_(broker_->make_consumer(consumer_settings(settings_))),
        offsets_(*consumer_),
        backoff_(settings_.config.get_millis("retry.backoff.ms"),
                 settings_.config.get_millis("millrace.connector.retry.delay.max.ms")) {}

  /// The consumer tells its listener, this object, that it leaves the group.
  ~Impl() override { consumer_.reset(); }

  void run(const std::stop_token& stop) {
    stop_ = stop;
    if (settings_.until_end) ends_ = log_ends();
    consumer_->subscribe(settings_.topics, *this);
    try {
      while (!stop.stop_requested() && !complete()) step();
    } catch (...) {
      close_sink();
      throw;
    }
    leave();
  }

  [[nodiscard]] SinkCounters counters() const { return metrics_.counters(); }
  [[nodiscard]] Metrics metrics() { return metrics_.snapshot(); }

 private:
  static SinkSettings checked(SinkSettings settings) {
    if (settings.id.empty()) throw ConfigException("a sink needs an application.id");
    if (settings.topics.empty()) throw ConfigException("the sink '" + settings.id + "' needs a topic to read");
    settings.max_batch = std::max<std::size_t>(settings.max_batch, 1);
    return settings;
  }

  /// One round. What the sink throws because its far side is away ends in a pause.
  void step() {
    try {
      if (!open_) {
        opened_ = SteadyClock::now();
        open_ = true;
        sink_.open(*this);
        offsets_.take_positions(sink_);
      }
      copy();
    } catch (const RetriableException& error) {
      if (stop_.stop_requested()) return;
      recover(error.what());
    }
    metrics_.look();
  }

  void copy() {
    records_.clear();
    consumer_->poll(records_, settings_.max_batch, kPollTimeout);
    offsets_.read(records_);
    if (offsets_.has_fresh()) offsets_.take_positions(sink_);
    offsets_.drop_repeated(records_);
    const auto now = SteadyClock::now();
    if (records_.empty() && now - called_ < kIdleCall) return;
    called_ = now;
    metrics_.read.add(records_.size());
    sink_.put(records_);
    sink_.flush();
    offsets_.given(records_);
    commit();
    if (!records_.empty()) backoff_.reset();
  }

  /// Commits what the sink has.
  void commit() {
    const auto offsets = offsets_.to_commit(sink_);
    if (offsets.empty()) return;
    // Before the offsets, so that a crash cannot lose a dead letter.
    metrics_.dead_letters.add(dead_letters_.flush(stop_));
    metrics_.rejected.add(std::exchange(rejected_, 0));
    try {
      metrics_.written.add(offsets_.commit(offsets));
    } catch (const BrokerException& error) {
      // The group rebalances, or the coordinator is away. The next round commits.
      if (error.severity() != Severity::retriable && error.severity() != Severity::fenced) throw;
      millrace::detail::log_seldom(LogLevel::info, settings_.id + " commit",
                                   std::string("offsets are committed later: ") + error.what());
    }
  }

  /// The far side is away. The consumer stays in its group, and reads nothing meanwhile.
  void recover(const std::string& why) {
    close_sink();
    // The records after the last commit are rejected again, if they still deserve it.
    dead_letters_.forget();
    rejected_ = 0;
    if (SteadyClock::now() - opened_ > kLasting) backoff_.reset();
    const Millis pause = backoff_.next();
    metrics_.retries.add();
    millrace::detail::log_seldom(
        LogLevel::warn, settings_.id + " retry " + why.substr(0, 60),
        sink_.name() + ": " + why + "; trying again in " + std::to_string(pause.count()) + " ms");
    const auto until = SteadyClock::now() + pause;
    std::vector<ConsumerRecord> none;
    while (!stop_.stop_requested()) {
      const auto left = std::chrono::ceil<Millis>(until - SteadyClock::now());
      if (left <= Millis(0)) break;
      // A rebalance may bring partitions meanwhile.
      consumer_->pause(offsets_.assigned());
      consumer_->poll(none, 1, std::min(left, kPollTimeout));
      // A partition that came in this call was not paused yet.
      offsets_.read(none);
      none.clear();
      metrics_.look();
    }
    offsets_.seek_back();
    consumer_->resume(offsets_.assigned());
  }

  void close_sink() {
    if (std::exchange(open_, false)) sink_.close();
  }

  void leave() {
    // The sink is closed last: the listener asks it for the last offsets.
    consumer_->unsubscribe();
    close_sink();
  }

  /// With `until_end`: the end of each partition at the start.
  [[nodiscard]] Offsets log_ends() {
    Offsets ends;
    const auto admin = broker_->make_admin();
    for (const auto& name : settings_.topics) {
      const auto topic = admin->describe_topic(name, kAnswer);
      if (!topic) throw TopologyException("topic '" + name + "' does not exist");
      for (std::int32_t partition = 0; partition < topic->partitions; ++partition) {
        const TopicPartition id{name, partition};
        // Of all records, also of those whose transaction is still open.
        const auto marks = admin->watermarks(id, kAnswer);
        if (marks.high > marks.low) ends[id] = marks.high;
      }
    }
    return ends;
  }

  /// With `until_end`: true if everything is written. Other processes of the group may have written a part.
  [[nodiscard]] bool complete() {
    if (!ends_ || SteadyClock::now() - asked_ < kPollTimeout || !records_.empty()) return false;
    asked_ = SteadyClock::now();
    offsets_.pass_markers();
    commit();
    std::vector<TopicPartition> partitions;
    for (const auto& [partition, end] : *ends_) partitions.push_back(partition);
    const auto committed = consumer_->committed(partitions, kAnswer);
    return std::ranges::all_of(*ends_, [&](const auto& end) {
      const auto found = committed.find(end.first);
      return found != committed.end() && found->second.offset >= end.second;
    });
  }

  // RebalanceListener
  std::vector<TopicPartition> on_partitions_assigned(const std::vector<TopicPartition>& partitions) override {
    offsets_.assign(partitions);
    return partitions;
  }
  std::vector<TopicPartition> on_partitions_revoked(const std::vector<TopicPartition>& partitions) override {
    if (open_) {
      try {
        sink_.revoked(partitions, false);
        sink_.flush();
        commit();
      } catch (const RetriableException&) {
        // The next owner gets these records again.
      }
    }
    offsets_.forget(partitions);
    return partitions;
  }
  std::vector<TopicPartition> on_partitions_lost(const std::vector<TopicPartition>& partitions) override {
    if (open_) {
      try {
        sink_.revoked(partitions, true);
      } catch (const RetriableException&) {
        // As above.
      }
    }
    offsets_.forget(partitions);
    return partitions;
  }

  // SinkContext
  [[nodiscard]] std::stop_token stop() const override { return stop_; }
  void reject(const ConsumerRecord& record, std::string_view reason) override {
    ++rejected_;
    dead_letters_.add(record, reason, sink_.name());
  }

  const std::shared_ptr<Broker> broker_;
  Sink& sink_;
  const SinkSettings settings_;
  detail::SinkMetrics metrics_;
  detail::DeadLetterQueue dead_letters_;
  std::unique_ptr<Consumer> consumer_;
  detail::SinkOffsets offsets_;
  detail::Backoff backoff_;
  std::stop_token stop_;
  std::vector<ConsumerRecord> records_;
  std::uint64_t rejected_ = 0;  ///< records that are not committed yet; they may come, and be rejected, again
  bool open_ = false;           ///< the sink must be closed
  SteadyClock::time_point opened_;
  SteadyClock::time_point called_;  ///< the sink's put()
  SteadyClock::time_point asked_;   ///< complete()
  std::optional<Offsets> ends_;
};

SinkRunner::SinkRunner(std::shared_ptr<Broker> broker, Sink& sink, SinkSettings settings)
    : impl_(std::make_unique<Impl>(std::move(broker), sink, std::move(settings))) {}
SinkRunner::~SinkRunner() = default;
void SinkRunner::run(const std::stop_token& stop) { impl_->run(stop); }
SinkCounters SinkRunner::counters() const { return impl_->counters(); }
Metrics SinkRunner::metrics() const { return impl_->metrics(); }

}  // namespace millrace::connect
