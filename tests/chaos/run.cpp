// SPDX-License-Identifier: Apache-2.0
#include "chaos/run.hpp"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <iostream>
#include <random>

#include "chaos/simulation.hpp"
#include "chaos/store_check.hpp"
#include "millrace/common/logging.hpp"
#include "support/repetitions.hpp"

namespace millrace::chaos {
namespace {

constexpr int kRecords = 300;
/// A run must have its results this many steps after the last fault.
constexpr int kPatience = 20'000;

/// Does nothing. It makes a task read a further topic.
class Nothing final : public Processor<S, S, S, S> {
  void process(Record<S, S>) override {}
};

/// `later_version`: reads the topic `extra` in the same task as the scenario's store.
Topology build(const Scenario& scenario, const Names& names, const Work& work, bool later_version) {
  StreamsBuilder builder;
  scenario.build(builder, names, work);
  if (later_version) {
    builder.stream<S, S>(names.in("extra")).process([] { return std::make_unique<Nothing>(); }, {scenario.store()});
  }
  return builder.build();
}

void create(Broker& broker, const S& topic) {
  NewTopic wanted;
  wanted.name = topic;
  wanted.partitions = kPartitions;
  wanted.configs = {{"retention.ms", "-1"}};
  BOOST_REQUIRE(broker.make_admin()->create_topic(wanted, Millis(0)));
}

Results read(Broker& broker, const Scenario& scenario, const Names& names) {
  Results results;
  const auto consumer = broker.make_consumer({{"isolation.level", "read_committed"}});
  for (const S& topic : scenario.outputs()) {
    std::vector<Row>& rows = results[topic];
    std::vector<std::pair<TopicPartition, std::int64_t>> all;
    for (std::int32_t p = 0; p < kPartitions; ++p) {
      all.emplace_back(TopicPartition{names.out(topic), p}, Consumer::kOffsetBeginning);
    }
    consumer->assign(all);
    std::vector<ConsumerRecord> records;
    do {
      records.clear();
      consumer->poll(records, 10'000, Millis(0));
      for (const ConsumerRecord& record : records) {
        std::optional<S> value;
        if (record.value) value = S(*record.value);
        rows.push_back({S(record.key.value_or("")), std::move(value), record.timestamp});
      }
    } while (!records.empty());
  }
  return results;
}

StreamsConfig settings(const S& application) {
  StreamsConfig config;
  config.set("application.id", application)
      .set("commit.interval.ms", "100")
      .set("poll.ms", "0")
      .set("statestore.cache.max.bytes", "0")
      // The records are from 1970. The broker applies retention by the machine's clock, half a minute after the broker
      // starts.
      .set("windowstore.changelog.additional.retention.ms", "4000000000000");
  return config;
}

/// The same application without any faults: one process that is never restarted. Its results are the expected ones.
class CalmRun {
 public:
  CalmRun(Broker& broker, const Scenario& scenario, Names names)
      : broker_(broker), scenario_(scenario), names_(std::move(names)) {
    faults_.small_polls = false;
    for (const S& topic : scenario.outputs()) create(broker, names_.out(topic));
    StreamsConfig config = settings(names_.outputs);
    config.set("processing.guarantee", "exactly_once_v2");
    scenario.configure(config, names_);
    process_ = std::make_unique<Process>(broker, faults_, clock_,
                                         build(
                                             scenario, names_, [] {}, false),
                                         config, 1);
    process_->start();
  }
  ~CalmRun() { process_->close(); }

  /// Processes all input that exists.
  Results results() {
    // A round processes thousands of records. Joining the group takes some rounds, and so does a chain of tasks.
    for (int round = 0; round < 40; ++round) {
      process_->thread(0).run_once();
      clock_.advance(Millis(1'000));
    }
    return read(broker_, scenario_, names_);
  }

 private:
  Broker& broker_;
  const Scenario& scenario_;
  Names names_;
  Faults faults_{1};
  ManualClock clock_;
  std::unique_ptr<Process> process_;
};

/// One simulation. Writes random input, runs and crashes processes by random decisions, and compares the results.
class Run {
 public:
  Run(Broker& broker, const S& name, std::uint64_t seed, Scenario& scenario)
      : broker_(broker),
        scenario_(scenario),
        names_{name, name},
        chance_(seed),
        faults_(seed + 1),
        slowness_(seed + 2),
        input_(broker, names_) {
    faults_.clock = &clock_;
    slowest_ms_ = chance_.one_in(2) ? 0 : chance_.below(200);
    promise_.exactly_once = !chance_.one_in(4);
    promise_.caches = chance_.one_in(2);
    versions_change_ = chance_.one_in(3);
    last_version_ = versions_change_ && chance_.one_in(2);
    for (const S& topic : scenario.inputs()) create(broker, names_.in(topic));
    create(broker, names_.in("extra"));
    for (const S& topic : scenario.outputs()) create(broker, names_.out(topic));
    if (scenario.has_calm_run()) calm_ = std::make_unique<CalmRun>(broker, scenario, Names{name, name + "-calm"});
    scenario.prepare(input_);
    input_.flush();
    promise_.in_order = chance_.one_in(2);
    config_ = settings(name);
    config_.set("processing.guarantee", promise_.exactly_once ? "exactly_once_v2" : "at_least_once")
        .set("max.task.idle.ms", chance_.one_in(2) ? "0" : "-1")
        .set("producer.linger.ms", promise_.in_order ? "0" : "5");
    if (promise_.caches) config_.set("statestore.cache.max.bytes", "100000");
    suspends_ = chance_.one_in(3);
    if (suspends_) {
      config_.set("consumer.max.poll.interval.ms", "6000").set("consumer.session.timeout.ms", "6000");
    }
    scenario.configure(config_, names_);
    const int processes = 1 + chance_.below(3);
    // A task that gets another input topic does not continue from its own state.
    promise_.keeps_state = !promise_.exactly_once && processes == 1 && !versions_change_;
    for (int i = 0; i < processes; ++i) {
      processes_.push_back(std::make_unique<Process>(broker, faults_, clock_, version(versions_change_ && i % 2 == 1),
                                                     config_, 1 + chance_.below(2)));
    }
  }

  void trouble() {
    faults_.calls_per_fault = 20 + chance_.below(200);
    for (int step = 0; step < 1500; ++step) {
      if (chance_.one_in(5)) write_one();
      // All processes are suspended. The group expels their members, and the broker may abort their transactions.
      if (suspends_ && chance_.one_in(200)) clock_.advance(Millis(6'000 + chance_.below(6'000)));
      Process& process = any_process();
      if (!process.up()) {
        if (chance_.one_in(20)) {
          if (chance_.one_in(4) && !promise_.keeps_state) process.lose_state();
          if (versions_change_) process.change_version(version(chance_.one_in(2)));
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
    while (written_ < kRecords) write_one();
  }

  /// Runs without faults until the results are there.
  void settle() {
    faults_.calls_per_fault = 0;
    for (const auto& process : processes_) {
      if (!versions_change_) continue;
      if (process->up()) process->close();
      process->change_version(version(last_version_));
    }
    if (calm_) expected_ = calm_->results();
    for (int step = 0, quiet = 0; quiet < 300 && step < kPatience; ++step) {
      Process& process = any_process();
      if (!process.up()) process.start();
      process.run_one(chance_);
      tick();
      if (step % 100 == 0 && (!faults_.ghosts.empty() || !differences().empty())) quiet = 0;
      ++quiet;
    }
    for (const auto& process : processes_) {
      if (process->up()) process->close();
    }
    report(differences());
  }

  /// In some runs, all processes lose their local state, or all changelogs are made anew. Then the scenario writes the
  /// rest of its input.
  void restart() {
    const bool keep = promise_.keeps_state || chance_.one_in(2);
    // With several processes, a task may start where its last state is not. Then nobody has the lost records.
    if (keep && processes_.size() == 1 && chance_.one_in(2)) make_changelogs_anew();
    for (const auto& process : processes_) {
      if (!keep) process->lose_state();
      process->start();
    }
    scenario_.finish(input_);
    input_.flush();
    promise_.finished = true;
  }

  void check_stores() {
    std::vector<std::filesystem::path> directories;
    for (const auto& process : processes_) directories.push_back(process->state_dir());
    report(store_differences(broker_, version(last_version_), config_, directories));
  }

  /// Deletes the changelogs of all stores on disk and makes empty ones. The tasks must write them again from the
  /// stores.
  void make_changelogs_anew() {
    const auto admin = broker_.make_admin();
    for (const TopicDescription& topic : admin->list_topics(Millis(0))) {
      if (!topic.name.starts_with(names_.outputs + "-") || !topic.name.ends_with("-changelog")) continue;
      if (topic.name.starts_with(names_.outputs + "-calm-")) continue;  // of the run without faults
      if (topic.name.find("-SUPPRESS-") != S::npos) continue;           // of a buffer in memory
      NewTopic anew;
      anew.name = topic.name;
      anew.partitions = topic.partitions;
      anew.configs = admin->topic_config(topic.name, false, Millis(0));
      admin->delete_topic(topic.name, Millis(0));
      BOOST_REQUIRE(admin->create_topic(anew, Millis(0)));
    }
    changelogs_anew_ = true;
  }

  [[nodiscard]] S summary() const {
    int replaced = 0;
    for (const auto& process : processes_) replaced += process->replaced_threads();
    return S(promise_.exactly_once ? "exactly once" : "at least once") + (promise_.caches ? ", with caches, " : ", ") +
           (versions_change_ ? "two versions, " : "") + (changelogs_anew_ ? "changelogs made anew, " : "") +
           std::to_string(processes_.size()) + " processes, " + std::to_string(crashes_) + " crashes, " +
           std::to_string(faults_.injected) + " faults, " + std::to_string(slowest_ms_) + " ms for a record, " +
           std::to_string(faults_.expired_transactions) + " transactions expired, " +
           std::to_string(faults_.expelled_members) + " members expelled, " + std::to_string(replaced) +
           " threads replaced";
  }

 private:
  [[nodiscard]] Topology version(bool later) {
    return build(
        scenario_, names_, [this] { clock_.advance(Millis(slowness_.below(slowest_ms_ + 1))); }, later);
  }

  Process& any_process() {
    return *processes_[static_cast<std::size_t>(chance_.below(static_cast<int>(processes_.size())))];
  }

  void tick() {
    clock_.advance(Millis(chance_.below(30)));
    faults_.step();
  }

  void write_one() {
    if (written_ >= kRecords) return;
    scenario_.write(input_, chance_, written_++);
    input_.flush();
  }

  [[nodiscard]] std::vector<S> differences() {
    const Results found = read(broker_, scenario_, names_);
    Comparison comparison(found, expected_, promise_);
    scenario_.compare(comparison);
    return comparison.differences();
  }

  static void report(const std::vector<S>& differences) {
    constexpr std::size_t kShown = 10;
    for (std::size_t i = 0; i < std::min(kShown, differences.size()); ++i) BOOST_ERROR(differences[i]);
    if (differences.size() > kShown) BOOST_ERROR(std::to_string(differences.size() - kShown) + " more differences");
  }

  Broker& broker_;
  Scenario& scenario_;
  Names names_;
  Chance chance_;
  Faults faults_;
  ManualClock clock_;
  Chance slowness_;
  int slowest_ms_ = 0;
  Promise promise_;
  bool versions_change_ = false;
  bool suspends_ = false;
  bool changelogs_anew_ = false;
  bool last_version_ = false;  ///< of all processes at the end; true: the later one
  StreamsConfig config_;
  Input input_;
  std::unique_ptr<CalmRun> calm_;
  Results expected_;
  std::vector<std::unique_ptr<Process>> processes_;
  int written_ = 0;
  int crashes_ = 0;
};

std::vector<std::uint64_t> seeds(int count) {
  if (const char* one = std::getenv("MILLRACE_CHAOS_SEED")) return {std::strtoull(one, nullptr, 10)};
  const char* given = std::getenv("MILLRACE_CHAOS_SEEDS");
  if (given != nullptr) count = std::atoi(given);
  std::random_device random;
  const std::uint64_t first = random() % 1'000'000 * 10'000;
  std::vector<std::uint64_t> all;
  for (int i = 0; i < count; ++i) all.push_back(first + static_cast<std::uint64_t>(i));
  return all;
}

}  // namespace

void simulate(const std::string& name, int count, const std::function<std::unique_ptr<Scenario>()>& make) {
  set_log_level(std::getenv("MILLRACE_CHAOS_SEED") != nullptr ? LogLevel::debug : LogLevel::off);
  const TempDir directory;
  const auto broker = Broker::embedded(directory.path().string());
  for (const std::uint64_t seed : seeds(std::max(1, test::repetitions(count)))) {
    BOOST_TEST_CONTEXT("MILLRACE_CHAOS_SEED=" << seed) {
      const auto scenario = make();
      Run run(*broker, name + "-" + std::to_string(seed), seed, *scenario);
      run.trouble();
      run.settle();
      // Opening the stores of all processes takes long, so half of the runs check them here, the others at the end.
      if (seed % 2 == 0) run.check_stores();
      run.restart();
      run.settle();
      if (seed % 2 == 1) run.check_stores();
      std::cout << name << ", seed " << seed << ": " << run.summary() << std::endl;
    }
  }
  set_log_level(LogLevel::info);
}

}  // namespace millrace::chaos
