// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <set>
#include <stdexcept>

#include "oracle/cpp/program/program.hpp"

namespace oracle::program {

/// The stream partitioner that a program names.
struct Partitioner : Function {
  using Function::Function;
  template <class K, class V>
  std::optional<std::set<std::int32_t>> operator()(const std::string& /*topic*/, const K& /*key*/, const V& value,
                                                   const millrace::Headers& headers, std::int32_t partitions) const {
    if (name == "default") return std::nullopt;
    if (name == "last") return std::set<std::int32_t>{partitions - 1};
    if (name == "drop_if_contains") {
      if (contains(text(dynamic(value)), argument)) return std::set<std::int32_t>();
      return std::nullopt;
    }
    if (name == "drop_if_header") {
      if (headers.last(argument) != nullptr) return std::set<std::int32_t>();
      return std::nullopt;
    }
    if (name == "throw_if_contains") {
      if (contains(text(dynamic(value)), argument))
        throw std::invalid_argument("no partition for " + text(dynamic(value)));
      return std::nullopt;
    }
    unknown("partitioner");
  }
};

}  // namespace oracle::program
