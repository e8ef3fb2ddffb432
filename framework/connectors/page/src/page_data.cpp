// SPDX-License-Identifier: Apache-2.0
#include "page_data.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <random>

#include "json_text.hpp"
#include "millrace/common/errors.hpp"
#include "millrace/common/logging.hpp"

namespace millrace::page::detail {
namespace {

/// Larger values are no records for a page.
constexpr std::size_t kLargestValue = 4 << 20;
/// The least time between two warnings about one topic.
constexpr std::int64_t kReportEvery_ms = 10'000;

std::string random_name() {
  std::random_device random;
  return fmt::format("{:08x}{:08x}", random(), random());
}

}  // namespace

PageData::PageData(const PageSpec& spec, const PageOptions& options, std::string source)
    : spec_(spec), source_(std::move(source)), epoch_(random_name()) {
  for (const auto& panel : spec.panels) {
    panels_.push_back(std::visit(
        [&](const auto& one) {
          using P = std::decay_t<decltype(one)>;
          if constexpr (std::is_same_v<P, LinePanel>) return make_line_panel(one, options.max_points);
          if constexpr (std::is_same_v<P, CandlePanel>) return make_candle_panel(one, options.max_points);
          if constexpr (std::is_same_v<P, BarPanel>) return make_bar_panel(one, options.max_points);
          if constexpr (std::is_same_v<P, TimeBarPanel>) return make_time_bar_panel(one, options.max_points);
          if constexpr (std::is_same_v<P, TablePanel>) return make_table_panel(one);
        },
        panel));
    std::size_t number = 0;
    for (const auto& topic : panels_.back()->topics()) {
      auto& entry = topics_.try_emplace(topic, Topic{topic}).first->second;
      entry.readers.push_back({panels_.back().get(), number++});
    }
  }
  for (const auto& topic : spec.topics) topics_.try_emplace(topic, Topic{topic});
  if (topics_.empty()) throw ConfigException("live page: there is no topic to show");
}

std::vector<std::string> PageData::topics() const {
  std::vector<std::string> names;
  for (const auto& [name, topic] : topics_) names.push_back(name);
  return names;
}

void PageData::add(const std::vector<ConsumerRecord>& records) {
  if (records.empty()) return;
  const std::lock_guard lock(mutex_);
  for (const auto& record : records) {
    if (const auto topic = topics_.find(*record.topic); topic != topics_.end()) ++topic->second.behind;
  }
  for (const auto& record : records) {
    const auto topic = topics_.find(*record.topic);
    if (topic == topics_.end()) continue;
    --topic->second.behind;
    add(topic->second, record);
  }
  changed_ = true;
}

void PageData::add(Topic& topic, const ConsumerRecord& record) {
  ++topic.records;
  const auto wanted = [&](const Reader& reader) { return reader.panel->wants(reader.number, topic.behind); };
  if (std::ranges::none_of(topic.readers, wanted)) return;
  if (!record.value) return;  // a tombstone
  if (record.value->size() > kLargestValue) return skipped(topic, record, "its value is larger than 4 MiB");
  buffer_.reserve(record.value->size() + simdjson::SIMDJSON_PADDING);
  buffer_.assign(*record.value);
  RecordView view{.record = &record, .value = {}};
  const auto error = parser_.parse(buffer_.data(), buffer_.size(), false).get(view.value);
  if (error != simdjson::SUCCESS) {
    return skipped(topic, record, std::string("its value is not JSON: ") + simdjson::error_message(error));
  }
  if (!view.value.is_object()) return skipped(topic, record, "its value is not a JSON object");
  bool used = true;
  for (const auto& reader : topic.readers) {
    if (!reader.panel->add(reader.number, view, topic.behind)) used = false;
  }
  if (!used) skipped(topic, record, "a field that the page shows is missing, or is of another kind");
}

void PageData::skipped(Topic& topic, const ConsumerRecord& record, const std::string& why) {
  ++topic.skipped;
  const auto now = Clock::system().monotonic_ms();
  if (now < topic.next_report) return;
  topic.next_report = now + kReportEvery_ms;
  log(LogLevel::warn, fmt::format("live page: {}-{} offset {} is not shown: {} ({} such records so far)", topic.name,
                                  record.partition, record.offset, why, topic.skipped));
}

void PageData::set_state(bool loading, std::vector<std::string> missing, std::string trouble) {
  const std::lock_guard lock(mutex_);
  changed_ = changed_ || loading != loading_ || missing != missing_ || trouble != trouble_;
  loading_ = loading;
  missing_ = std::move(missing);
  trouble_ = std::move(trouble);
}

void PageData::append_topics(std::string& json) const {
  json += "\"topics\":[";
  for (const auto& [name, topic] : topics_) {
    if (json.back() != '[') json += ',';
    const bool missing = std::ranges::find(missing_, name) != missing_.end();
    fmt::format_to(std::back_inserter(json), "[{},{},{}]", topic.records, topic.skipped, missing ? 1 : 0);
  }
  json += ']';
}

std::optional<Event> PageData::take_event(bool always) {
  const std::lock_guard lock(mutex_);
  if (!changed_ && !always) return std::nullopt;
  changed_ = false;
  Event event{.number = ++last_event_, .json = {}};
  auto& json = event.json;
  fmt::format_to(std::back_inserter(json), R"({{"seq":{},"now":{},"loading":{},)", event.number, Clock::system().now(),
                 loading_);
  append_member(json, "trouble", trouble_);
  append_topics(json);
  json += ",\"panels\":{";
  for (std::size_t i = 0; i < panels_.size(); ++i) {
    const auto before = json.size();
    if (json.back() != '{') json += ',';
    json += '"' + std::to_string(i) + "\":";
    if (!panels_[i]->take_changes(json)) json.resize(before);
  }
  json += "}}";
  return event;
}

std::string PageData::description() const {
  const std::lock_guard lock(mutex_);
  std::string json = "{";
  append_member(json, "epoch", epoch_);
  append_member(json, "title", spec_.title);
  append_member(json, "description", spec_.description);
  append_member(json, "source", source_);
  json += "\"topics\":[";
  for (const auto& [name, topic] : topics_) {
    if (json.back() != '[') json += ',';
    append_json_string(json, name);
  }
  json += "],\"panels\":[";
  for (const auto& panel : panels_) {
    json += json.back() == '[' ? "{" : ",{";
    panel->append_description(json);
    json += '}';
  }
  json += "]}";
  return json;
}

std::optional<std::string> PageData::snapshot(std::size_t panel, const Query& query) const {
  const std::lock_guard lock(mutex_);
  if (panel >= panels_.size()) return std::nullopt;
  std::string json = "{\"seq\":" + std::to_string(last_event_) + ",";
  panels_[panel]->append_snapshot(query, json);
  json += '}';
  return json;
}

std::uint64_t PageData::last_event() const {
  const std::lock_guard lock(mutex_);
  return last_event_;
}

}  // namespace millrace::page::detail
