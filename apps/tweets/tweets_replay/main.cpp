// SPDX-License-Identifier: Apache-2.0
// tweets_replay: publishes the tweets of a file over MQTT, at their own pace or faster.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <csignal>
#include <exception>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>

#include "millrace/app/command_line.hpp"
#include "millrace/app/options.hpp"
#include "millrace/app/stop_signals.hpp"
#include "millrace/common/errors.hpp"
#include "millrace/common/logging.hpp"
#include "millrace/mqtt/mqtt_options.hpp"
#include "millrace/mqtt/mqtt_publisher.hpp"
#include "tweets/tweets_replay/tweet_file.hpp"
#include "tweets/tweets_replay/tweet_time.hpp"

using namespace millrace;

namespace {

/// So many bad tweets are reported one by one.
constexpr std::uint64_t kMostReports = 20;

struct Arguments {
  std::string file;
  std::string speed = "1";
  std::string topic = "tweets";
  std::int64_t repeat_ms = 5000;
};

/// How much faster than the tweets' own pace; nullopt: without pauses.
std::optional<double> parsed_speed(const std::string& text) {
  if (text == "max") return std::nullopt;
  double speed = 0;
  std::size_t used = 0;
  try {
    speed = std::stod(text, &used);
  } catch (const std::exception&) {
    used = std::string::npos;
  }
  if (used != text.size() || !std::isfinite(speed) || speed <= 0) {
    throw ConfigException("--speed wants a number above 0, or max, not '" + text + "'");
  }
  return speed;
}

/// Tells when the tweet of a time is due.
class Pace {
 public:
  explicit Pace(std::optional<double> speed) : speed_(speed) {}

  [[nodiscard]] Millis wait_for(Timestamp time) {
    if (!speed_) return Millis(0);
    if (!first_) first_ = time;
    const double due = static_cast<double>(time - *first_) / *speed_;
    const double passed = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin_).count();
    return Millis(static_cast<std::int64_t>(std::clamp(due - passed, 0.0, 1e15)));
  }

 private:
  const std::optional<double> speed_;
  std::optional<Timestamp> first_;
  const std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
};

struct Counts {
  std::uint64_t published = 0;
  std::uint64_t skipped = 0;
};

void report(Counts& counts, const std::string& file, std::uint64_t line, const std::string& why) {
  if (++counts.skipped <= kMostReports) {
    log(LogLevel::warn, file + " line " + std::to_string(line) + ": skipped what is no tweet: " + why);
  }
  if (counts.skipped == kMostReports) log(LogLevel::warn, "further ones are only counted");
}

void replay(const Arguments& arguments, std::optional<double> speed, connect::MqttPublisher& publisher, Counts& counts,
            const std::stop_token& stop) {
  tweets::TweetFile file(arguments.file);
  Pace pace(speed);
  tweets::TweetFile::Item item;
  while (!stop.stop_requested() && file.next(item)) {
    Timestamp time = 0;
    if (item.error.empty()) {
      try {
        time = tweets::tweet_time(item.text);
      } catch (const StreamsException& error) {
        item.error = error.what();
      }
    }
    if (!item.error.empty()) {
      report(counts, arguments.file, item.line, item.error);
      continue;
    }
    publisher.idle(pace.wait_for(time), stop);
    if (!publisher.publish(arguments.topic, std::move(item.text), stop)) return;
    ++counts.published;
  }
  (void)publisher.flush(stop);
}

int run(const Arguments& arguments, connect::MqttOptions& mqtt) {
  const auto speed = parsed_speed(arguments.speed);
  if (arguments.repeat_ms < 0) throw ConfigException("--repeat-ms must not be negative");
  StopSignals signals;  // before the first thread, see StopSignals
  std::signal(SIGPIPE, SIG_IGN);
  connect::MqttPublisher publisher(mqtt.settings(), Millis(arguments.repeat_ms));
  Counts counts;
  std::exception_ptr error;
  std::atomic<bool> ended{false};
  std::jthread thread([&](const std::stop_token& stop) {
    try {
      replay(arguments, speed, publisher, counts, stop);
    } catch (...) {
      error = std::current_exception();
    }
    ended = true;
  });
  while (!ended && !signals.wait_for(Millis(50))) {
  }
  thread.request_stop();
  thread.join();
  log(counts.skipped > 0 ? LogLevel::warn : LogLevel::info,
      "tweets_replay published " + std::to_string(publisher.acknowledged()) + " tweets to " + publisher.name() +
          ", skipped " + std::to_string(counts.skipped));
  if (error) std::rethrow_exception(error);
  if (counts.published == 0 && !signals.requested()) {
    throw StreamsException("there is no tweet in '" + arguments.file +
                           "'; it wants a JSON array of tweets or one tweet a line, plain or gzip");
  }
  return kExitOk;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App cli("Publishes the tweets of a file over MQTT with QoS 1, at their own pace or faster.", "tweets_replay");
  Arguments arguments;
  connect::MqttOptions mqtt;
  cli.add_option("FILE", arguments.file, "a JSON array of tweets, or one tweet a line; plain or gzip")->required();
  Options options(cli);
  mqtt.add(options, "--broker,--mqtt");
  options.option("--topic", arguments.topic, "the MQTT topic")
      .option("--speed", arguments.speed, "how much faster than the tweets' own pace; max: without pauses")
      .option("--repeat-ms", arguments.repeat_ms,
              "after a lost connection, send again what was acknowledged so recently, because an MQTT broker that "
              "crashes loses its newest messages");
  return run_command_line(cli, argc, argv, [&] { return run(arguments, mqtt); });
}
