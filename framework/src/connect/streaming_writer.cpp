// SPDX-License-Identifier: Apache-2.0
#include <chrono>
#include <deque>
#include <utility>

#include "common/log_seldom.hpp"
#include "connect/backoff.hpp"
#include "connect/source_writer.hpp"
#include "millrace/broker/unknown_topic.hpp"
#include "millrace/common/errors.hpp"

namespace millrace::connect::detail {
namespace {

using Severity = BrokerException::Severity;
using millrace::detail::log_seldom;

/// The most that waits for the broker: bytes of keys and values, and records. Enough for the highest rates, and the
/// bound of memory while the broker is away.
constexpr std::size_t kMostBytes = 48 * 1024 * 1024;
constexpr std::size_t kMostRecords = 100'000;
/// How soon a wish to stop is noticed while there is no room.
constexpr Millis kLook{100};
/// So many producers in a row may end with a fatal error.
constexpr int kMostProducers = 5;

/// Sends records in order with an idempotent producer. Keeps each record until the broker has it, so that it can be
/// sent again by another producer.
class StreamingWriter final : public SourceWriter, private DeliveryListener {
 public:
  StreamingWriter(const WriterEnvironment& environment, SourceKind kind) : environment_(environment), kind_(kind) {
    make_producer();
  }
  ~StreamingWriter() override { listening_ = false; }

  void begin(const std::stop_token& /*stop*/) override {
    // Records of the connection before stay under way, but nobody can acknowledge them any more.
    done_ = 0;
    before_ = under_way_.size();
  }
  [[nodiscard]] const std::optional<SourcePosition>& position() const override { return position_; }

  void write(std::vector<SourceRecord> records, const std::stop_token& stop) override {
    for (SourceRecord& record : records) {
      make_room(stop);
      Entry entry{std::move(record)};
      if (const std::string error = entry.record.error; !error.empty()) reject(entry, error);
      count(entry);
      under_way_.push_back(std::move(entry));
      if (!unsent_) send(under_way_.size() - 1);
    }
    serve();
  }

  [[nodiscard]] std::size_t done() override {
    serve();
    return done_;
  }
  [[nodiscard]] bool busy() const override { return !under_way_.empty(); }

  [[nodiscard]] bool finish(const std::stop_token& stop, Millis patience) override {
    const auto begin = std::chrono::steady_clock::now();
    std::optional<std::chrono::steady_clock::time_point> asked;
    while (!under_way_.empty()) {
      const auto now = std::chrono::steady_clock::now();
      if (stop.stop_requested() && !asked) asked = now;
      if (asked && now - *asked > patience) return false;
      if (now - begin > kLook) {
        log_seldom(LogLevel::info, environment_.settings.id + " finish",
                   "waiting until the broker has the last " + std::to_string(under_way_.size()) + " records");
      }
      flush();
      serve();
    }
    return true;
  }

 private:
  enum class Fate { record, dead_letter, left_out };
  struct Entry {
    SourceRecord record;
    Fate fate = Fate::record;
    bool done = false;
    std::size_t bytes = 0;  ///< its share of bytes_
  };

  void count(Entry& entry) {
    constexpr std::size_t kOverhead = 200;
    const auto size = [](const std::optional<std::string>& bytes) { return bytes ? bytes->size() : 0; };
    bytes_ -= entry.bytes;
    entry.bytes = kOverhead + size(entry.record.key) + size(entry.record.value);
    bytes_ += entry.bytes;
  }

  void make_producer() {
    ClientConfig config = environment_.producer_settings();
    config["enable.idempotence"] = "true";
    // A record is never given up because the broker is away. The bounds above hold the source back.
    config["delivery.timeout.ms"] = "2147483647";
    // An acknowledged source often has few messages under way, and waits for their acknowledgement.
    config.emplace("linger.ms", kind_ == SourceKind::acknowledged ? "1" : "5");
    config.emplace("compression.type", "lz4");
    one_record_each_ = wants_small_batches_;
    if (one_record_each_) config["batch.num.messages"] = "1";
    // The former producer may report what it gives up.
    listening_ = false;
    producer_.reset();
    listening_ = true;
    producer_ = environment_.broker.make_producer(config, this);
  }

  void make_room(const std::stop_token& stop) {
    end_small_batches(stop);
    while (under_way_.size() >= kMostRecords || bytes_ >= kMostBytes) {
      // The caller must end soon. It does not ask for more, so what is under way stays bounded.
      if (stop.stop_requested()) return;
      log_seldom(LogLevel::warn, environment_.settings.id + " full",
                 std::to_string(under_way_.size()) + " records wait for the broker; " + environment_.source +
                     " is not read meanwhile");
      flush();
      serve();
    }
  }

  /// When the broker has the records that needed batches of their own, the next ones are sent in batches again.
  void end_small_batches(const std::stop_token& stop) {
    if (!one_record_each_ || first_ < small_until_) return;
    while (!under_way_.empty() && !stop.stop_requested()) {
      flush();
      serve();
    }
    if (!under_way_.empty()) return;
    wants_small_batches_ = false;
    make_producer();
  }

  /// Waits for deliveries, for a short time.
  void flush() {
    try {
      producer_->flush(kLook);
    } catch (const BrokerException& error) {
      if (error.severity() != Severity::retriable) recover(error);
    }
  }

  /// Sends the record at this place of under_way_, unless it is done.
  void send(std::size_t at) {
    Entry& entry = under_way_[at];
    if (entry.done) return;
    try {
      const SourceRecord& record = entry.record;
      producer_->send({.topic = environment_.topic_of(record),
                       .partition = record.partition,
                       .key = record.key,
                       .value = record.value,
                       .timestamp = record.timestamp,
                       .headers = record.headers.empty() ? nullptr : &record.headers},
                      first_ + at);
    } catch (const BrokerException& error) {
      recover(error);
    }
  }

  /// Only a new producer helps. It sends again what has no delivery report, in order; the broker may have some of it
  /// already.
  void recover(const BrokerException& error) {
    if (error.severity() == Severity::fenced) throw error;
    if (!under_way_.empty()) unsent_ = true;
    if (++producers_ >= kMostProducers) throw error;
    log_seldom(LogLevel::warn, environment_.settings.id + " producer",
               std::string("making a new producer, records may be repeated: ") + error.what());
  }

  /// Takes delivery reports, and what follows from them.
  void serve() {
    try {
      producer_->poll();
    } catch (const BrokerException& error) {
      recover(error);
    }
    if (missing_topic_) throw TopologyException(*std::exchange(missing_topic_, std::nullopt));
    pop_done();
    if (!unsent_) return;
    // What is behind the failed record may arrive yet. It is then not sent twice.
    flush_before_change();
    pop_done();
    make_producer();
    unsent_ = false;
    for (std::size_t at = 0; at < under_way_.size() && !unsent_; ++at) send(at);
  }

  void flush_before_change() {
    try {
      producer_->flush(kLook);
    } catch (const BrokerException&) {
      // The producer is given up anyway.
    }
  }

  void pop_done() {
    while (!under_way_.empty() && under_way_.front().done) {
      const Entry& entry = under_way_.front();
      if (entry.fate == Fate::record) environment_.metrics.written.add();
      if (entry.fate == Fate::dead_letter) environment_.metrics.dead_letters.add();
      bytes_ -= entry.bytes;
      if (before_ > 0) {
        --before_;
      } else {
        ++done_;
      }
      under_way_.pop_front();
      ++first_;
      producers_ = 0;
    }
  }

  /// Called inside the producer's functions.
  void on_delivery(const Delivery& delivery) override {
    if (!listening_ || delivery.token < first_ || delivery.token - first_ >= under_way_.size()) return;
    Entry& entry = under_way_[delivery.token - first_];
    if (entry.done) return;
    if (delivery.error == nullptr) {
      entry.done = true;
      return;
    }
    if (dynamic_cast<const UnknownTopicOrPartitionException*>(delivery.error) != nullptr) {
      missing_topic_ = "topic '" + environment_.topic_of(entry.record) +
                       "' does not exist (any more), so a record of " + environment_.source +
                       " cannot be written: create the topic and start again";
      return;
    }
    // Not the record's fault. It and those behind it are sent again, in order.
    if (delivery.error->severity() == Severity::retriable) {
      unsent_ = true;
      return;
    }
    // The broker refuses a whole batch. Which of its records is to blame shows when each has a batch of its own.
    if (delivery.partition >= 0 && !one_record_each_) {
      wants_small_batches_ = true;
      small_until_ = first_ + under_way_.size();
      unsent_ = true;
      return;
    }
    reject(entry, "the broker refuses the record for topic '" + environment_.topic_of(entry.record) +
                      "': " + delivery.error->what());
    count(entry);
    // The dead letter is sent with the records behind it.
    if (!entry.done) unsent_ = true;
  }

  void reject(Entry& entry, const std::string& reason) {
    environment_.reject(entry.record, reason);
    // A refused dead letter must not lead to another one.
    if (environment_.dead_letter_topic.empty() || entry.fate == Fate::dead_letter) {
      entry.fate = Fate::left_out;
      entry.done = true;
      return;
    }
    entry.record = environment_.dead_letter(std::move(entry.record), reason);
    entry.fate = Fate::dead_letter;
  }

  const WriterEnvironment environment_;
  const SourceKind kind_;
  const std::optional<SourcePosition> position_;  ///< such sources have none
  std::deque<Entry> under_way_;
  std::uint64_t first_ = 0;  ///< the token of the first record in under_way_
  std::size_t bytes_ = 0;    ///< of under_way_
  std::size_t before_ = 0;   ///< so many records in front belong to an earlier connection of the source
  std::size_t done_ = 0;
  bool unsent_ = false;               ///< the records in under_way_ must be sent again
  int producers_ = 0;                 ///< producers in a row that failed
  bool listening_ = true;             ///< delivery reports count
  bool one_record_each_ = false;      ///< the producer makes batches of one record
  bool wants_small_batches_ = false;  ///< the next producer shall
  std::uint64_t small_until_ = 0;     ///< the token behind the records that need small batches
  std::optional<std::string> missing_topic_;
  std::unique_ptr<Producer> producer_;  // last: reports go to this object while it ends
};

}  // namespace

std::unique_ptr<SourceWriter> make_streaming_writer(const WriterEnvironment& environment, SourceKind kind) {
  return std::make_unique<StreamingWriter>(environment, kind);
}

}  // namespace millrace::connect::detail
