// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "millrace/page/spec.hpp"

namespace dashboard {

/// What the user has chosen. Empty: found by looking at the records.
struct Choice {
  std::vector<std::string> fields;  ///< the numbers to draw
  std::string series;
  std::string time;
  std::string kind = "auto";  ///< auto, line, bars, timebars, candles, table
};

/// Looks at some records of a topic, and finds what can be shown of them.
class Guess {
 public:
  explicit Guess(std::string topic) : topic_(std::move(topic)) {}

  /// Takes a record's value. What is no JSON object is left out.
  void look(std::string_view value);
  [[nodiscard]] std::size_t records() const { return records_; }

  /// The panels for the topic.
  [[nodiscard]] std::vector<millrace::page::Panel> panels(const Choice& choice) const;

 private:
  struct Seen {
    std::size_t numbers = 0, texts = 0, times = 0;
    std::set<std::string> values;  ///< the first texts
  };

  void look(const nlohmann::ordered_json& object, const std::string& prefix, int depth);
  [[nodiscard]] std::string time_field() const;
  [[nodiscard]] std::string series_field(const std::string& time) const;
  [[nodiscard]] std::vector<std::string> number_fields(const std::string& time) const;

  std::string topic_;
  std::size_t records_ = 0;
  std::vector<std::string> order_;  ///< the fields in the order in which they came
  std::map<std::string, Seen> fields_;
};

}  // namespace dashboard
