// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <memory>
#include <string>

namespace tweets {

/// A Mosquitto of this process alone, on a free port of 127.0.0.1. The destructor ends it. It also ends if this process
/// does.
class OwnMosquitto {
 public:
  /// Starts it with its files in `directory`, and waits until it accepts connections. Returns null if Mosquitto is not
  /// installed. Throws StreamsException if it does not start. Call this before other threads are started.
  [[nodiscard]] static std::unique_ptr<OwnMosquitto> start(const std::filesystem::path& directory);
  ~OwnMosquitto();
  OwnMosquitto(const OwnMosquitto&) = delete;
  OwnMosquitto& operator=(const OwnMosquitto&) = delete;

  /// mqtt://127.0.0.1:PORT
  [[nodiscard]] const std::string& url() const { return url_; }

 private:
  OwnMosquitto(pid_t process, std::string url) : process_(process), url_(std::move(url)) {}

  pid_t process_;
  std::string url_;
};

}  // namespace tweets
