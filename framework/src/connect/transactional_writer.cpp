// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <map>
#include <utility>

#include "common/log_seldom.hpp"
#include "connect/backoff.hpp"
#include "connect/source_writer.hpp"
#include "millrace/broker/unknown_topic.hpp"
#include "millrace/common/errors.hpp"
#include "millrace/common/logging.hpp"

namespace millrace::connect::detail {
namespace {

using Severity = BrokerException::Severity;
using millrace::detail::log_seldom;

/// How long one call of the producer may wait. A call that fails is repeated, so this only says how soon a wish to stop
/// is noticed.
constexpr Millis kCallTimeout{10'000};
/// The longest pause before a failed transaction is sent again.
constexpr Millis kLongestPause{5'000};
/// So many producers in a row may end with a fatal error.
constexpr int kMostProducers = 5;

/// Records and position go into the same transaction, so a crash leaves both or none.
class TransactionalWriter final : public SourceWriter, private DeliveryListener {
 public:
  explicit TransactionalWriter(const WriterEnvironment& environment)
      : environment_(environment), place_{environment.settings.topic, 0} {
    make_producer();
  }
  ~TransactionalWriter() override { listening_ = false; }

  void begin(const std::stop_token& stop) override {
    pending_.clear();
    done_ = 0;
    if (started_) return;
    repeat(stop, "starting transactions", [&] { start_producer(); });
    const auto consumer = environment_.broker.make_consumer({{"group.id", environment_.settings.id}});
    std::map<TopicPartition, OffsetAndMetadata> committed;
    // For a moment, a broker that has just started does not know its coordinators. The same holds for the first group
    // of a broker.
    repeat(stop, "reading the position", [&] { committed = consumer->committed({place_}, kCallTimeout); });
    if (stop.stop_requested()) return;
    if (const auto found = committed.find(place_); found != committed.end()) {
      position_ = {.number = found->second.offset, .text = found->second.metadata};
    }
    started_ = true;
  }

  [[nodiscard]] const std::optional<SourcePosition>& position() const override { return position_; }
  [[nodiscard]] std::size_t done() override { return done_; }
  [[nodiscard]] bool busy() const override { return false; }

  void write(std::vector<SourceRecord> records, const std::stop_token& stop) override {
    for (SourceRecord& record : records) {
      Entry entry{std::move(record), Fate::record};
      if (const std::string error = entry.record.error; !error.empty()) reject(entry, error);
      pending_.push_back(std::move(entry));
    }
    // A transaction must end where the source can go on.
    if (!pending_.empty() && pending_.back().record.position) commit_pending(stop);
  }

  [[nodiscard]] bool finish(const std::stop_token& stop, Millis /*patience*/) override {
    // At the end of a source nothing follows the last record, so it needs no position. After a wish to stop, the next
    // run reads these records again.
    if (!stop.stop_requested() && !pending_.empty()) commit_pending(stop);
    return true;
  }

 private:
  enum class Fate { record, dead_letter, left_out };
  struct Entry {
    SourceRecord record;
    Fate fate;
  };

  void make_producer() {
    auto config = environment_.producer_settings();
    // The fixed id makes a second runner with the same id fence this one.
    config["transactional.id"] = environment_.settings.id;
    if (one_record_each_) config["batch.num.messages"] = "1";
    // The former producer may report what it gives up.
    listening_ = false;
    producer_.reset();
    listening_ = true;
    producer_ = environment_.broker.make_producer(config, this);
    ready_ = false;
  }

  void start_producer() {
    if (!ready_) producer_->init_transactions(kCallTimeout);
    ready_ = true;
  }

  void commit_pending(const std::stop_token& stop) {
    Backoff backoff(environment_.settings.config.get_millis("retry.backoff.ms"), kLongestPause);
    int producers = 0;
    while (!stop.stop_requested()) {
      refused_.reset();
      try {
        start_producer();
        send_all(stop);
        break;
      } catch (const BrokerException& error) {
        if (error.severity() == Severity::fenced) throw taken_over(error);
        if (error.severity() == Severity::fatal && ++producers >= kMostProducers) throw;
        if (!refused_) {
          log_seldom(LogLevel::warn, environment_.settings.id + " transaction",
                     "writing " + std::to_string(pending_.size()) + " records of " + environment_.source +
                         " failed, trying again: " + error.what());
        }
        if (error.severity() == Severity::fatal) {
          make_producer();
        } else {
          repeat(stop, "aborting a transaction", [&] { producer_->abort_transaction(kCallTimeout); });
        }
      }
      if (refused_) {
        leave_out_refused();
      } else if (stopped_within(stop, backoff.next())) {
        break;
      }
    }
    if (stop.stop_requested() && !committed_) return;
    committed_ = false;
    for (const Entry& entry : pending_) {
      if (entry.fate == Fate::record) environment_.metrics.written.add();
      if (entry.fate == Fate::dead_letter) environment_.metrics.dead_letters.add();
    }
    if (pending_.back().record.position) position_ = pending_.back().record.position;
    done_ += pending_.size();
    pending_.clear();
    if (std::exchange(one_record_each_, false)) make_producer();
  }

  void send_all(const std::stop_token& stop) {
    producer_->begin_transaction();
    for (std::size_t at = 0; at < pending_.size(); ++at) {
      const auto& [record, fate] = pending_[at];
      if (fate == Fate::left_out) continue;
      producer_->send({.topic = environment_.topic_of(record),
                       .partition = record.partition,
                       .key = record.key,
                       .value = record.value,
                       .timestamp = record.timestamp,
                       .headers = record.headers.empty() ? nullptr : &record.headers},
                      at);
      // A record that the client itself refuses is reported inside send(). The transaction could go on without it.
      if (refused_) throw BrokerException(Severity::abortable, refusal_);
    }
    if (const auto& last = pending_.back().record.position) {
      producer_->send_offsets_to_transaction({{place_, {last->number, {}, last->text}}},
                                             ConsumerGroupMetadata(environment_.settings.id));
    }
    commit(stop);
    committed_ = true;
  }

  /// A commit that timed out may or may not have happened. Only a repeated commit tells. After a wish to stop, nobody
  /// needs to know: the next run asks the broker for the position.
  void commit(const std::stop_token& stop) {
    while (true) {
      try {
        return producer_->commit_transaction(kCallTimeout);
      } catch (const BrokerException& error) {
        if (error.severity() != Severity::retriable || stop.stop_requested()) throw;
        log_seldom(LogLevel::warn, environment_.settings.id + " commit",
                   std::string("the broker does not answer a commit, asking again: ") + error.what());
      }
    }
  }

  /// Called inside the producer's functions.
  void on_delivery(const Delivery& delivery) override {
    if (!listening_ || delivery.error == nullptr || refused_ || delivery.token >= pending_.size()) return;
    // These failures say nothing about the record.
    const auto severity = delivery.error->severity();
    if (severity == Severity::retriable || severity == Severity::fenced) return;
    if (dynamic_cast<const UnknownTopicOrPartitionException*>(delivery.error) != nullptr) return;
    refused_ = delivery.token;
    refusal_ = delivery.error->what();
    refused_in_batch_ = delivery.partition >= 0;
  }

  void leave_out_refused() {
    // The broker refuses a whole batch. Which of its records is to blame shows when each has a batch of its own.
    if (refused_in_batch_ && !one_record_each_) {
      one_record_each_ = true;
      make_producer();
      return;
    }
    Entry& entry = pending_[*refused_];
    reject(entry, "the broker refuses the record for topic '" + environment_.topic_of(entry.record) + "': " + refusal_);
  }

  void reject(Entry& entry, const std::string& reason) {
    environment_.reject(entry.record, reason);
    // A refused dead letter must not lead to another one.
    if (environment_.dead_letter_topic.empty() || entry.fate == Fate::dead_letter) {
      entry.fate = Fate::left_out;
      return;
    }
    entry.record = environment_.dead_letter(std::move(entry.record), reason);
    entry.fate = Fate::dead_letter;
  }

  /// Calls `call` until it succeeds or `stop` is requested.
  template <class F>
  void repeat(const std::stop_token& stop, const char* doing, F call) {
    Backoff backoff(environment_.settings.config.get_millis("retry.backoff.ms"), kLongestPause);
    while (!stop.stop_requested()) {
      try {
        return call();
      } catch (const BrokerException& error) {
        if (error.severity() == Severity::fenced) throw taken_over(error);
        if (error.severity() != Severity::retriable) throw;
        log_seldom(LogLevel::warn, environment_.settings.id + doing,
                   std::string(doing) + " failed, trying again: " + error.what());
      }
      if (stopped_within(stop, backoff.next())) return;
    }
  }

  [[nodiscard]] BrokerException taken_over(const BrokerException& error) const {
    return {Severity::fenced, "another program with the application.id '" + environment_.settings.id +
                                  "' has taken over (" + error.what() + ")"};
  }

  const WriterEnvironment environment_;
  const TopicPartition place_;    ///< its committed offset is the position
  bool listening_ = true;         ///< delivery reports count
  bool ready_ = false;            ///< the producer has started its transactions
  bool one_record_each_ = false;  ///< the producer makes batches of one record
  bool started_ = false;
  std::optional<SourcePosition> position_;
  std::vector<Entry> pending_;  ///< read, and not committed
  bool committed_ = false;      ///< pending_ is committed
  std::size_t done_ = 0;
  std::optional<std::size_t> refused_;  ///< index in pending_ of a record that the broker refuses for good
  std::string refusal_;
  bool refused_in_batch_ = false;
  std::unique_ptr<Producer> producer_;  // last: it may report to this object while it ends
};

}  // namespace

std::unique_ptr<SourceWriter> make_transactional_writer(const WriterEnvironment& environment) {
  return std::make_unique<TransactionalWriter>(environment);
}

}  // namespace millrace::connect::detail
