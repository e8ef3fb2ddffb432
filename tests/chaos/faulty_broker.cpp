#include "chaos/faulty_broker.hpp"

#include <algorithm>
#include <utility>

#include "millrace/common/errors.hpp"

namespace millrace::chaos {
namespace {

using Severity = BrokerException::Severity;

// Nothing in a simulation waits in real time.
constexpr Millis kNoWait{0};

/// What the clients of one process have in common.
class Line {
 public:
  Line(Faults& faults, std::shared_ptr<bool> alive) : faults(faults), alive_(std::move(alive)) {}

  Faults& faults;

  [[nodiscard]] bool alive() const { return *alive_; }

  /// Makes a call that may fail before or after it has reached the broker.
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

class FaultyConsumer final : public Consumer {
 public:
  FaultyConsumer(std::unique_ptr<Consumer> real, Line line) : real_(std::move(real)), line_(std::move(line)) {}
  ~FaultyConsumer() override {
    if (!line_.alive()) line_.faults.ghosts.push_back({std::move(real_), nullptr, line_.faults.chance.below(400)});
  }

  void subscribe(const std::vector<std::string>& topics, RebalanceListener& listener) override {
    line_.check("subscribe");
    real_->subscribe(topics, listener);
  }
  void unsubscribe() override {
    line_.check("unsubscribe");
    real_->unsubscribe();
  }
  void assign(const std::vector<std::pair<TopicPartition, std::int64_t>>& partitions) override {
    if (line_.alive()) real_->assign(partitions);
  }
  void poll(std::vector<ConsumerRecord>& records, std::size_t max_records, Millis) override {
    // An answer that is lost on the way is fetched again, so a failing poll has done nothing.
    line_.call("poll", {Severity::retriable}, [] {});
    const std::size_t fewer = max_records == 0 ? 0 : 1 + static_cast<std::size_t>(line_.faults.chance.below(40));
    real_->poll(records, std::min(max_records, fewer), kNoWait);
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
    line_.call("commit_sync", {Severity::retriable, Severity::fenced}, [&] { real_->commit_sync(offsets); });
  }
  ConsumerGroupMetadata group_metadata() const override { return real_->group_metadata(); }

 private:
  std::unique_ptr<Consumer> real_;
  Line line_;
};

class FaultyProducer final : public Producer {
 public:
  FaultyProducer(std::unique_ptr<Producer> real, Line line) : real_(std::move(real)), line_(std::move(line)) {}
  ~FaultyProducer() override {
    if (!line_.alive()) line_.faults.ghosts.push_back({nullptr, std::move(real_), line_.faults.chance.below(400)});
  }

  void send(const ProducerRecord& record, std::uint64_t token) override {
    line_.check("send");
    real_->send(record, token);
  }
  bool try_send(const ProducerRecord& record, std::uint64_t token) override {
    line_.check("try_send");
    return real_->try_send(record, token);
  }
  void poll() override {
    line_.call("produce", {Severity::retriable, Severity::abortable, Severity::fenced}, [&] { real_->poll(); });
  }
  void flush(Millis) override {
    line_.call("flush", {Severity::retriable}, [&] { real_->flush(kNoWait); });
  }
  std::int32_t partitions_for(std::string_view topic) override { return real_->partitions_for(topic); }

  // The steps of a transaction may be repeated when their answer is lost, as with librdkafka.
  void init_transactions(Millis) override {
    line_.call("init_transactions", {Severity::retriable}, [&] {
      if (!initialised_) real_->init_transactions(kNoWait);
      initialised_ = true;
    });
  }
  void begin_transaction() override {
    line_.check("begin_transaction");
    real_->begin_transaction();
    open_ = true;
  }
  void send_offsets_to_transaction(const std::map<TopicPartition, OffsetAndMetadata>& offsets,
                                   const ConsumerGroupMetadata& group) override {
    line_.call("send_offsets_to_transaction", {Severity::retriable, Severity::abortable, Severity::fenced},
               [&] { real_->send_offsets_to_transaction(offsets, group); });
  }
  void commit_transaction(Millis) override {
    line_.call("commit_transaction", {Severity::retriable, Severity::abortable, Severity::fenced}, [&] {
      if (open_) real_->commit_transaction(kNoWait);
      open_ = false;
    });
  }
  void abort_transaction(Millis) override {
    line_.call("abort_transaction", {Severity::retriable, Severity::fatal}, [&] {
      if (open_) real_->abort_transaction(kNoWait);
      open_ = false;
    });
  }

 private:
  std::unique_ptr<Producer> real_;
  Line line_;
  bool initialised_ = false;
  bool open_ = false;
};

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
  return std::make_unique<FaultyConsumer>(real_.make_consumer(config), Line(faults_, alive_));
}

std::unique_ptr<Producer> FaultyBroker::make_producer(const ClientConfig& config, DeliveryListener* listener) {
  return std::make_unique<FaultyProducer>(real_.make_producer(config, listener), Line(faults_, alive_));
}

std::unique_ptr<Admin> FaultyBroker::make_admin() {
  return std::make_unique<FaultyAdmin>(real_.make_admin(), Line(faults_, alive_));
}

}  // namespace millrace::chaos
