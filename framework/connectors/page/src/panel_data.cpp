// SPDX-License-Identifier: Apache-2.0
#include "panel_data.hpp"

#include <fmt/format.h>

#include <array>

#include "json_text.hpp"
#include "millrace/common/errors.hpp"

namespace millrace::page::detail {

std::optional<std::size_t> Names::number(const std::string& name) {
  const auto found = numbers_.find(name);
  if (found != numbers_.end()) return found->second;
  if (list_.size() >= limit_) {
    refused_ = true;
    return std::nullopt;
  }
  numbers_.emplace(name, list_.size());
  list_.push_back(name);
  return list_.size() - 1;
}

std::optional<std::size_t> Names::find(const std::string& name) const {
  const auto found = numbers_.find(name);
  return found == numbers_.end() ? std::nullopt : std::optional(found->second);
}

void Names::append_json(std::string& json) const {
  json += "\"names\":[";
  for (std::size_t i = 0; i < list_.size(); ++i) {
    if (i != 0) json += ',';
    append_json_string(json, list_[i]);
  }
  json += refused_ ? "],\"full\":true" : "],\"full\":false";
}

void append_member(std::string& json, std::string_view name, std::string_view text) {
  append_json_string(json, name);
  json += ':';
  append_json_string(json, text);
  json += ',';
}

void require(bool given, std::string_view panel, std::string_view what) {
  if (!given) throw ConfigException(fmt::format("live page: the panel '{}' has no {}", panel, what));
}

Timestamp usual_step(Timestamp base, Timestamp least) {
  constexpr Timestamp kSecond = 1000;
  constexpr Timestamp kMinute = 60 * kSecond;
  constexpr Timestamp kHour = 60 * kMinute;
  constexpr Timestamp kDay = 24 * kHour;
  for (const Timestamp step : std::array{kSecond, 5 * kSecond, 15 * kSecond, kMinute, 5 * kMinute, 15 * kMinute, kHour,
                                         4 * kHour, kDay, 7 * kDay, 28 * kDay, 91 * kDay, 364 * kDay}) {
    if (step >= least && step % base == 0) return step;
  }
  return (least + base - 1) / base * base;
}

}  // namespace millrace::page::detail
