// SPDX-License-Identifier: Apache-2.0
// Runs an application in several processes on a real Kafka, hurts the processes and the brokers at random moments, and
// compares what comes out with what must come out. tests/chaos/kill9 starts it; see --help.
#include <signal.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <filesystem>
#include <memory>
#include <random>
#include <thread>

#include "chaos/processes/check.hpp"
#include "chaos/processes/cluster.hpp"
#include "chaos/processes/feed.hpp"
#include "chaos/processes/program.hpp"
#include "millrace/app/command_line.hpp"
#include "support/temp_dir.hpp"

namespace {

using namespace millrace;
using namespace millrace::kill9;
using namespace std::chrono_literals;
using Steady = std::chrono::steady_clock;

constexpr Millis kPatience{60'000};
/// So long may no result come after the last fault before the run is called stuck.
constexpr auto kStuckAfter = 180s;
/// Runs in which Kafka itself loses markers of transactions are repeated, up to this number of runs in all.
constexpr int kAttempts = 5;

struct Settings {
  double minutes = 10;
  std::size_t processes = 3;
  std::size_t brokers = 1;
  std::int64_t rate = 20'000;
  std::uint64_t seed = 0;
  std::string guarantee = "exactly_once_v2";
  bool only_brokers = false;
  std::string keep;
};

void say(const std::string& text) {
  static const auto begin = Steady::now();
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(Steady::now() - begin).count();
  std::printf("%5llds  %s\n", static_cast<long long>(seconds), text.c_str());
  std::fflush(stdout);
}

/// The processes of the application. Process i keeps its state directory over all restarts.
class Application {
 public:
  Application(const Settings& settings, std::string bootstrap, std::filesystem::path directory)
      : settings_(settings), bootstrap_(std::move(bootstrap)), directory_(std::move(directory)) {
    processes_.resize(settings.processes);
    for (std::size_t i = 0; i < processes_.size(); ++i) start(i);
  }

  void start(std::size_t i) {
    const auto path = directory_ / ("process-" + std::to_string(i + 1));
    std::vector<std::string> command{MILLRACE_KILL9_APP, "--bootstrap-servers", bootstrap_, "--log-level", "info"};
    for (const std::string& setting : std::vector<std::string>{
             "application.id=kill9", "state.dir=" + path.string(), "processing.guarantee=" + settings_.guarantee,
             // What the members do again after a fault, and for how long others wait for a member that is dead.
             "commit.interval.ms=200", "consumer.session.timeout.ms=6000", "consumer.heartbeat.interval.ms=1000",
             "producer.transaction.timeout.ms=10000",
             // Each count comes out.
             "statestore.cache.max.bytes=0"}) {
      command.insert(command.end(), {"-c", setting});
    }
    processes_[i] = std::make_unique<Program>(command, path.string() + ".log");
  }
  void kill(std::size_t i) { processes_[i]->kill(); }
  void signal(std::size_t i, int number) { processes_[i]->signal(number); }
  [[nodiscard]] std::size_t size() const { return processes_.size(); }

  /// An error if a process has ended that was not killed.
  void check_running() {
    for (std::size_t i = 0; i < processes_.size(); ++i) {
      if (const auto code = processes_[i]->ended()) {
        throw StreamsException("process " + std::to_string(i + 1) + " ended by itself with " + std::to_string(*code) +
                               ": see " + processes_[i]->log().string());
      }
    }
  }

 private:
  const Settings& settings_;
  std::string bootstrap_;
  std::filesystem::path directory_;
  std::vector<std::unique_ptr<Program>> processes_;
};

/// Hurts processes and brokers. Each call of hurt() ends when all of them run again.
class Faults {
 public:
  /// `only_brokers`: the processes of the application are not hurt.
  Faults(Application& application, Cluster& cluster, std::uint64_t seed, bool only_brokers)
      : application_(application), cluster_(cluster), random_(seed), first_kind_(only_brokers ? 85 : 0) {}

  // Long enough for a group to get over most faults: a dead member is missed after the session timeout.
  void pause_between() { sleep(between(500, 12'000)); }

  void hurt() {
    const std::size_t process = between(0, application_.size() - 1);
    const std::size_t broker = between(0, cluster_.size() - 1);
    const std::uint64_t kind = between(first_kind_, 99);
    if (kind < 60) {
      say("kill -9 of process " + std::to_string(process + 1));
      application_.kill(process);
      sleep(between(0, 3'000));
      application_.start(process);
      ++kills;
    } else if (kind < 85) {
      // Often longer than the session timeout: the group then gives the tasks to others.
      const std::uint64_t pause = between(500, 12'000);
      say("SIGSTOP of process " + std::to_string(process + 1) + " for " + std::to_string(pause) + " ms");
      application_.signal(process, SIGSTOP);
      sleep(pause);
      application_.signal(process, SIGCONT);
      ++stops;
    } else if (cluster_.size() == 1 || kind < 93) {
      say("restart of broker " + std::to_string(broker + 1));
      cluster_.stop(broker);
      sleep(between(0, 5'000));
      cluster_.start(broker);
      ++broker_restarts;
    } else {
      const std::uint64_t pause = between(1'000, 15'000);
      say("SIGSTOP of broker " + std::to_string(broker + 1) + " for " + std::to_string(pause) + " ms");
      cluster_.signal(broker, SIGSTOP);
      sleep(pause);
      cluster_.signal(broker, SIGCONT);
      ++broker_stops;
    }
  }

  int kills = 0;
  int stops = 0;
  int broker_restarts = 0;
  int broker_stops = 0;

 private:
  std::uint64_t between(std::uint64_t from, std::uint64_t to) {
    return std::uniform_int_distribution<std::uint64_t>(from, to)(random_);
  }
  static void sleep(std::uint64_t ms) { std::this_thread::sleep_for(std::chrono::milliseconds(ms)); }

  Application& application_;
  Cluster& cluster_;
  std::mt19937_64 random_;
  std::uint64_t first_kind_;
};

void create_topics(Admin& admin, const Cluster& cluster) {
  for (const std::string& topic : {kTrades, kFees, kAccounts, kJoined, kCounts, kNamed}) {
    (void)admin.create_topic({topic, kPartitions, cluster.replication_factor(), {{"retention.ms", "-1"}}}, kPatience);
  }
}

void check_now(const Check& check) {
  if (!check.failure().empty()) throw StreamsException("the output could not be read: " + check.failure());
  if (const auto wrong = check.wrong(); !wrong.empty()) throw StreamsException(wrong.front());
}

/// Waits until everything has come, or nothing comes any more.
void wait_for_results(const Check& check, Application& application, std::uint64_t expected) {
  std::uint64_t before = check.seen();
  auto since = Steady::now();
  while (check.seen() < expected && Steady::now() - since < kStuckAfter) {
    std::this_thread::sleep_for(200ms);
    application.check_running();
    check_now(check);
    if (check.seen() == before) continue;
    before = check.seen();
    since = Steady::now();
  }
}

/// What a run has shown.
struct Result {
  bool right = false;
  /// Kafka has lost markers of transactions. If the output is wrong, that may be the reason.
  bool lost_markers = false;
};

/// Hurts processes and brokers for the given time. Returns whether the output is right.
bool hurt_and_check(const Settings& settings, const std::filesystem::path& directory, Cluster& cluster) {
  say("seed " + std::to_string(settings.seed) + ", " + std::to_string(settings.brokers) + " brokers, " +
      std::to_string(settings.processes) + " processes, " + std::to_string(settings.rate) +
      " input records/s; logs in " + directory.string());
  const auto broker = Broker::kafka(cluster.bootstrap_servers());
  create_topics(*broker->make_admin(), cluster);
  const Workload workload{settings.rate / 2, Clock::system().now()};
  Feed feed(*broker, workload);
  Check check(*broker, workload);
  feed.start();
  Application application(settings, cluster.bootstrap_servers(), directory);
  Faults faults(application, cluster, settings.seed, settings.only_brokers);
  wait_for_results(check, application, 1);

  const auto end = Steady::now() + std::chrono::duration_cast<Steady::duration>(settings.minutes * 60s);
  while (Steady::now() < end) {
    faults.pause_between();
    application.check_running();
    check_now(check);
    faults.hurt();
  }
  const std::uint64_t events = feed.finish();
  say(std::to_string(2 * events) + " input records are written, " + std::to_string(check.seen()) + " of " +
      std::to_string(Check::expected(events)) + " results have come");
  wait_for_results(check, application, Check::expected(events));
  const std::uint64_t seen = check.seen();
  const auto wrong = check.finish(events);
  for (const std::string& text : wrong) say(text);
  say(std::to_string(faults.kills) + " x kill -9, " + std::to_string(faults.stops) + " x SIGSTOP, " +
      std::to_string(faults.broker_restarts) + " x broker restarted, " + std::to_string(faults.broker_stops) +
      " x broker stopped for a while; " + std::to_string(seen) + " of " + std::to_string(Check::expected(events)) +
      " results, " + (wrong.empty() ? "each once" : "NOT each once"));
  return wrong.empty();
}

Result run_once(const Settings& settings, const std::filesystem::path& directory) {
  std::filesystem::create_directories(directory);
  Cluster cluster(settings.brokers, directory);
  try {
    const bool right = hurt_and_check(settings, directory, cluster);
    return {right, cluster.has_lost_markers()};
  } catch (const StreamsException& error) {
    if (!cluster.has_lost_markers()) throw;
    say(error.what());
    return {false, true};
  }
}

/// Repeats a run whose output is wrong if Kafka itself has lost markers of transactions in that run.
int run(Settings settings, const std::filesystem::path& directory) {
  for (int attempt = 1; attempt <= kAttempts; ++attempt, ++settings.seed) {
    const Result result = run_once(settings, directory / ("run-" + std::to_string(attempt)));
    if (result.right) return kExitOk;
    if (!result.lost_markers) return kExitFailure;
    say("Kafka has lost markers of transactions (\"likely deleted\" in its log), so this run shows nothing");
  }
  return kExitFailure;
}

}  // namespace

int main(int argc, char** argv) {
  Settings settings;
  settings.seed = std::random_device()();
  CLI::App cli(
      "Kills, stops and restarts processes of an application and brokers while records flow, and compares the "
      "output (read_committed) with the expected one",
      "kill9");
  cli.add_option("--minutes", settings.minutes, "how long faults happen (default 10)")->check(CLI::PositiveNumber);
  cli.add_option("--processes", settings.processes, "of the application (default 3)")->check(CLI::Range(1, 20));
  cli.add_option("--brokers", settings.brokers, "1 or 3 (default 1)")->check(CLI::IsMember({1, 3}));
  cli.add_option("--rate", settings.rate, "input records per second (default 20000)")->check(CLI::Range(2, 10'000'000));
  cli.add_option("--seed", settings.seed, "of the faults; default: a random one");
  cli.add_option("--guarantee", settings.guarantee, "processing.guarantee; with at_least_once the check must fail");
  cli.add_flag("--only-brokers", settings.only_brokers, "restart and stop brokers, leave the processes alone");
  cli.add_option("--keep", settings.keep, "a directory for the logs and data, which stay there");
  return run_command_line(cli, argc, argv, [&] {
    if (!settings.keep.empty()) {
      std::filesystem::create_directories(settings.keep);
      return run(settings, std::filesystem::absolute(settings.keep));
    }
    const TempDir directory;
    return run(settings, directory.path());
  });
}
