// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "millrace/app/command_line.hpp"
#include "millrace/app/stop_signals.hpp"
#include "millrace/broker/broker.hpp"
#include "millrace/config/streams_config.hpp"

namespace millrace::connect::detail {

/// What run_source() and run_sink() have in common: options, topics, signals. The object must live until the program
/// ends.
class ConnectorProgram {
 public:
  /// `name`: of the program, see SourceSpec::name.
  ConnectorProgram(CLI::App& cli, const std::string& name, const StreamsConfig& defaults);

  /// The configuration, after parsing. Logs are those of the connector alone.
  [[nodiscard]] StreamsConfig config() const;

  /// Waits for the broker, and makes missing topics with `--create-topics`. Throws TopologyException that names those
  /// that are missing otherwise. `topics`: what the connector uses; the dead-letter topic is added.
  [[nodiscard]] std::shared_ptr<Broker> open_broker(const StreamsConfig& config, std::vector<std::string> topics,
                                                    StopSignals& stop) const;

  /// Creates or checks topics. See open_broker().
  void provide_topics(Broker& broker, const StreamsConfig& config, std::vector<std::string> topics) const;

 private:
  CommonOptions common_;
  std::string dead_letters_;
  std::int32_t create_topics_ = 0;
};

/// Runs `body` in a thread until it returns or throws, and requests its end when a signal comes. Throws what `body`
/// throws.
void run_until_stopped(StopSignals& stop, const std::string& name, const std::function<void(std::stop_token)>& body);

/// The program's name: `given`, or that of the executable.
[[nodiscard]] std::string program_name(const std::string& given, const char* executable);

}  // namespace millrace::connect::detail
