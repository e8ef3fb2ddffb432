// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "millrace/app/options.hpp"
#include "millrace/mongodb/mongo_sink.hpp"

namespace millrace::connect {

/// The options of a program with a MongoSink: `--uri`, `--database`, `--password-file`, `--tls-ca`, `--allow-plain`,
/// `--origin-field`. The object must outlive the parsing.
class MongoOptions {
 public:
  explicit MongoOptions(std::string database) : database_(std::move(database)) {}

  void add(Options& options);

  /// After parsing. The password comes from `--password-file`, or else from the environment variable MONGODB_PASSWORD.
  /// Throws ConfigException if the file cannot be read.
  [[nodiscard]] MongoSettings settings() const;

 private:
  std::string uri_ = "mongodb://localhost:27017/";
  std::string database_;
  std::optional<std::string> password_file_;
  std::optional<std::string> tls_ca_;
  bool allow_plain_ = false;
  std::string origin_field_;
};

}  // namespace millrace::connect
