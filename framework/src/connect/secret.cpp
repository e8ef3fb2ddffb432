// SPDX-License-Identifier: Apache-2.0
#include "millrace/connect/secret.hpp"

#include <cstdlib>
#include <fstream>
#include <string_view>

#include "millrace/common/errors.hpp"
#include "millrace/common/logging.hpp"

namespace millrace::connect {

Secret Secret::from_file(const std::filesystem::path& file, const std::string& what) {
  std::ifstream in(file);
  std::string line;
  if (!in || !std::getline(in, line)) {
    throw ConfigException("cannot read " + what + " from the file '" + file.string() +
                          "': it must exist, be readable, and have it in its first line");
  }
  // An editor on another system may have written the file.
  if (!line.empty() && line.back() == '\r') line.pop_back();
  if (line.empty()) {
    throw ConfigException("the first line of the file '" + file.string() + "' is empty: write " + what + " there");
  }
  std::error_code error;
  const auto permissions = std::filesystem::status(file, error).permissions();
  if (!error && (permissions & std::filesystem::perms::others_read) != std::filesystem::perms::none) {
    log(LogLevel::warn,
        "every user of this machine can read " + what + " in the file '" + file.string() + "': run chmod 600 on it");
  }
  return Secret(std::move(line));
}

std::optional<Secret> Secret::from_environment(const char* variable) {
  const char* value = std::getenv(variable);
  if (value == nullptr || *value == '\0') return std::nullopt;
  return Secret(value);
}

std::string without_secrets(const std::string& url) {
  std::string out = url;
  const auto scheme = out.find("://");
  const auto begin = scheme == std::string::npos ? 0 : scheme + 3;
  const auto end = out.find_first_of("/?#", begin);
  // The last @ before the path: a password may contain one that was not encoded.
  const auto at = out.substr(0, end).rfind('@');
  if (at != std::string::npos && at >= begin) out.erase(begin, at + 1 - begin);
  const auto query = out.find('?');
  if (query == std::string::npos) return out;
  std::string hidden = out.substr(0, query);
  std::string_view rest = std::string_view(out).substr(query);
  while (!rest.empty()) {
    const auto next = std::min(rest.find('&', 1), rest.size());
    const auto part = rest.substr(0, next);
    const auto equals = part.find('=');
    hidden += equals == std::string_view::npos ? std::string(part) : std::string(part.substr(0, equals)) + "=...";
    rest.remove_prefix(next);
  }
  return hidden;
}

}  // namespace millrace::connect
