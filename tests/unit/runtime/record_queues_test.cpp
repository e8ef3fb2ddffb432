// SPDX-License-Identifier: Apache-2.0
// Which record a task processes next, and how long it waits for an empty input partition.
#define BOOST_TEST_DYN_LINK
#include "runtime/task/record_queues.hpp"

#include <boost/test/unit_test.hpp>
#include <map>

namespace millrace::detail {
namespace {

/// Record queues whose lags a test sets. A lag of nullopt is unknown. `lag_calls` counts the queries.
struct Fixture {
  RecordQueues queues;
  std::map<TopicPartition, std::optional<std::int64_t>> lags;
  int lag_calls = 0;

  RecordQueues::Queue& add(const std::string& topic) {
    lags[{topic, 0}] = std::nullopt;
    return queues.add({topic, 0}, source_);
  }
  static void push(RecordQueues::Queue& queue, Timestamp timestamp) {
    ConsumerRecord record;
    record.timestamp = timestamp;
    queue.records.push_back(std::move(record));
  }
  /// Decodes and adds a record as a task does.
  void arrive(RecordQueues::Queue& queue, Timestamp timestamp) {
    ConsumerRecord record;
    record.timestamp = timestamp;
    queues.push(queue, std::move(record));
  }
  bool ready(Timestamp now, std::int64_t max_idle_ms) {
    const auto lag = [this](const TopicPartition& partition) {
      ++lag_calls;
      return lags.at(partition);
    };
    return queues.ready(now, max_idle_ms, lag);
  }
  /// Takes the next record and returns its timestamp.
  std::optional<Timestamp> take() {
    auto* queue = queues.next([](RecordQueues::Queue&, const ConsumerRecord& record) {
      return record.timestamp < 0 ? std::nullopt : std::optional(record.timestamp);
    });
    if (queue == nullptr) return std::nullopt;
    const Timestamp timestamp = *queue->head_timestamp;
    queue->records.pop_front();
    queue->head_timestamp.reset();
    return timestamp;
  }

 private:
  struct NoSource final : SourceNodeBase {
    std::optional<Timestamp> extract_timestamp(const ConsumerRecord&, Timestamp) override { return std::nullopt; }
    bool process(const ConsumerRecord&, Timestamp) override { return false; }
  };
  NoSource source_;
};

BOOST_FIXTURE_TEST_SUITE(RecordQueuesSuite, Fixture)

BOOST_AUTO_TEST_CASE(gives_the_head_with_the_lowest_timestamp) {
  auto& a = add("a");
  auto& b = add("b");
  push(a, 10);
  push(a, 5);  // behind 10, whatever its time: a partition keeps its order
  push(b, 7);
  push(b, 20);
  BOOST_CHECK_EQUAL(*take(), 7);
  BOOST_CHECK_EQUAL(*take(), 10);
  BOOST_CHECK_EQUAL(*take(), 5);
  BOOST_CHECK_EQUAL(*take(), 20);
  BOOST_CHECK(!take());
}

BOOST_AUTO_TEST_CASE(gives_equal_timestamps_in_the_order_of_arrival) {
  auto& a = add("a");
  auto& b = add("b");
  auto& c = add("c");
  const auto partition = [this] {
    auto* queue =
        queues.next([](RecordQueues::Queue&, const ConsumerRecord& record) { return std::optional(record.timestamp); });
    queue->records.pop_front();
    queue->head_timestamp.reset();
    return queue->partition.topic;
  };
  arrive(c, 5);
  arrive(a, 5);
  arrive(a, 5);
  arrive(b, 5);
  BOOST_TEST(partition() == "c");
  BOOST_TEST(partition() == "b");  // the last one of the heap moves to its top, as in Java's
  BOOST_TEST(partition() == "a");
  arrive(b, 5);
  BOOST_TEST(partition() == "a");
  BOOST_TEST(partition() == "b");
}

BOOST_AUTO_TEST_CASE(drops_records_without_timestamp_and_moves_past_them) {
  auto& a = add("a");
  push(a, -1);
  push(a, -1);
  BOOST_CHECK(!take());
  BOOST_CHECK(a.consumed_since_commit);
  BOOST_CHECK(a.records.empty());
}

BOOST_AUTO_TEST_CASE(is_not_ready_without_a_record) {
  add("a");
  lags[{"a", 0}] = 0;
  BOOST_CHECK(!ready(0, 0));
  BOOST_CHECK(!ready(0, -1));
}

BOOST_AUTO_TEST_CASE(counts_each_time_it_stops_waiting_for_an_empty_queue) {
  Counter enforced;
  queues.count_enforced(enforced);
  push(add("a"), 1);
  add("b");
  lags[{"b", 0}] = 0;
  BOOST_CHECK(!ready(0, 10));
  BOOST_CHECK_EQUAL(enforced.value(), 0U);
  BOOST_CHECK(ready(10, 10));
  BOOST_CHECK_EQUAL(enforced.value(), 1U);
  push(*queues.find({"b", 0}), 1);
  BOOST_CHECK(ready(11, 10));
  BOOST_CHECK_EQUAL(enforced.value(), 1U);
}

BOOST_AUTO_TEST_CASE(never_waits_if_idling_is_off) {
  push(add("a"), 1);
  add("b");
  lags[{"b", 0}] = 1000;
  BOOST_CHECK(ready(0, -1));
  BOOST_CHECK_EQUAL(lag_calls, 0);
}

BOOST_AUTO_TEST_CASE(waits_for_records_that_the_broker_has) {
  push(add("a"), 1);
  add("b");
  lags[{"b", 0}] = 1;
  BOOST_CHECK(!ready(0, 0));
  lags[{"b", 0}] = 0;
  BOOST_CHECK(ready(0, 0));
}

BOOST_AUTO_TEST_CASE(waits_until_the_lag_is_known) {
  push(add("a"), 1);
  add("b");
  BOOST_CHECK(!ready(0, 0));
  BOOST_CHECK(!ready(1'000'000, 0));
  BOOST_CHECK(!ready(2'000'000, 100));
}

BOOST_AUTO_TEST_CASE(waits_max_task_idle_ms_for_a_caught_up_partition) {
  push(add("a"), 1);
  add("b");
  lags[{"b", 0}] = 0;
  BOOST_CHECK(!ready(1000, 50));
  queues.begin_round();
  BOOST_CHECK(!ready(1049, 50));
  queues.begin_round();
  BOOST_CHECK(ready(1050, 50));
}

BOOST_AUTO_TEST_CASE(restarts_the_wait_when_a_partition_fell_behind) {
  push(add("a"), 1);
  add("b");
  lags[{"b", 0}] = 0;
  BOOST_CHECK(!ready(1000, 50));
  queues.begin_round();
  lags[{"b", 0}] = 3;
  BOOST_CHECK(!ready(1040, 50));
  queues.begin_round();
  lags[{"b", 0}] = 0;
  BOOST_CHECK(!ready(1060, 50));
  queues.begin_round();
  BOOST_CHECK(ready(1110, 50));
}

BOOST_AUTO_TEST_CASE(waits_for_each_empty_partition_by_itself) {
  push(add("a"), 1);
  add("b");
  add("c");
  lags[{"b", 0}] = 0;
  lags[{"c", 0}] = 5;
  BOOST_CHECK(!ready(1000, 50));
  queues.begin_round();
  lags[{"c", 0}] = 0;
  BOOST_CHECK(!ready(1050, 50));  // b has waited, c begins to
  queues.begin_round();
  BOOST_CHECK(ready(1100, 50));
}

BOOST_AUTO_TEST_CASE(asks_for_the_lag_once_a_round) {
  push(add("a"), 1);
  add("b");
  lags[{"b", 0}] = 0;
  for (int i = 0; i < 10; ++i) BOOST_CHECK(ready(0, 0));
  BOOST_CHECK_EQUAL(lag_calls, 1);
  queues.begin_round();
  lags[{"b", 0}] = 2;
  BOOST_CHECK(!ready(0, 0));
}

BOOST_AUTO_TEST_CASE(is_ready_when_all_have_records) {
  push(add("a"), 1);
  push(add("b"), 2);
  BOOST_CHECK(ready(0, 1'000'000));
  BOOST_CHECK_EQUAL(queues.size(), 2U);
}

BOOST_AUTO_TEST_CASE(a_queue_that_was_alone_is_compared_with_a_later_one) {
  auto& a = add("a");
  arrive(a, 10);
  arrive(a, 20);
  BOOST_CHECK_EQUAL(*take(), 10);
  auto& b = add("b");
  arrive(b, 15);
  BOOST_CHECK_EQUAL(*take(), 15);
  BOOST_CHECK_EQUAL(*take(), 20);
  BOOST_CHECK(!take());
}

BOOST_AUTO_TEST_CASE(a_record_that_was_put_back_comes_again) {
  auto& a = add("a");
  arrive(a, 10);
  arrive(a, 20);
  BOOST_CHECK_EQUAL(a.take().timestamp, 10);
  a.put_back();
  BOOST_CHECK_EQUAL(a.take().timestamp, 10);
  a.processed();
  BOOST_CHECK_EQUAL(a.take().timestamp, 20);
}

BOOST_AUTO_TEST_CASE(the_proof_is_about_the_last_processed_record) {
  const std::string topic = "a";
  auto& a = add(topic);
  std::vector<LogProof> expected;
  for (std::int64_t offset = 0; offset < 3; ++offset) {
    ConsumerRecord record;
    record.topic = &topic;
    record.offset = offset;
    record.timestamp = 100 + offset;
    record.value = "value";
    expected.push_back(proof_of(record));
    queues.push(a, std::move(record));
  }
  BOOST_CHECK(!a.proof());
  for (std::size_t i = 0; i < 2; ++i) {
    (void)a.take();
    a.processed();
    BOOST_CHECK(*a.proof() == expected[i]);
  }
  // The third one is not processed: it goes back.
  (void)a.take();
  a.put_back();
  BOOST_CHECK(*a.proof() == expected[1]);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace millrace::detail
