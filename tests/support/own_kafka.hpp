// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <signal.h>

#include <array>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "support/lost_markers.hpp"
#include "support/temp_dir.hpp"

namespace millrace {

/// A Kafka server that belongs to one test and may be killed. Users' script scripts/servers.sh starts it; the
/// definition MILLRACE_SERVERS_SCRIPT names the script.
class OwnKafka {
 public:
  /// `settings`: of the server (server.properties), in addition to those of the script or instead of them.
  explicit OwnKafka(std::vector<std::string> settings = {}) : settings_(std::move(settings)) { start(); }
  ~OwnKafka() {
    try {
      script("stop");
    } catch (const std::exception& error) {
      std::fputs(error.what(), stderr);
    }
  }
  OwnKafka(const OwnKafka&) = delete;
  OwnKafka& operator=(const OwnKafka&) = delete;

  /// Starts the server at the same port as before.
  void start() {
    std::string arguments = "start --port kafka=0";
    for (const auto& setting : settings_) arguments += " --set 'kafka:" + setting + "'";
    const auto output = script(arguments);
    // The last word is the address.
    const auto end = output.find_last_not_of('\n');
    const auto found = output.rfind(' ', end);
    if (found == std::string::npos) throw std::runtime_error("Kafka did not start: " + output);
    const auto address = output.substr(found + 1, end - found);
    if (!address_.empty() && address != address_) throw std::runtime_error("Kafka came back at " + address);
    address_ = address;
  }

  /// Stops the server and starts it with other settings.
  void restart(std::vector<std::string> settings) {
    script("stop");
    settings_ = std::move(settings);
    start();
  }

  /// Kills the server without a shutdown, as a power cut does.
  void kill() {
    pid_t pid = 0;
    std::ifstream(data() / "pid") >> pid;
    if (pid <= 1 || ::kill(pid, SIGKILL) != 0) throw std::runtime_error("Kafka does not run");
    // The process is gone, or it is a zombie that no one reaps. A zombie has an empty command line.
    const auto command_line = "/proc/" + std::to_string(pid) + "/cmdline";
    while (std::ifstream(command_line).peek() != std::ifstream::traits_type::eof()) std::this_thread::yield();
  }

  [[nodiscard]] const std::string& address() const { return address_; }

  /// See millrace::has_lost_markers().
  [[nodiscard]] bool has_lost_markers() const { return millrace::has_lost_markers(data()); }

 private:
  [[nodiscard]] std::filesystem::path data() const { return directory_.path() / "kafka"; }

  std::string script(const std::string& arguments) const {
    const auto command =
        MILLRACE_SERVERS_SCRIPT " " + arguments + " --dir " + directory_.path().string() + " kafka 2>&1";
    auto* pipe = ::popen(command.c_str(), "r");
    if (pipe == nullptr) throw std::runtime_error("cannot run " + command);
    std::string output;
    std::array<char, 4096> part{};
    while (const auto size = std::fread(part.data(), 1, part.size(), pipe)) output.append(part.data(), size);
    if (::pclose(pipe) != 0) throw std::runtime_error(command + ": " + output);
    return output;
  }

  TempDir directory_;
  std::vector<std::string> settings_;
  std::string address_;
};

}  // namespace millrace
