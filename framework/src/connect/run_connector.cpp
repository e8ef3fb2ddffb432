// SPDX-License-Identifier: Apache-2.0
#include "connect/run_connector.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <csignal>
#include <exception>
#include <filesystem>
#include <thread>
#include <utility>

#include "millrace/common/errors.hpp"
#include "millrace/common/logging.hpp"

namespace millrace::connect::detail {
namespace {

/// How late the main thread may notice that the connector has ended by itself. A signal is noticed at once.
constexpr Millis kLookInterval{50};

StreamsConfig with_id(StreamsConfig defaults, const std::string& name) {
  // The application.id names the consumer group or the position, so it must not change by itself.
  if (!defaults.is_set("application.id")) defaults.set("application.id", name);
  return defaults;
}

}  // namespace

ConnectorProgram::ConnectorProgram(CLI::App& cli, const std::string& name, const StreamsConfig& defaults)
    : common_(cli, with_id(defaults, name)) {
  cli.add_option("--dead-letters", dead_letters_,
                 "the topic for records that cannot be understood or are refused, with the reason in their headers; "
                 "without it they are logged and skipped (errors.dead.letter.queue.topic.name)")
      ->type_name("TOPIC")
      ->group("Common options");
  cli.add_flag("--create-topics{1}", create_topics_,
               "creates the topics that do not exist; --create-topics=N: each with N partitions")
      ->check(CLI::Range(1, 1'000'000))
      ->group("Common options");
}

StreamsConfig ConnectorProgram::config() const {
  auto config = common_.config();
  if (!dead_letters_.empty()) config.set("errors.dead.letter.queue.topic.name", dead_letters_);
  return config;
}

std::shared_ptr<Broker> ConnectorProgram::open_broker(const StreamsConfig& config, std::vector<std::string> topics,
                                                      StopSignals& stop) const {
  auto broker = millrace::open_broker(config, &stop);
  provide_topics(*broker, config, std::move(topics));
  return broker;
}

void ConnectorProgram::provide_topics(Broker& broker, const StreamsConfig& config,
                                      std::vector<std::string> topics) const {
  const Millis timeout = config.get_millis("millrace.connect.timeout.ms");
  if (const auto letters = config.get_string("errors.dead.letter.queue.topic.name"); !letters.empty()) {
    topics.push_back(letters);
  }
  const auto admin = broker.make_admin();
  std::string missing;
  for (const auto& name : topics) {
    if (admin->describe_topic(name, timeout)) continue;
    if (create_topics_ == 0) {
      missing += (missing.empty() ? "" : " ") + name;
    } else if (admin->create_topic({.name = name, .partitions = create_topics_, .configs = {}}, timeout)) {
      log(LogLevel::info, "created topic '" + name + "' with " + std::to_string(create_topics_) +
                              (create_topics_ == 1 ? " partition" : " partitions"));
    }
  }
  if (missing.empty()) return;
  const bool embedded = broker.address().starts_with("embedded:");
  throw TopologyException("topics that do not exist: " + missing + ". Create them first: 'topics create " + missing +
                          " --partitions N " + (embedded ? "--broker " : "--bootstrap-servers ") + broker.address() +
                          "', or start this program once with --create-topics=N");
}

void run_until_stopped(StopSignals& stop, const std::string& name, const std::function<void(std::stop_token)>& body) {
  // A library that writes to a closed connection must get an error, and not end the process.
  std::signal(SIGPIPE, SIG_IGN);
  std::exception_ptr error;
  std::atomic<bool> ended{false};
  std::jthread thread([&](const std::stop_token& token) {
    try {
      body(token);
    } catch (...) {
      error = std::current_exception();
    }
    ended = true;
  });
  while (!ended && !stop.wait_for(kLookInterval)) {
  }
  if (!ended) log(LogLevel::info, name + " closes");
  thread.request_stop();
  thread.join();
  if (error) std::rethrow_exception(error);
}

std::string program_name(const std::string& given, const char* executable) {
  return given.empty() ? std::filesystem::path(executable).filename().string() : given;
}

}  // namespace millrace::connect::detail
