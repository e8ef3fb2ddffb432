// SPDX-License-Identifier: Apache-2.0
#define BOOST_TEST_DYN_LINK
#include "millrace/connect/source_runner.hpp"

#include <boost/test/unit_test.hpp>
#include <memory>
#include <thread>

#include "connect/fake_source.hpp"
#include "contract/contract.hpp"
#include "support/captured_stderr.hpp"

using namespace millrace;
using namespace millrace::connect;
using contract::Seen;

namespace {

struct Fixture : contract::Contract {
  std::string to = topic();
  std::string letters = topic();
  std::string id = unique("source");
  std::shared_ptr<Broker> shared{&broker, [](Broker*) {}};  // the fixture's broker outlives the runner

  SourceSettings settings(std::size_t max_batch = 7) {
    SourceSettings settings{.id = id, .topic = to, .max_batch = max_batch};
    settings.config.set("retry.backoff.ms", "1").set("millrace.connector.retry.delay.max.ms", "20");
    return settings;
  }
  SourceCounters run(Source& source, SourceSettings with) {
    SourceRunner runner(shared, source, std::move(with));
    runner.run({});
    return runner.counters();
  }
  SourceCounters run(Source& source) { return run(source, settings()); }

  /// All records. Waits for the end of transactions that are being committed.
  std::vector<Seen> read_all(const std::string& from) {
    const TopicPartition partition{from, 0};
    const auto reader = consumer();
    reader->assign({{partition, Consumer::kOffsetBeginning}});
    const auto end = admin->watermarks(partition, contract::kPatience).high;
    std::vector<Seen> seen;
    contract::poll_until(*reader, seen, [&] { return reader->position(partition).value_or(-1) >= end; });
    return seen;
  }
  std::vector<std::string> written() { return contract::values(read_all(to)); }
};

std::vector<std::string> values_of(const std::vector<SourceRecord>& records) {
  std::vector<std::string> values;
  for (const auto& record : records) values.push_back(*record.value);
  return values;
}

auto says(const std::string& text) {
  return [text](const std::exception& error) { return std::string(error.what()).find(text) != std::string::npos; };
}

constexpr auto kEach = boost::test_tools::per_element();
const std::vector kKinds{SourceKind::replayable, SourceKind::acknowledged, SourceKind::live};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(SourceRunnerSuite, Fixture)

BOOST_AUTO_TEST_CASE(copies_keys_values_times_and_headers_in_order) {
  for (const auto kind : kKinds) {
    to = topic();
    id = unique("source");
    auto records = numbered(40);
    records[3].headers.add("h", "x");
    records[4].value.reset();
    records[5].key.reset();
    FakeSource source(kind, records);
    const auto counters = run(source);
    BOOST_TEST(counters.polled == 40);
    BOOST_TEST(counters.written == 40);
    BOOST_TEST(counters.ended);
    BOOST_TEST(source.acknowledged == 40);
    BOOST_TEST(source.closed == 1);
    const auto seen = read_all(to);
    BOOST_REQUIRE_EQUAL(seen.size(), 40);
    for (std::size_t at = 0; at < seen.size(); ++at) {
      BOOST_TEST((seen[at].key == records[at].key));
      BOOST_TEST((seen[at].value == records[at].value));
      BOOST_TEST(seen[at].timestamp == *records[at].timestamp);
      BOOST_TEST((seen[at].headers == records[at].headers));
    }
  }
}

BOOST_AUTO_TEST_CASE(goes_on_behind_the_position_of_the_run_before) {
  FakeSource first(SourceKind::replayable, numbered(20));
  run(first);
  FakeSource second(SourceKind::replayable, numbered(33));
  std::optional<SourcePosition> seen;
  second.on_open = [&] { seen = second.context->position(); };
  const auto counters = run(second);
  BOOST_TEST((seen == SourcePosition{20, "record 20"}));
  BOOST_TEST(counters.polled == 13);
  BOOST_TEST(written() == values_of(numbered(33)), kEach);
}

BOOST_AUTO_TEST_CASE(repeats_nothing_of_a_replayable_source_that_fails_again_and_again) {
  FakeSource source(SourceKind::replayable, numbered(50));
  source.on_poll = [&](std::size_t) {
    if (source.polled % 3 == 0) throw RetriableException("the far side is away");
  };
  const auto counters = run(source);
  BOOST_TEST(counters.retries > 2);
  BOOST_TEST(source.opened == source.closed);
  BOOST_TEST(written() == values_of(numbered(50)), kEach);
}

BOOST_AUTO_TEST_CASE(tries_again_while_the_far_side_cannot_be_opened) {
  for (const auto kind : kKinds) {
    to = topic();
    id = unique("source");
    FakeSource source(kind, numbered(5));
    source.on_open = [&] {
      if (source.opened < 4) throw RetriableException("connection refused");
    };
    const auto counters = run(source);
    BOOST_TEST(counters.retries == 3);
    BOOST_TEST(source.closed == 4);
    BOOST_TEST(written() == values_of(numbered(5)), kEach);
  }
}

BOOST_AUTO_TEST_CASE(commits_records_without_a_position_with_those_behind_them) {
  auto records = numbered(30);
  FakeSource source(SourceKind::replayable, records);
  // Only each tenth record is a place to go on. The batches of 7 records are smaller.
  class Sparse : public FakeSource {
   public:
    using FakeSource::FakeSource;
    bool poll(std::vector<SourceRecord>& records, std::size_t max_records, Millis timeout) override {
      const bool more = FakeSource::poll(records, max_records, timeout);
      for (auto& record : records) {
        if (record.position && record.position->number % 10 != 0) record.position.reset();
      }
      return more;
    }
  } sparse(SourceKind::replayable, records);
  sparse.on_poll = [&](std::size_t next) {
    if (next == 14 && sparse.opened == 1) throw RetriableException("in the middle of a transaction");
  };
  run(sparse);
  BOOST_TEST(sparse.opened == 2);
  BOOST_TEST(written() == values_of(records), kEach);
}

BOOST_AUTO_TEST_CASE(acknowledges_only_what_the_broker_has) {
  FakeSource source(SourceKind::acknowledged, numbered(100));
  source.on_poll = [&](std::size_t next) {
    BOOST_TEST(source.acknowledged <= next);
    if (next == 35 && source.opened == 1) throw RetriableException("connection cut");
  };
  run(source);
  BOOST_TEST(source.acknowledged == 100);
  // Records that were not acknowledged come again. In front of them, nothing is missing.
  const auto values = written();
  BOOST_TEST(values.size() >= 100);
  int highest = -1;
  for (const auto& value : values) {
    BOOST_TEST(std::stoi(value) <= highest + 1);
    highest = std::max(highest, std::stoi(value));
  }
  BOOST_TEST(highest == 99);
}

BOOST_AUTO_TEST_CASE(writes_what_cannot_be_understood_to_the_dead_letter_topic) {
  for (const auto kind : kKinds) {
    to = topic();
    letters = topic();
    id = unique("source");
    auto records = numbered(9);
    records[4].error = "field 'price' is no number: write a number";
    records[8].error = "the message ends in the middle";
    FakeSource source(kind, records);
    auto with = settings();
    with.config.set("errors.dead.letter.queue.topic.name", letters);
    const auto counters = run(source, with);
    BOOST_TEST(counters.written == 7);
    BOOST_TEST(counters.rejected == 2);
    BOOST_TEST(counters.dead_letters == 2);
    BOOST_TEST(source.acknowledged == 9);
    BOOST_TEST(written() == (std::vector<std::string>{"0", "1", "2", "3", "5", "6", "7"}), kEach);
    const auto seen = read_all(letters);
    BOOST_REQUIRE_EQUAL(seen.size(), 2);
    BOOST_TEST(*seen[0].value == "4");
    const auto header = [&](const char* name) { return seen[0].headers.last(name)->value.value(); };
    BOOST_TEST(header("__connect.errors.exception.message") == "field 'price' is no number: write a number");
    BOOST_TEST(header("__connect.errors.connector.name") == id);
    BOOST_TEST(header("__connect.errors.topic") == to);
    if (kind != SourceKind::replayable) continue;
    // The position is behind the rejected record.
    FakeSource again(kind, records);
    BOOST_TEST(run(again, with).polled == 0);
  }
}

BOOST_AUTO_TEST_CASE(logs_and_skips_what_cannot_be_understood_without_a_dead_letter_topic) {
  for (const auto kind : kKinds) {
    to = topic();
    id = unique("source");
    auto records = numbered(3);
    records[2].error = "nonsense";
    FakeSource source(kind, records);
    std::string text;
    {
      const CapturedStderr log;
      const auto counters = run(source);
      BOOST_TEST(counters.written == 2);
      BOOST_TEST(counters.rejected == 1);
      text = log.text();
    }
    BOOST_TEST(text.find("fake: nonsense; key k2; value 2; skipped") != std::string::npos, text);
    BOOST_TEST(source.acknowledged == 3);
    BOOST_TEST(written() == (std::vector<std::string>{"0", "1"}), kEach);
    if (kind != SourceKind::replayable) continue;
    FakeSource again(kind, records);
    BOOST_TEST(run(again).polled == 0);
  }
}

BOOST_AUTO_TEST_CASE(costs_nothing_else_if_the_broker_refuses_a_record) {
  for (const auto kind : kKinds) {
    to = topic(1, {{"max.message.bytes", "2000"}});
    letters = topic();
    id = unique("source");
    auto records = numbered(30);
    // Noise, which no compression makes small.
    std::string large;
    for (std::uint32_t n = 1; large.size() < 100'000; n = n * 1664525 + 1013904223) large += static_cast<char>(n >> 24);
    records[10].value = large;
    FakeSource source(kind, records);
    auto with = settings(30);
    with.config.set("errors.dead.letter.queue.topic.name", letters);
    const auto counters = run(source, with);
    BOOST_TEST(counters.written == 29);
    BOOST_TEST(counters.rejected == 1);
    auto values = written();
    std::set<std::string> distinct(values.begin(), values.end());
    BOOST_TEST(distinct.size() == 29);
    BOOST_TEST(values.size() == 29);
    const auto seen = read_all(letters);
    BOOST_REQUIRE_EQUAL(seen.size(), 1);
    BOOST_TEST((seen[0].value == large));
  }
}

BOOST_AUTO_TEST_CASE(ends_with_the_error_of_the_source) {
  for (const auto kind : kKinds) {
    to = topic();
    id = unique("source");
    FakeSource source(kind, numbered(10));
    source.on_poll = [](std::size_t next) {
      if (next == 7) throw StreamsException("the key was revoked");
    };
    BOOST_CHECK_EXCEPTION(run(source), StreamsException, says("the key was revoked"));
    BOOST_TEST(source.closed == 1);
  }
}

BOOST_AUTO_TEST_CASE(ends_when_told_to_and_goes_on_later) {
  for (const auto kind : kKinds) {
    to = topic();
    id = unique("source");
    FakeSource source(kind, numbered(21));
    source.endless = true;
    SourceRunner runner(shared, source, settings());
    std::jthread thread([&](const std::stop_token& stop) { runner.run(stop); });
    const auto begin = std::chrono::steady_clock::now();
    while (runner.counters().written < 21 && std::chrono::steady_clock::now() - begin < contract::kPatience) {
      std::this_thread::yield();
    }
    thread.request_stop();
    thread.join();
    BOOST_TEST(source.acknowledged == 21);
    BOOST_TEST(!runner.counters().ended);
    BOOST_TEST(written() == values_of(numbered(21)), kEach);
  }
}

BOOST_AUTO_TEST_CASE(stops_an_earlier_runner_with_the_same_id) {
  FakeSource first(SourceKind::replayable, numbered(50));
  FakeSource second(SourceKind::replayable, numbered(50));
  first.on_poll = [&](std::size_t next) {
    // In the middle of the first one, the second one does all the rest.
    if (next == 14) run(second);
  };
  BOOST_CHECK_EXCEPTION(run(first), BrokerException, says("has taken over"));
  BOOST_TEST(written() == values_of(numbered(50)), kEach);
}

BOOST_AUTO_TEST_CASE(counts_and_logs_gaps_and_warnings) {
  FakeSource source(SourceKind::live, numbered(3));
  source.on_open = [&] {
    source.context->report_gap(1'000, 3'500, "the server closed the connection");
    source.context->warn("the feed says: \x1b[31mslow down");
  };
  const CapturedStderr log;
  SourceRunner runner(shared, source, settings());
  runner.run({});
  BOOST_TEST(runner.counters().gaps == 1);
  BOOST_TEST(runner.counters().warnings == 1);
  BOOST_TEST(log.text().find("not connected for 2.5 s") != std::string::npos, log.text());
  BOOST_TEST(log.text().find("\x1b[31mslow") == std::string::npos, log.text());
  BOOST_TEST(runner.metrics().sum("source-task-metrics", "source-gap-total", {{"connector", id}}) == 1);
  BOOST_TEST(runner.metrics().sum("source-task-metrics", "source-record-write-total", {{"connector", id}}) == 3);
}

BOOST_AUTO_TEST_CASE(names_a_topic_that_does_not_exist) {
  for (const auto kind : kKinds) {
    auto records = numbered(1);
    records[0].topic = unique("missing");
    FakeSource source(kind, records);
    id = unique("source");
    if (kind == SourceKind::replayable) continue;  // waits for the topic, as it may be on its way
    BOOST_CHECK_EXCEPTION(run(source), StreamsException, says(records[0].topic));
  }
}

BOOST_AUTO_TEST_SUITE_END()
