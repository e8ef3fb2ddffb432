// SPDX-License-Identifier: Apache-2.0
#include "chaos/faulty_broker.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include "millrace/common/errors.hpp"

namespace millrace::chaos {
namespace {

using Severity = BrokerException::Severity;

// Nothing in a simulation waits in real time.
constexpr Millis kNoWait{0};

/// Shared by the clients of one process: injects faults into calls, and refuses calls after a crash.
class Line {
 public:
  Line(Faults& faults, std::shared_ptr<bool> alive) : faults(faults), alive_(std::move(alive)) {}

  Faults& faults;

  [[nodiscard]] bool alive() const { return *alive_; }

  /// Makes a call that may fail before the request reaches the broker, or after the broker has executed it.
  template <class Call>
  auto call(const char* name, std::vector<Severity> severities, Call&& body) {
    check(name);
    const bool fails = faults.calls_per_fault > 0 && faults.chance.one_in(faults.calls_per_fault);
    const bool before = fails && faults.chance.one_in(2);
    if (before) fail(name, severities, "the request was lost");
    if constexpr (std::is_void_v<decltype(body())>) {
      body();
      if (fails) fail(name, severities, "the answer was lost");
    } else {
      auto result = body();
      if (fails) fail(name, severities, "the answer was lost");
      return result;
    }
  }

  void check(const char* name) const {
    if (!alive()) throw BrokerException(Severity::fatal, std::string(name) + ": this process has crashed");
  }

 private:
  [[noreturn]] void fail(const char* name, const std::vector<Severity>& severities, const char* what) {
    ++faults.injected;
    const auto severity =
        severities[static_cast<std::size_t>(faults.chance.below(static_cast<int>(severities.size())))];
    throw BrokerException(severity, std::string(name) + ": " + what + " (injected)");
  }

  std::shared_ptr<bool> alive_;
};

std::int64_t setting(const ClientConfig& config, const char* key, std::int64_t otherwise) {
  const auto found = config.find(key);
  return found == config.end() ? otherwise : std::stoll(found->second);
}

/// A deadline on the simulation's clock, for polls that must repeat in time and for transactions that must end in time.
class Deadline {
 public:
  Deadline(const Clock* clock, std::int64_t allowed_ms) : clock_(clock), allowed_ms_(allowed_ms) {}

  void start() { since_ = clock_ == nullptr ? 0 : clock_->monotonic_ms(); }
  [[nodiscard]] bool missed() const { return clock_ != nullptr && clock_->monotonic_ms() - since_ > allowed_ms_; }

 private:
  const Clock* clock_;
  std::int64_t allowed_ms_;
  Timestamp since_ = 0;
};

/// A consumer whose calls may fail. It is expelled from its group if polls do not repeat within max.poll.interval.ms.
class FaultyConsumer final : public Consumer, private RebalanceListener {
 public:
  FaultyConsumer(std::unique_ptr<Consumer> real, Line line, const ClientConfig& config)
      : real_(std::move(real)),
        line_(std::move(line)),
        next_poll_(line_.faults.clock, setting(config, "max.poll.interval.ms", 300'000)) {}
  ~FaultyConsumer() override {
    if (!line_.alive()) line_.faults.ghosts.push_back({std::move(real_), nullptr, line_.faults.chance.below(400)});
  }

  void subscribe(const std::vector<std::string>& topics, RebalanceListener& listener) override {
    line_.check("subscribe");
    topics_ = topics;
    listener_ = &listener;
    next_poll_.start();
    real_->subscribe(topics, *this);
  }
  void unsubscribe() override {
    line_.check("unsubscribe");
    real_->unsubscribe();
    listener_ = nullptr;
  }
  void assign(const std::vector<std::pair<TopicPartition, std::int64_t>>& partitions) override {
    if (line_.alive()) real_->assign(partitions);
  }
  void poll(std::vector<ConsumerRecord>& records, std::size_t max_records, Millis) override {
    // A lost answer of poll() is fetched again by the client. So a poll that fails must fail before it does anything.
    line_.call("poll", {Severity::retriable}, [] {});
    if (expelled()) join_again();
    next_poll_.start();
    if (max_records > 0 && line_.faults.small_polls) {
      max_records = std::min(max_records, 1 + static_cast<std::size_t>(line_.faults.chance.below(40)));
    }
    real_->poll(records, max_records, kNoWait);
  }
  void wakeup() override { real_->wakeup(); }
  void pause(const std::vector<TopicPartition>& partitions) override { real_->pause(partitions); }
  void resume(const std::vector<TopicPartition>& partitions) override { real_->resume(partitions); }
  void seek(const TopicPartition& partition, std::int64_t offset) override {
    line_.call("seek", {Severity::retriable}, [&] { real_->seek(partition, offset); });
  }
  std::optional<std::int64_t> position(const TopicPartition& partition) override { return real_->position(partition); }
  std::optional<std::int64_t> current_lag(const TopicPartition& partition) override {
    if (line_.faults.calls_per_fault > 0 && line_.faults.chance.one_in(5)) return std::nullopt;
    return real_->current_lag(partition);
  }
  Watermarks query_watermarks(const TopicPartition& partition, Millis) override {
    return line_.call("query_watermarks", {Severity::retriable},
                      [&] { return real_->query_watermarks(partition, kNoWait); });
  }
  std::optional<std::int64_t> offset_for_time(const TopicPartition& partition, Timestamp timestamp, Millis) override {
    return real_->offset_for_time(partition, timestamp, kNoWait);
  }
  std::map<TopicPartition, OffsetAndMetadata> committed(const std::vector<TopicPartition>& partitions,
                                                        Millis) override {
    return line_.call("committed", {Severity::retriable}, [&] { return real_->committed(partitions, kNoWait); });
  }
  void commit_sync(const std::map<TopicPartition, OffsetAndMetadata>& offsets) override {
    line_.call("commit_sync", {Severity::retriable, Severity::fenced}, [&] {
      if (expelled()) throw BrokerException(Severity::fenced, "the member did not poll within max.poll.interval.ms");
      real_->commit_sync(offsets);
    });
  }
  ConsumerGroupMetadata group_metadata() const override { return real_->group_metadata(); }

 private:
  using Partitions = std::vector<TopicPartition>;

  Partitions on_partitions_assigned(const Partitions& partitions) override {
    return listener_->on_partitions_assigned(partitions);
  }
  Partitions on_partitions_revoked(const Partitions& partitions) override {
    return joining_again_ ? listener_->on_partitions_lost(partitions) : listener_->on_partitions_revoked(partitions);
  }
  Partitions on_partitions_lost(const Partitions& partitions) override {
    return listener_->on_partitions_lost(partitions);
  }

  [[nodiscard]] bool expelled() const { return listener_ != nullptr && next_poll_.missed(); }

  void join_again() {
    ++line_.faults.expelled_members;
    joining_again_ = true;
    real_->unsubscribe();
    joining_again_ = false;
    real_->subscribe(topics_, *this);
  }

  std::unique_ptr<Consumer> real_;
  Line line_;
  Deadline next_poll_;
  std::vector<std::string> topics_;
  RebalanceListener* listener_ = nullptr;  ///< null: not subscribed
  bool joining_again_ = false;
};

/// Records that a producer has received but not sent yet. Partitions are sent independently of each other, as in a
/// cluster where each partition has another leader.
class Unsent {
 public:
  void add(const ProducerRecord& record, std::uint64_t token) {
    Copy copy{record.partition, {}, {}, record.timestamp, {}, token};
    if (record.key) copy.key = std::string(*record.key);
    if (record.value) copy.value = std::string(*record.value);
    if (record.headers != nullptr) copy.headers = *record.headers;
    // All records without a partition go together, so the order of each key is kept.
    batches_[{std::string(record.topic), record.partition.value_or(-1)}].push_back(std::move(copy));
  }

  /// Sends the batches that `chosen` returns true for.
  template <class Chosen>
  void send(Producer& producer, Chosen&& chosen) {
    std::erase_if(batches_, [&](const auto& entry) {
      if (!chosen()) return false;
      for (const Copy& copy : entry.second) {
        ProducerRecord record;
        record.topic = entry.first.first;
        record.partition = copy.partition;
        if (copy.key) record.key = *copy.key;
        if (copy.value) record.value = *copy.value;
        record.timestamp = copy.timestamp;
        record.headers = &copy.headers;
        producer.send(record, copy.token);
      }
      return true;
    });
  }
  void send_all(Producer& producer) {
    send(producer, [] { return true; });
  }
  void forget() { batches_.clear(); }

 private:
  struct Copy {
    std::optional<std::int32_t> partition;
    std::optional<std::string> key;
    std::optional<std::string> value;
    std::optional<Timestamp> timestamp;
    Headers headers;
    std::uint64_t token;
  };
  std::map<std::pair<std::string, std::int32_t>, std::vector<Copy>> batches_;
};

/// A producer whose calls may fail. Its transaction is aborted after transaction.timeout.ms.
///
/// With linger.ms, records wait here until a poll or a flush, and a simulated crash loses them. The real producer runs
/// without linger.ms: its timer uses the machine's clock, so it would still send the records after the simulated crash.
class FaultyProducer final : public Producer {
 public:
  FaultyProducer(std::unique_ptr<Producer> real, Line line, const ClientConfig& config)
      : real_(std::move(real)),
        line_(std::move(line)),
        lingers_(setting(config, "linger.ms", 0) > 0),
        end_(line_.faults.clock, setting(config, "transaction.timeout.ms", 60'000)) {}
  ~FaultyProducer() override {
    if (!line_.alive()) line_.faults.ghosts.push_back({nullptr, std::move(real_), line_.faults.chance.below(400)});
  }

  void send(const ProducerRecord& record, std::uint64_t token) override {
    line_.check("send");
    check_transaction();
    take(record, token);
  }
  bool try_send(const ProducerRecord& record, std::uint64_t token) override {
    line_.check("try_send");
    take(record, token);
    return true;
  }
  void poll() override {
    line_.call("produce", {Severity::retriable, Severity::abortable, Severity::fenced}, [&] {
      send_some();
      real_->poll();
    });
  }
  void flush(Millis) override {
    if (line_.alive() && line_.faults.calls_per_fault > 0) send_some();
    // If the request is lost, some batches have arrived and others have not.
    line_.call("flush", {Severity::retriable}, [&] {
      unsent_.send_all(*real_);
      real_->flush(kNoWait);
    });
  }
  std::int32_t partitions_for(std::string_view topic) override { return real_->partitions_for(topic); }

  // A step of a transaction may be repeated after a lost answer, as with librdkafka.
  void init_transactions(Millis) override {
    line_.call("init_transactions", {Severity::retriable}, [&] {
      if (!initialised_) real_->init_transactions(kNoWait);
      initialised_ = true;
    });
  }
  void begin_transaction() override {
    line_.check("begin_transaction");
    check_transaction();
    real_->begin_transaction();
    open_ = true;
    end_.start();
  }
  void send_offsets_to_transaction(const std::map<TopicPartition, OffsetAndMetadata>& offsets,
                                   const ConsumerGroupMetadata& group) override {
    line_.call("send_offsets_to_transaction", {Severity::retriable, Severity::abortable, Severity::fenced}, [&] {
      check_transaction();
      real_->send_offsets_to_transaction(offsets, group);
    });
  }
  void commit_transaction(Millis) override {
    line_.call("commit_transaction", {Severity::retriable, Severity::abortable, Severity::fenced}, [&] {
      check_transaction();
      unsent_.send_all(*real_);
      if (open_) real_->commit_transaction(kNoWait);
      open_ = false;
    });
  }
  void abort_transaction(Millis) override {
    line_.call("abort_transaction", {Severity::retriable, Severity::fatal}, [&] {
      unsent_.forget();
      if (open_) real_->abort_transaction(kNoWait);
      open_ = false;
    });
  }

 private:
  /// Aborts a transaction that exceeded its timeout, and fences its producer, as a broker does.
  void check_transaction() {
    if (open_ && end_.missed()) {
      unsent_.forget();
      real_->abort_transaction(kNoWait);
      open_ = false;
      expired_ = true;
      ++line_.faults.expired_transactions;
    }
    if (expired_) throw BrokerException(Severity::fenced, "this producer was fenced");
  }

  void send_some() {
    unsent_.send(*real_, [this] { return line_.faults.chance.one_in(2); });
  }

  void take(const ProducerRecord& record, std::uint64_t token) {
    if (lingers_) {
      unsent_.add(record, token);
    } else {
      real_->send(record, token);
    }
  }

  std::unique_ptr<Producer> real_;
  Line line_;
  bool lingers_;
  Unsent unsent_;
  Deadline end_;
  bool initialised_ = false;
  bool open_ = false;
  bool expired_ = false;
};

/// An admin client whose calls may fail.
class FaultyAdmin final : public Admin {
 public:
  FaultyAdmin(std::unique_ptr<Admin> real, Line line) : real_(std::move(real)), line_(std::move(line)) {}

  std::vector<TopicDescription> list_topics(Millis) override { return real_->list_topics(kNoWait); }
  std::optional<TopicDescription> describe_topic(const std::string& name, Millis) override {
    return real_->describe_topic(name, kNoWait);
  }
  std::map<std::string, std::string> topic_config(const std::string& name, bool all, Millis) override {
    return real_->topic_config(name, all, kNoWait);
  }
  void alter_topic_config(const std::string& name, const std::map<std::string, std::optional<std::string>>& changes,
                          Millis) override {
    real_->alter_topic_config(name, changes, kNoWait);
  }
  bool create_topic(const NewTopic& topic, Millis) override { return real_->create_topic(topic, kNoWait); }
  void delete_topic(const std::string& name, Millis) override { real_->delete_topic(name, kNoWait); }
  void delete_records(const std::map<TopicPartition, std::int64_t>& before, Millis) override {
    line_.call("delete_records", {Severity::retriable}, [&] { real_->delete_records(before, kNoWait); });
  }
  Watermarks watermarks(const TopicPartition& partition, Millis) override {
    return line_.call("watermarks", {Severity::retriable}, [&] { return real_->watermarks(partition, kNoWait); });
  }
  std::map<TopicPartition, OffsetAndMetadata> group_offsets(const std::string& group_id, Millis) override {
    return real_->group_offsets(group_id, kNoWait);
  }
  ConsumerGroupDescription describe_group(const std::string& group_id, Millis) override {
    return line_.call("describe_group", {Severity::retriable},
                      [&] { return real_->describe_group(group_id, kNoWait); });
  }

 private:
  std::unique_ptr<Admin> real_;
  Line line_;
};

}  // namespace

void Faults::step() {
  for (Ghost& ghost : ghosts) --ghost.steps_left;
  std::erase_if(ghosts, [](const Ghost& ghost) { return ghost.steps_left < 0; });
}

std::unique_ptr<Consumer> FaultyBroker::make_consumer(const ClientConfig& config) {
  return std::make_unique<FaultyConsumer>(real_.make_consumer(config), Line(faults_, alive_), config);
}

std::unique_ptr<Producer> FaultyBroker::make_producer(const ClientConfig& config, DeliveryListener* listener) {
  ClientConfig without_linger = config;
  without_linger["linger.ms"] = "0";
  return std::make_unique<FaultyProducer>(real_.make_producer(without_linger, listener), Line(faults_, alive_), config);
}

std::unique_ptr<Admin> FaultyBroker::make_admin() {
  return std::make_unique<FaultyAdmin>(real_.make_admin(), Line(faults_, alive_));
}

}  // namespace millrace::chaos
