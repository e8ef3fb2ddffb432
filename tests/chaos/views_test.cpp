// SPDX-License-Identifier: Apache-2.0
// Members of one group see different topics, or run different versions of the application, at different times. Still
// each record is processed by one owner only. docs/group-protocol.md explains why.
//
// MILLRACE_CHAOS_SEEDS: the number of seeds per scenario (default 25, under a sanitizer 3).
// MILLRACE_CHAOS_SEED: runs only this seed, with log.
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

using S = std::string;

constexpr int kKeys = 9;

/// What differs between members, and what they agree on at the end.
struct Scenario {
  std::map<S, std::int32_t> inputs;  ///< topics with their numbers of partitions
  std::map<S, std::int32_t> silent;  ///< topics that exist but get no records
  std::vector<Topology> versions;
  std::vector<View> views;
  /// The version and the view of all members at the end.
  std::size_t last_version = 0;
  std::size_t last_view = 0;
  S first_input;  ///< a topic that all members see
  S out;
  S counts;  ///< topic of the counts; empty: nothing is counted
  /// True: a member of an earlier version joins and leaves several times. It reads `first_input`.
  bool earlier_version = false;
};

/// A member that does not follow the protocol, like an earlier version of Millrace. It reads the partitions that the
/// group assigns, copies each record to the output topic, and commits offsets without a claim.
class EarlierVersion : private RebalanceListener {
 public:
  EarlierVersion(Broker& broker, const S& application, const S& topic, const S& out)
      : out_(out),
        consumer_(broker.make_consumer({{"group.id", application},
                                        {"client.id", "an-earlier-version"},
                                        {"auto.offset.reset", "earliest"},
                                        {"isolation.level", "read_committed"}})),
        producer_(broker.make_producer({{"transactional.id", application + "-earlier"}})) {
    producer_->init_transactions(Millis(0));
    consumer_->subscribe({topic}, *this);
  }

  /// Reads some records, copies them, and commits. Throws if the commit fails.
  void step() {
    std::vector<ConsumerRecord> records;
    consumer_->poll(records, 20, Millis(0));
    if (records.empty()) return;
    producer_->begin_transaction();
    std::map<TopicPartition, OffsetAndMetadata> offsets;
    for (const ConsumerRecord& record : records) {
      ProducerRecord copy;
      copy.topic = out_;
      copy.key = record.key;
      copy.value = record.value;
      copy.timestamp = record.timestamp;
      producer_->send(copy);
      offsets[{*record.topic, record.partition}] = {record.offset + 1, std::nullopt, ""};
    }
    producer_->send_offsets_to_transaction(offsets, consumer_->group_metadata());
    producer_->commit_transaction(Millis(0));
  }

 private:
  using Partitions = std::vector<TopicPartition>;
  Partitions on_partitions_assigned(const Partitions& partitions) override { return partitions; }
  Partitions on_partitions_revoked(const Partitions& partitions) override { return partitions; }
  Partitions on_partitions_lost(const Partitions& partitions) override { return partitions; }

  S out_;
  std::unique_ptr<Consumer> consumer_;
  std::unique_ptr<Producer> producer_;
};

class Cluster {
 public:
  Cluster(Broker& broker, const S& application, std::uint64_t seed, const std::function<Scenario(const S&)>& make)
      : broker_(broker), application_(application), chance_(seed), faults_(seed + 1) {
    scenario_ = make(application);
    // A member of an earlier version makes the others repeat their work since the last commit. Under at least once that
    // gives duplicates, so these scenarios run under exactly once.
    exactly_once_ = scenario_.earlier_version || !chance_.one_in(4);
    trouble_ = exactly_once_ && chance_.one_in(2);
    const auto admin = broker.make_admin();
    for (const auto& [topic, partitions] : scenario_.inputs) create(*admin, topic, partitions);
    for (const auto& [topic, partitions] : scenario_.silent) create(*admin, topic, partitions);
    create(*admin, scenario_.out, 1);
    if (!scenario_.counts.empty()) create(*admin, scenario_.counts, 1);
    StreamsConfig config;
    config.set("application.id", application)
        .set("processing.guarantee", exactly_once_ ? "exactly_once_v2" : "at_least_once")
        .set("commit.interval.ms", "100")
        .set("poll.ms", "0")
        .set("producer.linger.ms", "0")
        .set("statestore.cache.max.bytes", "0");
    const int processes = 2 + chance_.below(2);
    for (int i = 0; i < processes; ++i) {
      processes_.push_back(
          std::make_unique<Process>(broker, faults_, clock_, any(scenario_.versions), config, 1 + chance_.below(2)));
      processes_.back()->set_view(any(scenario_.views));
    }
    writer_ = broker.make_producer({});
  }

  void disagree() {
    if (trouble_) faults_.calls_per_fault = 50 + chance_.below(200);
    for (int step = 0; step < 1200; ++step) {
      if (chance_.one_in(12)) write_some(scenario_.first_input);
      if (chance_.one_in(50)) write_some(scenario_.inputs.begin()->first);
      if (scenario_.earlier_version && chance_.one_in(100)) come_or_go();
      if (earlier_ && chance_.one_in(3)) earlier_->step();
      Process& process = any_process();
      if (!process.up()) {
        if (chance_.one_in(10)) process.start();
      } else if (chance_.one_in(60)) {
        process.set_view(any(scenario_.views));
        process.look_at_topics();
      } else if (chance_.one_in(120)) {
        process.close();
        process.change_version(any(scenario_.versions));
      } else if (trouble_ && chance_.one_in(200)) {
        process.crash();
      } else {
        process.run_one(chance_);
      }
      tick();
    }
  }

  void agree() {
    faults_.calls_per_fault = 0;
    earlier_.reset();
    for (const auto& process : processes_) {
      if (process->up()) process->close();
      process->change_version(scenario_.versions[scenario_.last_version]);
      process->set_view(scenario_.views[scenario_.last_view]);
      for (int step = 0; step < 50; ++step) {
        Process& other = any_process();
        if (other.up()) other.run_one(chance_);
        tick();
      }
    }
    for (int i = 0; i < 5; ++i) {
      for (const auto& [topic, partitions] : scenario_.inputs) write_some(topic);
    }
    for (int step = 0, quiet = 0; quiet < 200; ++step) {
      BOOST_REQUIRE_MESSAGE(step < 20'000, "does not come to an end");
      Process& process = any_process();
      if (!process.up()) process.start();
      process.run_one(chance_);
      tick();
      if (step % 50 == 0 && (!faults_.ghosts.empty() || read(scenario_.out).size() < values_.size())) quiet = 0;
      ++quiet;
    }
    for (const auto& process : processes_) process->close();
  }

  void check() {
    std::map<S, int> times;
    for (const auto& [key, value] : read(scenario_.out)) ++times[value];
    BOOST_CHECK_EQUAL(times.size(), values_.size());
    // Also under at least once: no failures are simulated then, so no record is processed again.
    for (const S& value : values_) {
      BOOST_CHECK_MESSAGE(times[value] == 1, "'" << value << "' was processed " << times[value] << " times");
    }
    if (scenario_.counts.empty()) return;
    std::map<S, std::vector<std::int64_t>> counted;
    for (const auto& [key, count] : read(scenario_.counts)) {
      counted[key].push_back(Serde<std::int64_t>().deserialize(count));
    }
    for (const auto& [key, total] : written_of_) {
      BOOST_CHECK_EQUAL(counted[key].size(), static_cast<std::size_t>(total));
      for (std::size_t i = 0; i < counted[key].size(); ++i) {
        BOOST_CHECK_MESSAGE(counted[key][i] == static_cast<std::int64_t>(i) + 1,
                            "'" << key << "': the " << i + 1 << "th count is " << counted[key][i]);
      }
    }
  }

  [[nodiscard]] S summary() const {
    return S(exactly_once_ ? "exactly once" : "at least once") + (trouble_ ? ", with faults and crashes, " : ", ") +
           std::to_string(processes_.size()) + " processes, " + std::to_string(written_before_) + " of " +
           std::to_string(written_) + " records while they disagreed";
  }

  void note_disagreement() { written_before_ = written_; }

 private:
  template <class T>
  const T& any(const std::vector<T>& from) {
    return from[static_cast<std::size_t>(chance_.below(static_cast<int>(from.size())))];
  }
  Process& any_process() {
    return *processes_[static_cast<std::size_t>(chance_.below(static_cast<int>(processes_.size())))];
  }
  void come_or_go() {
    if (earlier_) {
      earlier_.reset();
    } else {
      earlier_ = std::make_unique<EarlierVersion>(broker_, application_, scenario_.first_input, scenario_.out);
    }
  }
  void tick() {
    clock_.advance(Millis(chance_.below(40)));
    faults_.step();
  }
  static void create(Admin& admin, const S& topic, std::int32_t partitions) {
    NewTopic wanted;
    wanted.name = topic;
    wanted.partitions = partitions;
    wanted.configs = {{"retention.ms", "-1"}};
    BOOST_REQUIRE(admin.create_topic(wanted, Millis(0)));
  }
  void write_some(const S& topic) {
    for (int i = 0; i < 5; ++i) {
      const S key = "k" + std::to_string(chance_.below(kKeys));
      const S value = topic + ":" + std::to_string(written_);
      ProducerRecord record;
      record.topic = topic;
      record.key = key;
      record.value = value;
      record.timestamp = 1000;
      writer_->send(record);
      values_.push_back(value);
      ++written_of_[key];
      ++written_;
    }
    writer_->flush(Millis(0));
  }
  std::vector<std::pair<S, S>> read(const S& topic) {
    const auto consumer = broker_.make_consumer({{"isolation.level", "read_committed"}});
    consumer->assign({{{topic, 0}, Consumer::kOffsetBeginning}});
    std::vector<std::pair<S, S>> rows;
    std::vector<ConsumerRecord> records;
    do {
      records.clear();
      consumer->poll(records, 10'000, Millis(0));
      for (const ConsumerRecord& record : records) rows.emplace_back(*record.key, *record.value);
    } while (!records.empty());
    return rows;
  }

  Broker& broker_;
  S application_;
  Chance chance_;
  Faults faults_;
  ManualClock clock_;
  Scenario scenario_;
  bool exactly_once_ = true;
  bool trouble_ = false;
  std::vector<std::unique_ptr<Process>> processes_;
  std::unique_ptr<Producer> writer_;
  std::unique_ptr<EarlierVersion> earlier_;
  int written_ = 0;
  int written_before_ = 0;
  std::vector<S> values_;
  std::map<S, int> written_of_;
};

void simulate(const S& what, const std::function<Scenario(const S&)>& make) {
  const char* one = std::getenv("MILLRACE_CHAOS_SEED");
  const char* given = std::getenv("MILLRACE_CHAOS_SEEDS");
  std::size_t count = given != nullptr ? std::strtoull(given, nullptr, 10) : test::repetitions(25);
  std::random_device random;
  std::uint64_t seed = random() % 1'000'000 * 10'000;
  if (one != nullptr) {
    seed = std::strtoull(one, nullptr, 10);
    count = 1;
  }
  set_log_level(one != nullptr ? LogLevel::debug : LogLevel::off);
  const TempDir directory;
  const auto broker = Broker::embedded(directory.path().string());
  for (const std::uint64_t end = seed + count; seed < end; ++seed) {
    BOOST_TEST_CONTEXT("MILLRACE_CHAOS_SEED=" << seed) {
      Cluster cluster(*broker, what + "-" + std::to_string(seed), seed, make);
      cluster.disagree();
      cluster.note_disagreement();
      cluster.agree();
      cluster.check();
      std::cout << what << ", seed " << seed << ": " << cluster.summary() << std::endl;
    }
  }
  set_log_level(LogLevel::info);
}

KStream<S, S> stream(StreamsBuilder& builder, const S& topic) { return builder.stream<S, S>(topic); }

BOOST_AUTO_TEST_SUITE(Views)

BOOST_AUTO_TEST_CASE(of_a_pattern_find_a_topic_that_sorts_first) {
  simulate("pattern", [](const S& prefix) {
    StreamsBuilder builder;
    const auto all = builder.stream<S, S>(Pattern{prefix + "-in-[a-z]"});
    all.to(prefix + "-out");
    all.group_by_key().count(Materialized::as("counts")).to_stream().to(prefix + "-counts");
    Scenario scenario;
    scenario.inputs = {{prefix + "-in-b", 3}, {prefix + "-in-a", 3}};
    scenario.versions = {builder.build()};
    scenario.views = {{}, {{prefix + "-in-a"}, {}}};
    scenario.first_input = prefix + "-in-b";
    scenario.out = prefix + "-out";
    scenario.counts = prefix + "-counts";
    return scenario;
  });
}

BOOST_AUTO_TEST_CASE(of_a_companion_topic_get_more_partitions) {
  simulate("partitions", [](const S& prefix) {
    StreamsBuilder builder;
    stream(builder, prefix + "-a").merge(stream(builder, prefix + "-b")).to(prefix + "-out");
    Scenario scenario;
    scenario.inputs = {{prefix + "-a", 3}, {prefix + "-b", 5}};
    scenario.versions = {builder.build()};
    scenario.views = {{}, {{}, {{prefix + "-b", 2}}}};
    scenario.first_input = prefix + "-a";
    scenario.out = prefix + "-out";
    return scenario;
  });
}

BOOST_AUTO_TEST_CASE(of_versions_differ_during_rolling_updates) {
  simulate("update", [](const S& prefix) {
    StreamsBuilder before;
    stream(before, prefix + "-orders").to(prefix + "-out");
    StreamsBuilder after;
    const auto customers = after.table<S, S>(prefix + "-customers", Materialized::as("customers"));
    stream(after, prefix + "-orders")
        .left_join(customers, [](const S& order, const S*) { return order; })
        .to(prefix + "-out");
    Scenario scenario;
    scenario.inputs = {{prefix + "-orders", 3}};
    scenario.silent = {{prefix + "-customers", 3}};
    scenario.versions = {before.build(), after.build()};
    scenario.views = {{}};
    scenario.last_version = std::hash<S>()(prefix) % 2;
    scenario.first_input = prefix + "-orders";
    scenario.out = prefix + "-out";
    return scenario;
  });
}

BOOST_AUTO_TEST_CASE(of_an_earlier_version_know_nothing_of_others) {
  simulate("earlier", [](const S& prefix) {
    StreamsBuilder builder;
    // Topic a is the lead topic. The earlier version subscribes to topic b, which is a companion here.
    stream(builder, prefix + "-a").merge(stream(builder, prefix + "-b")).to(prefix + "-out");
    Scenario scenario;
    scenario.inputs = {{prefix + "-a", 3}, {prefix + "-b", 3}};
    scenario.versions = {builder.build()};
    scenario.views = {{}};
    scenario.first_input = prefix + "-b";
    scenario.out = prefix + "-out";
    scenario.earlier_version = true;
    return scenario;
  });
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace millrace::chaos
