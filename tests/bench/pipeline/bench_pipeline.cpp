// SPDX-License-Identifier: Apache-2.0
// Compares whole programs on one Kafka. The input is produced once. Then the programs run in turn, for several rounds.
// The benchmark reads each program's output topic from outside until the output is complete. See scripts/bench.sh.
#include <fcntl.h>
#include <fmt/core.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "millrace/app/command_line.hpp"
#include "millrace/broker/broker.hpp"
#include "pipeline/model.hpp"

namespace {

using namespace millrace;
using Steady = std::chrono::steady_clock;

constexpr Millis kTimeout = 60s;

/// Kafka Streams with state stores that take writes only at commits, as Millrace's stores do.
constexpr std::string_view kJavaTransactional = "java-transactional";

double seconds_since(Steady::time_point start) { return std::chrono::duration<double>(Steady::now() - start).count(); }

struct Result {
  std::string name;
  std::string system;
  int round = 0;
  double seconds = 0;
  double records_per_s = 0;
  double cpu_s = 0;
  double peak_rss_mb = 0;
  double first_output_s = 0;
};

struct Settings {
  std::string bootstrap;
  std::string java;
  std::string programs;
  std::string work;
  std::string json;
  std::vector<std::string> cases{"stateless", "join"};
  std::vector<std::string> systems{"millrace", "raw", "java", "java-transactional"};
  std::vector<std::string> millrace_settings;
  int rounds = 3;
  std::int64_t records = 1'000'000;
  std::int64_t spacing_ms = 10;
  std::string guarantee = "at_least_once";
};

class Bench {
 public:
  explicit Bench(Settings settings)
      : settings_(std::move(settings)), broker_(Broker::kafka(settings_.bootstrap)), admin_(broker_->make_admin()) {}

  void run() {
    produce_input();
    for (int round = 1; round <= settings_.rounds; ++round) {
      for (const auto& name : settings_.cases) {
        for (const auto& system : settings_.systems) {
          results_.push_back(measure(name, system, round));
          const Result& r = results_.back();
          fmt::print("{:<10} {:<18} round {}  {:>9.0f} records/s  cpu {:>6.2f} s  peak {:>5.0f} MB  first {:>5.2f} s\n",
                     name, system, round, r.records_per_s, r.cpu_s, r.peak_rss_mb, r.first_output_s);
          std::fflush(stdout);
        }
      }
    }
    summary();
    write_json();
  }

 private:
  void create(const std::string& topic) {
    (void)admin_->create_topic({topic, 1, 1, {{"retention.ms", "-1"}}}, kTimeout);
  }

  /// Deletes the records of an earlier run. A broker deletes topics in the background.
  void create_empty(const std::string& topic) {
    if (admin_->describe_topic(topic, kTimeout)) admin_->delete_topic(topic, kTimeout);
    const auto start = Steady::now();
    while (!admin_->create_topic({topic, 1, 1, {{"retention.ms", "-1"}}}, kTimeout)) {
      if (seconds_since(start) > 60)
        throw StreamsException("topic " + topic + " is still there a minute after its deletion");
      std::this_thread::sleep_for(100ms);
    }
  }

  void produce_input() {
    create_empty("alerts");
    create_empty("variations");
    auto producer = broker_->make_producer({{"linger.ms", "50"}});
    const Timestamp start = Clock::system().now() - settings_.records * settings_.spacing_ms;
    std::mt19937 random(7);
    std::uniform_real_distribution<double> change(-0.04, 0.04);
    for (std::int64_t i = 0; i < settings_.records; ++i) {
      const double ex = change(random);
      large_ += std::abs(ex) > bench::kMinVariation ? 1 : 0;
      const std::string id = fmt::format("AAPL@{:012}", i);
      send(*producer, "alerts", to_json_string(bench::Alert{id, "2012-01-03"}), start + i * settings_.spacing_ms);
      send(*producer, "variations", to_json_string(bench::Variation{id, ex, change(random)}),
           start + i * settings_.spacing_ms);
    }
    producer->flush(kTimeout);
    fmt::print("{} alerts and variations, {} of them large\n", settings_.records, large_);
  }

  static void send(Producer& producer, const char* topic, const std::string& value, Timestamp timestamp) {
    ProducerRecord record;
    record.topic = topic;
    record.partition = 0;
    record.value = value;
    record.timestamp = timestamp;
    producer.send(record);
  }

  std::vector<std::string> command(const std::string& name, const std::string& system, const std::string& id,
                                   const std::string& output) const {
    const std::string state = settings_.work + "/" + id;
    if (system == "raw") return {settings_.programs + "/bench_raw", name, settings_.bootstrap, output};
    if (system == "java" || system == kJavaTransactional) {
      std::vector<std::string> words{
          settings_.java, name,  "--bootstrap-servers",    settings_.bootstrap, "--application-id", id,
          "--state-dir",  state, "--processing-guarantee", settings_.guarantee, "--output",         output};
      if (system == kJavaTransactional) words.insert(words.end(), {"-c", "enable.transactional.statestores=true"});
      return words;
    }
    if (system != "millrace") {
      throw StreamsException("there is no system '" + system + "', only millrace, raw, java, java-transactional");
    }
    std::vector<std::string> words{settings_.programs + "/bench_millrace",
                                   "--case",
                                   name,
                                   "--output",
                                   output,
                                   "--bootstrap-servers",
                                   settings_.bootstrap,
                                   "-c",
                                   "application.id=" + id,
                                   "-c",
                                   "state.dir=" + state,
                                   "-c",
                                   "processing.guarantee=" + settings_.guarantee,
                                   "--log-level",
                                   "warn"};
    for (const auto& setting : settings_.millrace_settings) words.insert(words.end(), {"-c", setting});
    return words;
  }

  static pid_t spawn(const std::vector<std::string>& words, const std::string& log) {
    const pid_t child = fork();
    if (child != 0) return child;
    const int file = open(log.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
    dup2(file, 1);
    dup2(file, 2);
    std::vector<char*> argv;
    for (const auto& word : words) argv.push_back(const_cast<char*>(word.c_str()));
    argv.push_back(nullptr);
    execv(argv[0], argv.data());
    _exit(127);
  }

  Result measure(const std::string& name, const std::string& system, int round) {
    const std::string id = fmt::format("bench-{}-{}-{}-{}", name, system, round, getpid());
    const std::string output = id + "-out";
    create(output);
    const std::string log = settings_.work + "/" + id + ".log";
    const auto start = Steady::now();
    const pid_t child = spawn(command(name, system, id, output), log);
    Result result{name, system, round};
    std::int64_t seen = 0;
    while (seen < large_) {
      seen = admin_->watermarks({output, 0}, kTimeout).high;
      if (seen > 0 && result.first_output_s == 0) result.first_output_s = seconds_since(start);
      int status = 0;
      if (waitpid(child, &status, WNOHANG) == child || seconds_since(start) > 600) {
        kill(child, SIGKILL);
        throw StreamsException(
            fmt::format("{} of {} records came out of {}; its output is in {}", seen, large_, id, log));
      }
      std::this_thread::sleep_for(5ms);
    }
    result.seconds = seconds_since(start);
    kill(child, SIGTERM);
    int status = 0;
    rusage usage{};
    wait4(child, &status, 0, &usage);
    const auto to_seconds = [](const timeval& time) { return static_cast<double>(time.tv_sec) + 1e-6 * time.tv_usec; };
    result.cpu_s = to_seconds(usage.ru_utime) + to_seconds(usage.ru_stime);
    result.peak_rss_mb = static_cast<double>(usage.ru_maxrss) / 1024;
    const std::int64_t inputs = name == "join" ? 2 * settings_.records : settings_.records;
    result.records_per_s = static_cast<double>(inputs) / result.seconds;
    check_count(output, id);
    clean_up(id, output);
    return result;
  }

  void check_count(const std::string& output, const std::string& id) {
    const auto end = admin_->watermarks({output, 0}, kTimeout).high;
    if (settings_.guarantee == "at_least_once" && end != large_) {
      throw StreamsException(fmt::format("{} wrote {} records, {} were expected", id, end, large_));
    }
  }

  /// Deletes the topics of earlier runs, which would make the broker slower for later runs.
  void clean_up(const std::string& id, const std::string& output) {
    for (const auto& topic : admin_->list_topics(kTimeout)) {
      if (topic.name == output || topic.name.starts_with(id)) admin_->delete_topic(topic.name, kTimeout);
    }
    std::filesystem::remove_all(settings_.work + "/" + id);
  }

  static double median(std::vector<double> values) {
    std::ranges::sort(values);
    return values.empty() ? 0 : values[values.size() / 2];
  }

  void summary() const {
    fmt::print("\nmedians of {} rounds\n{:<10} {:<18} {:>12} {:>8} {:>9} {:>8}\n", settings_.rounds, "case", "system",
               "records/s", "cpu s", "peak MB", "first s");
    for (const auto& name : settings_.cases) {
      for (const auto& system : settings_.systems) {
        std::map<std::string, std::vector<double>> figures;
        for (const Result& r : results_) {
          if (r.name != name || r.system != system) continue;
          figures["rate"].push_back(r.records_per_s);
          figures["cpu"].push_back(r.cpu_s);
          figures["rss"].push_back(r.peak_rss_mb);
          figures["first"].push_back(r.first_output_s);
        }
        fmt::print("{:<10} {:<18} {:>12.0f} {:>8.2f} {:>9.0f} {:>8.2f}\n", name, system, median(figures["rate"]),
                   median(figures["cpu"]), median(figures["rss"]), median(figures["first"]));
      }
    }
  }

  void write_json() const {
    auto list = nlohmann::json::array();
    for (const Result& r : results_) {
      list.push_back({{"case", r.name},
                      {"system", r.system},
                      {"round", r.round},
                      {"records_per_s", r.records_per_s},
                      {"cpu_s", r.cpu_s},
                      {"peak_rss_mb", r.peak_rss_mb},
                      {"first_output_s", r.first_output_s}});
    }
    std::ofstream(settings_.json) << list.dump(2) << '\n';
    fmt::print("\nwritten to {}\n", settings_.json);
  }

  Settings settings_;
  std::shared_ptr<Broker> broker_;
  std::unique_ptr<Admin> admin_;
  std::int64_t large_ = 0;
  std::vector<Result> results_;
};

}  // namespace

int main(int argc, char** argv) {
  Settings settings;
  CLI::App cli("Measures Millrace, a raw librdkafka loop and Java Kafka Streams on one Kafka", "bench_pipeline");
  cli.add_option("--bootstrap-servers", settings.bootstrap)->required();
  cli.add_option("--programs", settings.programs, "directory of bench_millrace and bench_raw")->required();
  cli.add_option("--java", settings.java, "command that runs the Java peer")->required();
  cli.add_option("--work", settings.work, "directory for state and logs")->required();
  cli.add_option("--json", settings.json, "where to write the results")->required();
  cli.add_option("--rounds", settings.rounds);
  cli.add_option("--records", settings.records, "per input topic");
  cli.add_option("--spacing-ms", settings.spacing_ms, "event time between two records");
  cli.add_option("--cases", settings.cases)->delimiter(',');
  cli.add_option("--systems", settings.systems)->delimiter(',');
  cli.add_option("--guarantee", settings.guarantee);
  cli.add_option("--millrace-setting", settings.millrace_settings, "key=value for Millrace only");
  return run_command_line(cli, argc, argv, [&] {
    std::filesystem::create_directories(settings.work);
    Bench(settings).run();
    return 0;
  });
}
