// SPDX-License-Identifier: Apache-2.0
// tweets_replay: publishes the tweets of a file over MQTT, at their own pace or faster.
#include <CLI/CLI.hpp>
#include <atomic>
#include <csignal>
#include <exception>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>

#include "millrace/app/command_line.hpp"
#include "millrace/app/options.hpp"
#include "millrace/app/stop_signals.hpp"
#include "millrace/common/errors.hpp"
#include "millrace/common/logging.hpp"
#include "millrace/mqtt/mqtt_options.hpp"
#include "millrace/mqtt/mqtt_publisher.hpp"
#include "tweets/tweets_replay/replay.hpp"

using namespace millrace;

namespace {

struct Arguments {
  std::string file;
  std::string speed = "1";
  std::string topic = "tweets";
  std::int64_t repeat_ms = 5000;
};

int run(const Arguments& arguments, connect::MqttOptions& mqtt) {
  const auto speed = tweets::parse_speed(arguments.speed);
  if (arguments.repeat_ms < 0) throw ConfigException("--repeat-ms must not be negative");
  StopSignals signals;  // before the first thread, see StopSignals
  std::signal(SIGPIPE, SIG_IGN);
  connect::MqttPublisher publisher(mqtt.settings(), Millis(arguments.repeat_ms));
  tweets::ReplayCounts counts;
  std::exception_ptr error;
  std::atomic<bool> ended{false};
  std::jthread thread([&](const std::stop_token& stop) {
    try {
      const tweets::TweetReceiver receiver{
          .idle = [&](Millis time) { publisher.idle(time, stop); },
          .take = [&](std::string tweet) { return publisher.publish(arguments.topic, std::move(tweet), stop); }};
      tweets::replay_tweets(arguments.file, speed, receiver, counts, stop);
      (void)publisher.flush(stop);
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
