// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <utility>

namespace millrace::connect {

/// A token or password. It has no operator<< and no implicit conversion, so that it does not get into a log by
/// accident.
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string value) : value_(std::move(value)) {}

  /// Reads the first line of a file. Throws ConfigException that names the file and `what`, if the file cannot be read
  /// or its first line is empty. Warns if other users of the machine may read the file.
  [[nodiscard]] static Secret from_file(const std::filesystem::path& file, const std::string& what);

  /// The value of an environment variable; nullopt if it is not set or empty.
  [[nodiscard]] static std::optional<Secret> from_environment(const char* variable);

  /// The secret itself, to be given to the far side and to nobody else.
  [[nodiscard]] const std::string& reveal() const { return value_; }
  [[nodiscard]] bool empty() const { return value_.empty(); }

 private:
  std::string value_;
};

/// The address without user and password, for messages: `mqtt://user:secret@host:1883` becomes `mqtt://host:1883`. Also
/// hides the values of query parameters, in which some services want their token.
[[nodiscard]] std::string without_secrets(const std::string& url);

}  // namespace millrace::connect
