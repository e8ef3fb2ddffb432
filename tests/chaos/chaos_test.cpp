// Runs whole applications under crashes, lost answers and rebalances. A seed decides every step, so a run can be
// repeated.
// MILLRACE_CHAOS_SEEDS: the number of seeds (50; 5 under a sanitizer). MILLRACE_CHAOS_SEED: runs only this seed and
// shows its log.
#define BOOST_TEST_DYN_LINK
#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <map>
#include <random>

#include "chaos/simulation.hpp"
#include "millrace/common/logging.hpp"
#include "millrace/dsl/kgrouped_stream.hpp"
#include "millrace/dsl/streams_builder.hpp"
#include "millrace/serde/primitives.hpp"
#include "support/repetitions.hpp"

namespace millrace::chaos {
namespace {

constexpr std::int32_t kPartitions = 3;
constexpr int kKeys = 7;
constexpr int kRecords = 300;

struct Topics {
  std::string words, counts, left, right, pairs, lefts;
};

/// A topology with a repartition and a count, and with an inner join whose window holds all records. The left side of
/// the join is counted as well. `work` is called for each word and sets its cost.
Topology application(const Topics& topics, const std::function<void()>& work) {
  StreamsBuilder builder;
  builder.stream<std::string, std::string>(topics.words)
      .peek([work](const std::string&, const std::string&) { work(); })
      .select_key([](const std::string&, const std::string& value) { return value; })
      .group_by_key()
      .count(Materialized::as("counts"))
      .to_stream()
      .to(topics.counts);
  auto left = builder.stream<std::string, std::string>(topics.left);
  auto right = builder.stream<std::string, std::string>(topics.right);
  left.group_by_key().count(Materialized::as("lefts")).to_stream().to(topics.lefts);
  left.join(
          right, [](const std::string& l, const std::string& r) { return l + "+" + r; },
          JoinWindows::of_time_difference_and_grace(1h, 1h))
      .to(topics.pairs);
  return builder.build();
}

/// One simulation: writes random input, runs and crashes processes by random decisions, and checks the final results.
class Run {
 public:
  Run(Broker& broker, std::uint64_t seed) : broker_(broker), chance_(seed), faults_(seed + 1), slowness_(seed + 2) {
    const std::string name = "chaos-" + std::to_string(seed);
    faults_.clock = &clock_;
    slowest_ms_ = chance_.one_in(2) ? 0 : chance_.below(200);
    exactly_once_ = !chance_.one_in(4);
    caches_ = chance_.one_in(2);
    const auto admin = broker.make_admin();
    for (auto [topic, suffix] : {std::pair{&topics_.words, "words"},
                                 {&topics_.counts, "counts"},
                                 {&topics_.left, "left"},
                                 {&topics_.right, "right"},
                                 {&topics_.pairs, "pairs"},
                                 {&topics_.lefts, "lefts"}}) {
      *topic = name + "-" + suffix;
      NewTopic wanted;
      wanted.name = *topic;
      wanted.partitions = kPartitions;
      wanted.configs = {{"retention.ms", "-1"}};
      BOOST_REQUIRE(admin->create_topic(wanted, Millis(0)));
    }
    StreamsConfig config;
    config.set("application.id", name)
        .set("processing.guarantee", exactly_once_ ? "exactly_once_v2" : "at_least_once")
        .set("commit.interval.ms", "100")
        .set("poll.ms", "0")
        .set("max.task.idle.ms", chance_.one_in(2) ? "0" : "-1")
        .set("producer.linger.ms", chance_.one_in(2) ? "0" : "5")
        .set("statestore.cache.max.bytes", caches_ ? "100000" : "0")
        // The records are from 1970. The broker applies retention by the machine's clock, half a minute after the
        // broker starts.
        .set("windowstore.changelog.additional.retention.ms", "4000000000000");
    const Topology topology =
        application(topics_, [this] { clock_.advance(Millis(slowness_.below(slowest_ms_ + 1))); });
    const int processes = 1 + chance_.below(3);
    keeps_state_ = !exactly_once_ && processes == 1;
    for (int i = 0; i < processes; ++i) {
      processes_.push_back(std::make_unique<Process>(broker, faults_, clock_, topology, config, 1 + chance_.below(2)));
    }
    writer_ = broker.make_producer({});
  }

  void trouble() {
    faults_.calls_per_fault = 20 + chance_.below(200);
    for (int step = 0; step < 1500; ++step) {
      if (chance_.one_in(4)) write_some();
      Process& process = any_process();
      if (!process.up()) {
        if (chance_.one_in(20)) {
          if (chance_.one_in(4) && !keeps_state_) process.lose_state();
          process.start();
        }
      } else if (chance_.one_in(150)) {
        process.crash();
        ++crashes_;
      } else if (chance_.one_in(300)) {
        process.close();
      } else {
        process.run_one(chance_);
      }
      tick();
    }
  }

  void settle() {
    faults_.calls_per_fault = 0;
    while (written_ < kRecords) write_some();
    writer_->flush(Millis(0));
    int quiet = 0;
    for (int step = 0; quiet < 300; ++step) {
      BOOST_REQUIRE_MESSAGE(step < 50'000, "the simulation does not end");
      Process& process = any_process();
      if (!process.up()) process.start();
      process.run_one(chance_);
      tick();
      if (step % 100 == 0 && !complete()) quiet = 0;
      ++quiet;
    }
    for (const auto& process : processes_) {
      if (process->up()) process->close();
    }
  }

  void check() {
    std::map<std::string, std::vector<std::int64_t>> counted;
    for (const auto& [key, value] : read(topics_.counts)) {
      counted[key].push_back(Serde<std::int64_t>().deserialize(value));
    }
    std::map<std::string, int> pairs;
    for (const auto& [key, value] : read(topics_.pairs)) ++pairs[value];

    BOOST_CHECK_EQUAL(counted.size(), words_.size());
    for (const auto& [word, times] : words_) {
      const auto& values = counted[word];
      if (exactly_once_ && caches_) {
        BOOST_CHECK(!values.empty() && values.back() == times);
        BOOST_CHECK(std::ranges::adjacent_find(values, std::ranges::greater_equal()) == values.end());
      } else if (exactly_once_) {
        BOOST_CHECK_EQUAL(values.size(), static_cast<std::size_t>(times));
        for (std::size_t i = 0; i < values.size(); ++i) {
          BOOST_CHECK_MESSAGE(values[i] == static_cast<std::int64_t>(i) + 1,
                              "'" << word << "': the " << i + 1 << "th count is " << values[i]);
        }
      } else {
        BOOST_CHECK(!values.empty() && *std::ranges::max_element(values) >= times);
      }
    }
    std::size_t expected = 0;
    for (const auto& [key, sides] : joined_) {
      expected += sides.first.size() * sides.second.size();
      for (const std::string& left : sides.first) {
        for (const std::string& right : sides.second) {
          const int times = pairs[left + "+" + right];
          BOOST_CHECK_MESSAGE(exactly_once_ ? times == 1 : times >= 1,
                              left << "+" << right << " was joined " << times << " times");
        }
      }
    }
    BOOST_CHECK_EQUAL(pairs.size(), expected);
    check_state_follows_input();
  }

  /// Under at least once, a result may be emitted twice. But a task that keeps its local state counts each record of
  /// its input once. If the task processes a record again, the state does not include the first time any more.
  void check_state_follows_input() {
    const bool exact = exactly_once_ || keeps_state_;
    std::map<std::string, std::int64_t> last;
    for (const auto& [key, value] : read(topics_.lefts)) last[key] = Serde<std::int64_t>().deserialize(value);
    for (const auto& [key, sides] : joined_) {
      const auto times = static_cast<std::int64_t>(sides.first.size());
      BOOST_CHECK_MESSAGE(exact ? last[key] == times : last[key] >= times,
                          "'" << key << "' was counted to " << last[key] << " instead of " << times);
    }
  }

  [[nodiscard]] std::string summary() const {
    int replaced = 0;
    for (const auto& process : processes_) replaced += process->replaced_threads();
    return std::string(exactly_once_ ? "exactly once" : "at least once") + (caches_ ? ", with caches, " : ", ") +
           std::to_string(processes_.size()) + " processes, " + std::to_string(crashes_) + " crashes, " +
           std::to_string(faults_.injected) + " faults, " + std::to_string(slowest_ms_) + " ms for a word, " +
           std::to_string(faults_.expired_transactions) + " transactions expired, " +
           std::to_string(faults_.expelled_members) + " members expelled, " + std::to_string(replaced) +
           " threads replaced";
  }

 private:
  Process& any_process() {
    return *processes_[static_cast<std::size_t>(chance_.below(static_cast<int>(processes_.size())))];
  }

  void tick() {
    clock_.advance(Millis(chance_.below(30)));
    faults_.step();
  }

  void write(const std::string& topic, const std::string& key, const std::string& value) {
    ProducerRecord record;
    record.topic = topic;
    record.key = key;
    record.value = value;
    record.timestamp = 1000 + chance_.below(100'000);
    writer_->send(record);
  }

  void write_some() {
    if (written_ >= kRecords) return;
    for (int i = 0; i < 5; ++i) {
      const std::string word = "w" + std::to_string(chance_.below(kKeys));
      write(topics_.words, "any" + std::to_string(written_), word);
      ++words_[word];
      const std::string key = "k" + std::to_string(chance_.below(kRecords / 4));
      const bool is_left = chance_.one_in(2);
      const std::string value = (is_left ? "l" : "r") + std::to_string(written_);
      write(is_left ? topics_.left : topics_.right, key, value);
      (is_left ? joined_[key].first : joined_[key].second).push_back(value);
      ++written_;
    }
    writer_->flush(Millis(0));
  }

  /// Whether all results seem to be written, judged by their number alone.
  [[nodiscard]] bool complete() {
    std::size_t expected = 0;
    for (const auto& [key, sides] : joined_) expected += sides.first.size() * sides.second.size();
    return faults_.ghosts.empty() && counted() && read(topics_.pairs).size() >= expected;
  }

  [[nodiscard]] bool counted() {
    std::map<std::string, std::int64_t> highest;
    for (const auto& [word, count] : read(topics_.counts)) {
      highest[word] = std::max(highest[word], Serde<std::int64_t>().deserialize(count));
    }
    return std::ranges::all_of(words_, [&](const auto& word) { return highest[word.first] >= word.second; });
  }

  std::vector<std::pair<std::string, std::string>> read(const std::string& topic) {
    std::vector<std::pair<std::string, std::string>> rows;
    const auto consumer = broker_.make_consumer({{"isolation.level", "read_committed"}});
    std::vector<std::pair<TopicPartition, std::int64_t>> all;
    for (std::int32_t p = 0; p < kPartitions; ++p)
      all.emplace_back(TopicPartition{topic, p}, Consumer::kOffsetBeginning);
    consumer->assign(all);
    std::vector<ConsumerRecord> records;
    do {
      records.clear();
      consumer->poll(records, 10'000, Millis(0));
      for (const ConsumerRecord& record : records) rows.emplace_back(*record.key, *record.value);
    } while (!records.empty());
    return rows;
  }

  Broker& broker_;
  Chance chance_;
  Faults faults_;
  ManualClock clock_;
  Chance slowness_;
  int slowest_ms_ = 0;
  bool exactly_once_ = true;
  bool caches_ = false;
  bool keeps_state_ = false;  ///< tasks always have their local state
  Topics topics_;
  std::vector<std::unique_ptr<Process>> processes_;
  std::unique_ptr<Producer> writer_;
  int written_ = 0;
  int crashes_ = 0;
  std::map<std::string, int> words_;
  std::map<std::string, std::pair<std::vector<std::string>, std::vector<std::string>>> joined_;
};

std::vector<std::uint64_t> seeds() {
  if (const char* one = std::getenv("MILLRACE_CHAOS_SEED")) return {std::strtoull(one, nullptr, 10)};
  const char* given = std::getenv("MILLRACE_CHAOS_SEEDS");
  const std::size_t count = given != nullptr ? std::strtoull(given, nullptr, 10) : test::repetitions(50);
  std::random_device random;
  const std::uint64_t first = random() % 1'000'000 * 10'000;
  std::vector<std::uint64_t> all;
  for (std::size_t i = 0; i < count; ++i) all.push_back(first + i);
  return all;
}

BOOST_AUTO_TEST_SUITE(Chaos)

BOOST_AUTO_TEST_CASE(ends_with_the_right_results) {
  set_log_level(std::getenv("MILLRACE_CHAOS_SEED") != nullptr ? LogLevel::debug : LogLevel::off);
  const TempDir directory;
  const auto broker = Broker::embedded(directory.path().string());
  for (const std::uint64_t seed : seeds()) {
    BOOST_TEST_CONTEXT("MILLRACE_CHAOS_SEED=" << seed) {
      Run run(*broker, seed);
      run.trouble();
      run.settle();
      run.check();
      std::cout << "seed " << seed << ": " << run.summary() << std::endl;
    }
  }
  set_log_level(LogLevel::info);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace millrace::chaos
