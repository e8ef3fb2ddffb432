// SPDX-License-Identifier: Apache-2.0
#include "millrace/dsl/named.hpp"

#include <algorithm>

#include "millrace/common/errors.hpp"

namespace millrace::detail {

// Applies Kafka's rules for topic names, because the name can become part of a topic's name.
void require_legal_name(const std::string& name, std::string_view what) {
  // Kafka's limit. Kafka also refuses "." and "..", because a topic is a directory on the broker.
  constexpr std::size_t kMaxLength = 249;
  const auto legal = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
           c == '-';
  };
  const std::string subject(what);
  if (name.empty()) throw TopologyException(subject + " must not be empty");
  if (name == "." || name == "..") throw TopologyException(subject + " must not be '" + name + "'");
  if (name.size() > kMaxLength) {
    throw TopologyException(subject + " '" + name + "' is longer than " + std::to_string(kMaxLength) + " characters");
  }
  if (!std::ranges::all_of(name, legal)) {
    throw TopologyException(subject + " '" + name +
                            "' has characters other than ASCII letters, digits, '.', '_' and '-'");
  }
}

}  // namespace millrace::detail
