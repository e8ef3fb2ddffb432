// SPDX-License-Identifier: Apache-2.0
// Slow user functions must not delay commits, polls and punctuations. The functions advance a clock themselves, so no
// test waits.
#define BOOST_TEST_DYN_LINK
#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <functional>
#include <vector>

#include "chaos/simulation.hpp"
#include "millrace/dsl/streams_builder.hpp"
#include "millrace/serde/primitives.hpp"

namespace millrace::chaos {
namespace {

using Strings = KStream<std::string, std::string>;

/// One process with one stream thread that reads topic `in`. Time passes only inside the functions of the topology.
struct SlowFunctions {
  TempDir directory;
  std::shared_ptr<Broker> broker = Broker::embedded(directory.path().string());
  Faults faults{1};
  Chance chance{1};
  ManualClock clock;
  StreamsConfig config;
  StreamsBuilder builder;
  std::unique_ptr<Process> process;
  std::unique_ptr<Producer> writer = broker->make_producer({});
  int written = 0;
  int calls = 0;  ///< calls of the slow function

  SlowFunctions() {
    faults.clock = &clock;
    faults.small_polls = false;
    const auto admin = broker->make_admin();
    for (const char* name : {"in", "out", "before"}) {
      NewTopic wanted;
      wanted.name = name;
      wanted.configs = {{"retention.ms", "-1"}};
      BOOST_REQUIRE(admin->create_topic(wanted, Millis(0)));
    }
    config.set("application.id", "slow").set("poll.ms", "0").set("statestore.cache.max.bytes", "0");
  }

  void write(int count) {
    for (int i = 0; i < count; ++i) {
      const std::string value = std::to_string(written++);
      ProducerRecord record;
      record.topic = "in";
      record.key = "k";
      record.value = value;
      record.timestamp = 1'000;
      writer->send(record);
    }
    writer->flush(Millis(0));
  }

  [[nodiscard]] Strings input() { return builder.stream<std::string, std::string>("in"); }

  /// Builds in -> function -> out. `cost` returns the time that a call takes, by the number of the call.
  void map_that_takes(std::function<Millis(int call)> cost) {
    input()
        .map_values([this, cost = std::move(cost)](const std::string& value) {
          clock.advance(cost(calls++));
          return value;
        })
        .to("out");
  }

  void start(const char* guarantee) {
    config.set("processing.guarantee", guarantee);
    process = std::make_unique<Process>(*broker, faults, clock, builder.build(), config, 1);
    process->start();
  }

  [[nodiscard]] StreamThread& thread() { return process->thread(0); }

  std::vector<std::string> read(const std::string& topic) const {
    const auto consumer = broker->make_consumer({{"isolation.level", "read_committed"}});
    consumer->assign({{{topic, 0}, Consumer::kOffsetBeginning}});
    std::vector<std::string> values;
    std::vector<ConsumerRecord> records;
    do {
      records.clear();
      consumer->poll(records, 10'000, Millis(0));
      for (const ConsumerRecord& record : records) values.emplace_back(*record.value);
    } while (!records.empty());
    return values;
  }

  /// Runs until all written records are in the output and committed. One millisecond passes between two rounds.
  void run() {
    for (int round = 0; round < 20'000; ++round) {
      thread().run_once();
      clock.advance(Millis(1));
      const bool processed = process->metrics().processed.value() >= static_cast<std::uint64_t>(written);
      if (processed && read("out").size() >= static_cast<std::size_t>(written)) break;
    }
    process->close();
    process.reset();
  }

  /// Checks that the thread ends with an error whose text contains all of these words.
  void check_gives_up(const std::vector<std::string>& words) {
    const auto run_for_a_while = [this] {
      for (int round = 0; round < 2'000; ++round) {
        thread().run_once();
        clock.advance(Millis(1));
      }
    };
    BOOST_CHECK_EXCEPTION(run_for_a_while(), BrokerException, [&](const BrokerException& error) {
      const std::string text = error.what();
      BOOST_TEST_MESSAGE(text);
      return std::ranges::all_of(words, [&](const auto& word) { return text.find(word) != std::string::npos; });
    });
  }

  /// Checks that each record was processed and written exactly once and in order.
  void check_all_done_once() {
    const auto values = read("out");
    BOOST_TEST(values.size() == static_cast<std::size_t>(written));
    for (std::size_t i = 0; i < values.size(); ++i) BOOST_REQUIRE_EQUAL(values[i], std::to_string(i));
    BOOST_TEST(calls == written);
    BOOST_TEST(faults.expired_transactions == 0U);
    BOOST_TEST(faults.expelled_members == 0U);
  }
};

std::function<Millis(int)> always(Millis cost) {
  return [cost](int) { return cost; };
}

BOOST_FIXTURE_TEST_SUITE(SlowFunctionsSuite, SlowFunctions)

BOOST_AUTO_TEST_CASE(do_not_delay_commits_under_exactly_once) {
  write(3'000);
  map_that_takes(always(12ms));
  start("exactly_once_v2");
  const std::uint64_t rounds_of_interval = 3'000 * 12 / 100;
  std::uint64_t commits = 0;
  for (int round = 0; round < 2'000 && commits < rounds_of_interval / 2; ++round) {
    thread().run_once();
    commits = process->metrics().commits.value();
  }
  BOOST_TEST(commits == rounds_of_interval / 2);
  const auto visible = read("out").size();
  BOOST_TEST(visible > 1'000U);  // about half of them, long before the last one
  BOOST_TEST(visible < 2'000U);
  run();
  check_all_done_once();
}

BOOST_AUTO_TEST_CASE(do_not_delay_commits_past_half_of_the_transaction_timeout) {
  config.set("commit.interval.ms", "60000");
  write(3'000);
  map_that_takes(always(12ms));
  start("exactly_once_v2");
  for (int round = 0; round < 2'000 && process->metrics().commits.value() == 0; ++round) thread().run_once();
  const auto visible = static_cast<std::int64_t>(read("out").size());
  BOOST_TEST(visible * 12 >= 5'000);  // half of transaction.timeout.ms
  BOOST_TEST(visible * 12 <= 5'300);
}

BOOST_AUTO_TEST_CASE(keep_the_group_membership_under_at_least_once) {
  config.set("consumer.max.poll.interval.ms", "6000").set("consumer.session.timeout.ms", "6000");
  write(3'000);
  map_that_takes(always(10ms));
  start("at_least_once");
  run();
  check_all_done_once();
}

BOOST_AUTO_TEST_CASE(may_become_slow_suddenly) {
  write(3'000);
  map_that_takes([](int call) { return call < 2'000 ? 0ms : 200ms; });
  start("exactly_once_v2");
  run();
  check_all_done_once();
}

BOOST_AUTO_TEST_CASE(may_take_nearly_the_transaction_timeout_for_each_record) {
  write(20);
  map_that_takes(always(9'900ms));
  start("exactly_once_v2");
  run();
  check_all_done_once();
}

BOOST_AUTO_TEST_CASE(may_exceed_the_transaction_timeout_while_no_transaction_is_open) {
  write(5);
  map_that_takes(always(30'000ms));
  start("exactly_once_v2");
  run();
  check_all_done_once();
}

BOOST_AUTO_TEST_CASE(fail_naming_the_transaction_timeout_if_a_record_always_exceeds_it) {
  write(1);
  input().to("before");  // opens the transaction
  map_that_takes(always(12'345ms));
  start("exactly_once_v2");
  check_gives_up({"task 0_0 took 12345 ms for one record of in-0", "12345 ms of it in node KSTREAM-MAPVALUES-",
                  "transaction.timeout.ms: 10000"});
  BOOST_TEST(calls == 2);  // a second attempt, in case the first was slow by chance
}

BOOST_AUTO_TEST_CASE(fail_naming_the_slowest_of_several_nodes) {
  write(1);
  input().to("before");
  input()
      .filter([this](const std::string&, const std::string&) {
        clock.advance(2'000ms);
        return true;
      })
      .map_values([this](const std::string& value) {
        clock.advance(8'000ms);
        return value;
      })
      .peek([this](const std::string&, const std::string&) { clock.advance(3'000ms); })
      .to("out");
  start("exactly_once_v2");
  check_gives_up({"took 13000 ms for one record", "8000 ms of it in node KSTREAM-MAPVALUES-"});
}

BOOST_AUTO_TEST_CASE(fail_naming_the_poll_interval_if_a_record_always_exceeds_it) {
  for (const char* guarantee : {"at_least_once", "exactly_once_v2"}) {
    SlowFunctions slow;
    slow.config.set("consumer.max.poll.interval.ms", "6000").set("consumer.session.timeout.ms", "6000");
    slow.write(1);
    slow.map_that_takes(always(7'654ms));
    slow.start(guarantee);
    slow.check_gives_up({"task 0_0 took 7654 ms for one record of in-0", "7654 ms of it in node KSTREAM-MAPVALUES-",
                         "max.poll.interval.ms: 6000"});
    BOOST_TEST(slow.calls == 2);
  }
}

BOOST_AUTO_TEST_CASE(may_exceed_the_poll_interval_once) {
  config.set("consumer.max.poll.interval.ms", "6000").set("consumer.session.timeout.ms", "6000");
  write(5);
  map_that_takes([](int call) { return call == 2 ? 7'654ms : 1ms; });
  start("at_least_once");
  run();
  BOOST_TEST(faults.expelled_members == 1U);
  const auto values = read("out");
  for (int i = 0; i < 5; ++i) BOOST_TEST(std::ranges::count(values, std::to_string(i)) >= 1);
}

/// Sends a record at each punctuation, and then takes a long time.
class SlowTicker final : public Processor<std::string, std::string, std::string, std::string> {
 public:
  explicit SlowTicker(ManualClock& clock) : clock_(clock) {}

  void init(ProcessorContext<std::string, std::string>& context) override {
    Processor::init(context);
    (void)context.schedule(Millis(100), PunctuationType::wall_clock_time, [this](Timestamp now) {
      this->context().forward(Record<std::string, std::string>{"tick", "tock", now, {}});
      clock_.advance(Millis(12'345));
    });
  }
  void process(Record<std::string, std::string> /*record*/) override {}

 private:
  ManualClock& clock_;
};

BOOST_AUTO_TEST_CASE(fail_naming_the_node_of_a_slow_punctuation) {
  input().process([&] { return std::make_unique<SlowTicker>(clock); }, Named::as("ticker")).to("out");
  start("exactly_once_v2");
  check_gives_up({"task 0_0 took 12345 ms for its wall-clock punctuations", "12345 ms of it in node ticker",
                  "transaction.timeout.ms: 10000"});
}

BOOST_AUTO_TEST_CASE(fail_naming_the_node_that_is_slow_when_caches_are_flushed) {
  config.set("statestore.cache.max.bytes", "1000000");
  write(1);
  input()
      .group_by_key()
      .count()
      .to_stream()
      .map_values([this](const auto& /*count*/) {
        clock.advance(12'345ms);
        return std::string("counted");
      })
      .to("out");
  input().to("before");
  start("exactly_once_v2");
  check_gives_up({"task 0_0 took 12345 ms for the flush of its caches before a commit",
                  "12345 ms of it in node KSTREAM-MAPVALUES-", "transaction.timeout.ms: 10000"});
}

BOOST_AUTO_TEST_CASE(may_exceed_the_transaction_timeout_once) {
  write(5);
  input().to("before");
  map_that_takes([](int call) { return call == 2 ? 12'345ms : 1ms; });
  start("exactly_once_v2");
  run();
  BOOST_TEST(read("out").size() == 5U);
  BOOST_TEST(faults.expired_transactions == 1U);
}

/// Records the times of its punctuations.
class Ticker final : public Processor<std::string, std::string> {
 public:
  Ticker(ManualClock& clock, std::vector<Timestamp>& ticks) : clock_(clock), ticks_(ticks) {}

  void init(ProcessorContext<std::string, std::string>& context) override {
    Processor::init(context);
    (void)context.schedule(Millis(250), PunctuationType::wall_clock_time,
                           [this](Timestamp now) { ticks_.push_back(now); });
  }
  void process(Record<std::string, std::string> /*record*/) override { clock_.advance(Millis(12)); }

 private:
  ManualClock& clock_;
  std::vector<Timestamp>& ticks_;
};

BOOST_AUTO_TEST_CASE(do_not_delay_punctuations) {
  std::vector<Timestamp> ticks;
  write(1'000);
  input().process([&] { return std::make_unique<Ticker>(clock, ticks); });
  start("at_least_once");
  const Timestamp begin = clock.now();
  for (int round = 0; round < 2'000 && process->metrics().processed.value() < 1'000; ++round) thread().run_once();
  BOOST_REQUIRE_EQUAL(ticks.size(), 12'000U / 250);
  for (std::size_t i = 0; i < ticks.size(); ++i) {
    const Timestamp due = begin + 250 * (static_cast<Timestamp>(i) + 1);
    BOOST_TEST(ticks[i] >= due);
    BOOST_TEST(ticks[i] <= due + 12);
  }
}

BOOST_AUTO_TEST_CASE(keep_commits_and_punctuations_running_when_the_wall_clock_is_set_back) {
  std::vector<Timestamp> ticks;
  write(1'000);
  input().process([&] { return std::make_unique<Ticker>(clock, ticks); });
  map_that_takes([this](int call) {
    if (call == 500) clock.set_back(1h);
    return 12ms;
  });
  start("exactly_once_v2");
  run();
  check_all_done_once();
  BOOST_TEST(ticks.size() >= 1'000U * 24 / 250 - 2);  // two functions take 12 ms each
}

BOOST_AUTO_TEST_CASE(delay_a_close_request_by_one_slice_at_most) {
  write(1'000);
  map_that_takes([this](int call) {
    if (call == 30) thread().wakeup();
    return 12ms;
  });
  start("at_least_once");
  while (calls <= 30) thread().run_once();
  BOOST_TEST(calls == 31);
  process->close();
  process.reset();
  BOOST_TEST(read("out").size() == 31U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace millrace::chaos
