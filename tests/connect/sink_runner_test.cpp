// SPDX-License-Identifier: Apache-2.0
#define BOOST_TEST_DYN_LINK
#include "millrace/connect/sink_runner.hpp"

#include <boost/test/unit_test.hpp>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <thread>

#include "contract/contract.hpp"
#include "millrace/common/errors.hpp"

using namespace millrace;
using namespace millrace::connect;

namespace {

/// The far side of the sinks of this file. Several sinks share one. Locked, because they run in threads.
struct FarSide {
  std::mutex mutex;
  std::map<TopicPartition, std::vector<std::string>> values;  ///< in the order of their arrival, with repetitions
  std::map<TopicPartition, std::set<std::int64_t>> offsets;   ///< as a store with the offset as key keeps them
  std::map<TopicPartition, std::int64_t> positions;           ///< if it stores offsets itself

  [[nodiscard]] std::size_t distinct() {
    const std::lock_guard lock(mutex);
    std::size_t count = 0;
    for (const auto& [partition, all] : offsets) count += all.size();
    return count;
  }
};

class FakeSink : public Sink {
 public:
  explicit FakeSink(FarSide& far) : far_(far) {}

  [[nodiscard]] std::string name() const override { return "fake"; }
  void open(SinkContext& context) override {
    ++opened;
    this->context = &context;
    if (on_open) on_open();
  }
  std::map<TopicPartition, std::int64_t> positions(const std::vector<TopicPartition>&) override {
    const std::lock_guard lock(far_.mutex);
    return far_.positions;
  }
  void put(std::span<const ConsumerRecord> records) override {
    ++calls;
    if (records.empty()) ++idle_calls;
    for (const auto& record : records) {
      if (on_record && !on_record(record)) continue;
      const std::lock_guard lock(far_.mutex);
      const TopicPartition partition{*record.topic, record.partition};
      far_.values[partition].emplace_back(record.value.value_or("null"));
      far_.offsets[partition].insert(record.offset);
      if (stores_offsets) far_.positions[partition] = record.offset + 1;
    }
  }
  std::map<TopicPartition, std::int64_t> committable(std::map<TopicPartition, std::int64_t> offsets) override {
    return on_commit ? on_commit(std::move(offsets)) : offsets;
  }
  void close() noexcept override { ++closed; }

  std::function<void()> on_open;
  std::function<bool(const ConsumerRecord&)> on_record;  ///< false: rejected; may throw
  std::function<std::map<TopicPartition, std::int64_t>(std::map<TopicPartition, std::int64_t>)> on_commit;
  bool stores_offsets = false;
  int opened = 0, closed = 0, calls = 0, idle_calls = 0;
  SinkContext* context = nullptr;

 private:
  FarSide& far_;
};

struct Fixture : contract::Contract {
  std::string from = topic();
  std::string letters = topic();
  std::string id = unique("sink");
  std::shared_ptr<Broker> shared{&broker, [](Broker*) {}};  // the fixture's broker outlives the runner
  FarSide far;

  SinkSettings settings(std::size_t max_batch = 7) {
    SinkSettings settings{.id = id, .topics = {from}, .max_batch = max_batch, .until_end = true};
    settings.config.set("retry.backoff.ms", "1").set("millrace.connector.retry.delay.max.ms", "20");
    settings.config.set("consumer.session.timeout.ms", "6000").set("consumer.heartbeat.interval.ms", "500");
    return settings;
  }
  SinkCounters run(Sink& sink, SinkSettings with) {
    SinkRunner runner(shared, sink, std::move(with));
    runner.run({});
    return runner.counters();
  }
  SinkCounters run(Sink& sink) { return run(sink, settings()); }
};

std::vector<std::string> numbers(int count, int first = 0) {
  std::vector<std::string> values;
  for (int n = first; n < first + count; ++n) values.push_back(std::to_string(n));
  return values;
}

auto says(const std::string& text) {
  return [text](const std::exception& error) { return std::string(error.what()).find(text) != std::string::npos; };
}

constexpr auto kEach = boost::test_tools::per_element();

}  // namespace

BOOST_FIXTURE_TEST_SUITE(SinkRunnerSuite, Fixture)

BOOST_AUTO_TEST_CASE(gives_records_in_order_and_goes_on_in_the_next_run) {
  write(from, numbers(30));
  FakeSink sink(far);
  const auto counters = run(sink);
  BOOST_TEST(counters.read == 30);
  BOOST_TEST(counters.written == 30);
  BOOST_TEST(sink.closed == 1);
  write(from, numbers(5, 30));
  FakeSink next(far);
  BOOST_TEST(run(next).read == 5);
  BOOST_TEST((far.values[{from, 0}]) == numbers(35), kEach);
}

BOOST_AUTO_TEST_CASE(ends_at_the_end_of_a_topic_that_ends_with_a_marker) {
  const auto producer = transactional(unique("txn"));
  producer->begin_transaction();
  for (const auto& value : numbers(3)) contract::send(*producer, from, value);
  producer->commit_transaction(contract::kPatience);
  producer->begin_transaction();
  contract::send(*producer, from, "aborted");
  producer->abort_transaction(contract::kPatience);
  FakeSink sink(far);
  BOOST_TEST(run(sink).written == 3);
  BOOST_TEST((far.values[{from, 0}]) == numbers(3), kEach);
}

BOOST_AUTO_TEST_CASE(ends_at_once_with_empty_topics) {
  FakeSink sink(far);
  BOOST_TEST(run(sink).read == 0);
}

BOOST_AUTO_TEST_CASE(gives_uncommitted_records_again_after_the_far_side_was_away) {
  write(from, numbers(40));
  FakeSink sink(far);
  int failures = 0;
  sink.on_record = [&](const ConsumerRecord& record) {
    // In the middle of batches.
    if ((record.offset == 10 || record.offset == 25) && failures < 4) {
      ++failures;
      throw RetriableException("connection cut");
    }
    return true;
  };
  const auto counters = run(sink);
  BOOST_TEST(counters.retries == 4);
  BOOST_TEST(sink.opened == 5);
  BOOST_TEST(sink.closed == 5);
  BOOST_TEST(counters.written == 40);
  BOOST_TEST(far.distinct() == 40);
  // Without repetitions, the order is that of the topic.
  int highest = -1;
  for (const auto& value : far.values[{from, 0}]) {
    BOOST_TEST(std::stoi(value) <= highest + 1);
    highest = std::max(highest, std::stoi(value));
  }
}

BOOST_AUTO_TEST_CASE(gives_the_first_records_again_if_the_far_side_fails_with_them) {
  from = topic(3);
  const auto producer = this->producer();
  for (int n = 0; n < 30; ++n) contract::send(*producer, from, std::to_string(n), n % 3);
  producer->flush(contract::kPatience);
  FakeSink sink(far);
  int failures = 0;
  sink.on_record = [&](const ConsumerRecord&) {
    if (failures++ < 3) throw RetriableException("connection cut");
    return true;
  };
  BOOST_TEST(run(sink, settings(100)).written == 30);
  BOOST_TEST(far.distinct() == 30);
}

BOOST_AUTO_TEST_CASE(tries_again_while_the_far_side_cannot_be_opened) {
  write(from, numbers(5));
  FakeSink sink(far);
  sink.on_open = [&] {
    if (sink.opened < 4) throw RetriableException("connection refused");
  };
  BOOST_TEST(run(sink).retries == 3);
  BOOST_TEST(sink.closed == 4);
  BOOST_TEST((far.values[{from, 0}]) == numbers(5), kEach);
}

BOOST_AUTO_TEST_CASE(writes_rejected_records_to_the_dead_letter_topic) {
  write(from, numbers(20));
  FakeSink sink(far);
  sink.on_record = [&](const ConsumerRecord& record) {
    if (record.offset != 13) return true;
    sink.context->reject(record, "document too large: make it smaller");
    return false;
  };
  auto with = settings();
  with.config.set("errors.dead.letter.queue.topic.name", letters);
  const auto counters = run(sink, with);
  BOOST_TEST(counters.rejected == 1);
  BOOST_TEST(counters.dead_letters == 1);
  BOOST_TEST(far.distinct() == 19);
  const auto seen = contract::read_to_end(*this, {letters, 0});
  BOOST_REQUIRE_EQUAL(seen.size(), 1);
  BOOST_TEST(*seen[0].value == "13");
  const auto header = [&](const char* name) { return seen[0].headers.last(name)->value.value(); };
  BOOST_TEST(header("__connect.errors.exception.message") == "document too large: make it smaller");
  BOOST_TEST(header("__connect.errors.topic") == from);
  BOOST_TEST(header("__connect.errors.partition") == "0");
  BOOST_TEST(header("__connect.errors.offset") == "13");
  // The offset behind it is committed.
  FakeSink next(far);
  BOOST_TEST(run(next).read == 0);
}

BOOST_AUTO_TEST_CASE(counts_a_record_once_that_is_rejected_again_after_a_failure) {
  write(from, numbers(10));
  FakeSink sink(far);
  sink.on_record = [&](const ConsumerRecord& record) {
    if (record.offset == 3) {
      sink.context->reject(record, "refused");
      return false;
    }
    if (record.offset == 6 && sink.opened < 4) throw RetriableException("connection cut");
    return true;
  };
  const auto counters = run(sink, settings(100));
  BOOST_TEST(sink.opened == 4);
  BOOST_TEST(counters.rejected == 1);
  BOOST_TEST(counters.written == 10);
}

BOOST_AUTO_TEST_CASE(commits_only_what_a_sink_does_not_hold_back) {
  write(from, numbers(20));
  {
    FakeSink sink(far);
    sink.on_commit = [&](std::map<TopicPartition, std::int64_t> offsets) {
      for (auto& [partition, offset] : offsets) offset = std::min<std::int64_t>(offset, 8);
      return offsets;
    };
    auto with = settings();
    with.until_end = false;
    SinkRunner runner(shared, sink, with);
    std::jthread thread([&](const std::stop_token& stop) { runner.run(stop); });
    const auto begin = std::chrono::steady_clock::now();
    // A sink that holds records back is called while none come.
    while (runner.counters().read < 20 && std::chrono::steady_clock::now() - begin < contract::kPatience) {
      std::this_thread::yield();
    }
    thread.request_stop();
    thread.join();
    BOOST_TEST(runner.counters().written == 8);
  }
  far.values.clear();
  FakeSink next(far);
  BOOST_TEST(run(next).read == 12);
  BOOST_TEST((far.values[{from, 0}]) == numbers(12, 8), kEach);
}

BOOST_AUTO_TEST_CASE(calls_a_sink_without_records_about_once_per_second) {
  auto with = settings();
  with.until_end = false;
  std::stop_source stop;
  // Ends with the second call without records.
  class Idle : public FakeSink {
   public:
    Idle(FarSide& far, std::stop_source& stop) : FakeSink(far), stop_(stop) {}
    void flush() override {
      if (idle_calls == 2) stop_.request_stop();
    }

   private:
    std::stop_source& stop_;
  } idle(far, stop);
  SinkRunner runner(shared, idle, with);
  runner.run(stop.get_token());
  BOOST_TEST(idle.idle_calls == 2);
}

BOOST_AUTO_TEST_CASE(begins_where_a_far_side_that_stores_offsets_says) {
  write(from, numbers(20));
  FakeSink sink(far);
  sink.stores_offsets = true;
  sink.on_record = [&](const ConsumerRecord& record) {
    // The far side has stored the records before, but the group's offsets are not committed.
    if (record.offset == 12 && sink.opened == 1) throw RetriableException("cut");
    return true;
  };
  run(sink, settings(100));
  BOOST_TEST(sink.opened == 2);
  BOOST_TEST((far.values[{from, 0}]) == numbers(20), kEach);
  // Another group, without committed offsets.
  id = unique("sink");
  write(from, numbers(3, 20));
  FakeSink next(far);
  next.stores_offsets = true;
  run(next);
  BOOST_TEST((far.values[{from, 0}]) == numbers(23), kEach);
}

BOOST_AUTO_TEST_CASE(shares_partitions_among_runners) {
  from = topic(4);
  const auto producer = this->producer();
  constexpr int kRecords = 4000;
  for (int n = 0; n < kRecords; ++n) contract::send(*producer, from, std::to_string(n), n % 4);
  producer->flush(contract::kPatience);
  FakeSink one(far);
  FakeSink two(far);
  SinkRunner first(shared, one, settings());
  SinkRunner second(shared, two, settings());
  std::jthread a([&](const std::stop_token& stop) { first.run(stop); });
  std::jthread b([&](const std::stop_token& stop) { second.run(stop); });
  a.join();
  b.join();
  BOOST_TEST(far.distinct() == kRecords);
  // Which runner wrote how many depends on the moment at which the second one joined.
  BOOST_TEST(first.counters().written + second.counters().written >= kRecords);
  for (std::int32_t partition = 0; partition < 4; ++partition) {
    int highest = -1;
    for (const auto& value : far.values[{from, partition}]) {
      BOOST_TEST(std::stoi(value) <= highest + 4 + partition);
      highest = std::max(highest, std::stoi(value));
    }
  }
}

BOOST_AUTO_TEST_CASE(ends_with_the_error_of_the_sink) {
  write(from, numbers(10));
  FakeSink sink(far);
  sink.on_record = [](const ConsumerRecord& record) -> bool {
    if (record.offset == 8) throw StreamsException("the password is wrong");
    return true;
  };
  BOOST_CHECK_EXCEPTION(run(sink), StreamsException, says("the password is wrong"));
  BOOST_TEST(sink.closed == 1);
  // The batch in hand was not committed, those before it were.
  FakeSink next(far);
  BOOST_TEST(run(next).read == 3);
}

BOOST_AUTO_TEST_CASE(needs_a_topic_and_an_id) {
  FakeSink sink(far);
  BOOST_CHECK_EXCEPTION(SinkRunner(shared, sink, {.id = "", .topics = {from}}), ConfigException,
                        says("application.id"));
  BOOST_CHECK_EXCEPTION(SinkRunner(shared, sink, {.id = "x", .topics = {}}), ConfigException, says("topic"));
}

BOOST_AUTO_TEST_CASE(counts_in_metrics_with_the_names_of_kafka_connect) {
  write(from, numbers(6));
  FakeSink sink(far);
  SinkRunner runner(shared, sink, settings());
  runner.run({});
  BOOST_TEST(runner.metrics().sum("sink-task-metrics", "sink-record-read-total", {{"connector", id}}) == 6);
  BOOST_TEST(runner.metrics().sum("sink-task-metrics", "sink-record-send-total", {{"connector", id}}) == 6);
}

BOOST_AUTO_TEST_SUITE_END()
