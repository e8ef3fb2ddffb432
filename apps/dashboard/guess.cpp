// SPDX-License-Identifier: Apache-2.0
#include "dashboard/guess.hpp"

#include <algorithm>
#include <array>

#include "millrace/app/detail/utc_text.hpp"

namespace dashboard {
namespace {

using namespace millrace::page;
using Json = nlohmann::ordered_json;

constexpr int kDepth = 3;
constexpr std::size_t kMaxFields = 60;
constexpr std::size_t kMaxCharts = 4;
constexpr std::size_t kMaxColumns = 8;
/// More different texts than this are names of records, not of series.
constexpr std::size_t kMaxSeries = 24;

/// Milliseconds of the years 2000 to 2100: a number in a field that is named like a time.
bool like_time(double number) { return number > 9.4e11 && number < 4.2e12; }

}  // namespace

void Guess::look(std::string_view value) {
  const auto json = Json::parse(value, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return;
  ++records_;
  look(json, "", kDepth);
}

void Guess::look(const Json& object, const std::string& prefix, int depth) {
  for (const auto& [name, value] : object.items()) {
    const auto path = prefix + name;
    if (value.is_object() && depth > 1) {
      look(value, path + ".", depth - 1);
      continue;
    }
    if (!fields_.contains(path)) {
      if (fields_.size() >= kMaxFields) continue;
      order_.push_back(path);
    }
    auto& seen = fields_[path];
    if (value.is_number()) {
      ++seen.numbers;
      if (like_time(value.get<double>())) ++seen.times;
    } else if (value.is_string()) {
      const auto text = value.get<std::string>();
      ++seen.texts;
      if (millrace::detail::parse_utc(text)) ++seen.times;
      if (seen.values.size() <= kMaxSeries) seen.values.insert(text);
    }
  }
}

std::string Guess::time_field() const {
  for (const auto* name : {"time", "start", "timestamp", "ts", "date", "event_time", "window_start", "created_at"}) {
    const auto found = fields_.find(name);
    if (found != fields_.end() && found->second.times * 2 > records_) return name;
  }
  return "@timestamp";
}

std::string Guess::series_field(const std::string& time) const {
  for (const auto& name : order_) {
    const auto& seen = fields_.at(name);
    const bool few = seen.values.size() <= kMaxSeries && (seen.values.size() * 2 <= records_ || records_ < 4);
    if (name != time && seen.texts * 2 > records_ && seen.times == 0 && few) return name;
  }
  return {};
}

std::vector<std::string> Guess::number_fields(const std::string& time) const {
  std::vector<std::string> names;
  for (const auto& name : order_) {
    const auto& seen = fields_.at(name);
    if (name != time && seen.numbers * 2 > records_ && seen.times * 2 <= seen.numbers) names.push_back(name);
  }
  return names;
}

std::vector<Panel> Guess::panels(const Choice& choice) const {
  std::vector<Panel> panels;
  const auto time = choice.time.empty() ? time_field() : choice.time;
  const auto series = choice.series.empty() ? series_field(time) : choice.series;
  const auto numbers = choice.fields.empty() ? number_fields(time) : choice.fields;
  const auto has = [&](const char* name) { return fields_.contains(name); };
  const bool candles = has("open") && has("high") && has("low") && has("close");
  if (choice.kind == "candles" || (choice.kind == "auto" && candles && choice.fields.empty())) {
    panels.emplace_back(CandlePanel{.title = topic_,
                                    .topic = topic_,
                                    .series = series,
                                    .time = time,
                                    .volume = has("volume") ? Field("volume") : Field()});
  } else if (choice.kind == "auto" || choice.kind == "line") {
    for (std::size_t i = 0; i < std::min(numbers.size(), kMaxCharts); ++i) {
      panels.emplace_back(LinePanel{
          .title = topic_ + ": " + numbers[i], .topic = topic_, .value = numbers[i], .series = series, .time = time});
    }
  }
  const auto key = series.empty() ? std::string("@key") : series;
  const auto value = choice.fields.empty() ? Field() : Field(choice.fields.front());
  if (choice.kind == "bars") {
    panels.emplace_back(BarPanel{.title = topic_ + " per " + key, .topic = topic_, .key = key, .value = value});
  }
  if (choice.kind == "timebars" || (choice.kind == "auto" && panels.empty() && records_ > 0)) {
    panels.emplace_back(
        TimeBarPanel{.title = topic_ + " over time", .topic = topic_, .series = key, .value = value, .time = time});
  }
  TablePanel table{.title = topic_ + ": latest records", .topic = topic_, .columns = {{"Time", "@timestamp"}}};
  for (std::size_t i = 0; i < std::min(order_.size(), kMaxColumns); ++i)
    table.columns.push_back({order_[i], order_[i]});
  if (records_ == 0) table.columns = {};
  panels.emplace_back(std::move(table));
  return panels;
}

}  // namespace dashboard
