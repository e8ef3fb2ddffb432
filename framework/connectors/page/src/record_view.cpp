// SPDX-License-Identifier: Apache-2.0
#include "record_view.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cmath>

#include "json_text.hpp"
#include "millrace/app/detail/utc_text.hpp"
#include "millrace/common/errors.hpp"

namespace millrace::page::detail {
namespace {

constexpr std::size_t kLongestText = 200;
constexpr std::size_t kLongestCell = 500;

std::optional<double> finite(double number) { return std::isfinite(number) ? std::optional(number) : std::nullopt; }

std::optional<double> number_in(std::string_view text) {
  double number = 0;
  const auto* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc{} || rest != end) return std::nullopt;
  return finite(number);
}

std::optional<Timestamp> usable(double time) {
  if (!(time >= static_cast<double>(kEarliestTime) && time <= static_cast<double>(kLatestTime))) return std::nullopt;
  return static_cast<Timestamp>(time);
}

}  // namespace

FieldReader::FieldReader(Field field) : field_(std::move(field)) {
  const auto& path = field_.path();
  if (path.starts_with('@')) {
    if (path == "@key") {
      kind_ = Kind::key;
    } else if (path == "@timestamp") {
      kind_ = Kind::timestamp;
    } else if (path == "@partition") {
      kind_ = Kind::partition;
    } else if (path == "@offset") {
      kind_ = Kind::offset;
    } else {
      throw ConfigException(
          fmt::format("live page: there is no field {}, only @key, @timestamp, @partition, @offset", path));
    }
    return;
  }
  std::size_t begin = 0;
  for (auto point = path.find('.'); point != std::string::npos; point = path.find('.', begin)) {
    steps_.push_back(path.substr(begin, point - begin));
    begin = point + 1;
  }
  steps_.push_back(path.substr(begin));
}

std::optional<simdjson::dom::element> FieldReader::find(const RecordView& view) const {
  simdjson::dom::element found;
  // A member whose own name has points goes first.
  if (view.value[field_.path()].get(found) == simdjson::SUCCESS) return found;
  if (steps_.size() == 1) return std::nullopt;
  found = view.value;
  for (const auto& step : steps_) {
    simdjson::dom::element inner;
    if (found[step].get(inner) != simdjson::SUCCESS) return std::nullopt;
    found = inner;
  }
  return found;
}

std::string_view FieldReader::cut(std::string_view text) const {
  if (!field_.until().empty()) {
    if (const auto at = text.rfind(field_.until()); at != std::string_view::npos) text = text.substr(0, at);
  }
  if (!field_.behind().empty()) {
    if (const auto at = text.rfind(field_.behind()); at != std::string_view::npos) {
      text = text.substr(at + field_.behind().size());
    }
  }
  return text;
}

std::optional<std::string> FieldReader::text(const RecordView& view) const {
  switch (kind_) {
    case Kind::key:
      if (!view.record->key) return std::nullopt;
      return shortened(cut(*view.record->key), kLongestText);
    case Kind::timestamp: return millrace::detail::utc_text(view.record->timestamp);
    case Kind::partition: return std::to_string(view.record->partition);
    case Kind::offset: return std::to_string(view.record->offset);
    case Kind::member: break;
  }
  const auto found = find(view);
  if (!found) return std::nullopt;
  std::string_view string;
  if (found->get_string().get(string) == simdjson::SUCCESS) return shortened(cut(string), kLongestText);
  switch (found->type()) {
    case simdjson::dom::element_type::INT64:
    case simdjson::dom::element_type::UINT64:
    case simdjson::dom::element_type::DOUBLE:
    case simdjson::dom::element_type::BOOL: return simdjson::minify(*found);
    default: return std::nullopt;
  }
}

std::optional<double> FieldReader::number(const RecordView& view) const {
  switch (kind_) {
    case Kind::key: return view.record->key ? number_in(cut(*view.record->key)) : std::nullopt;
    case Kind::timestamp: return static_cast<double>(view.record->timestamp);
    case Kind::partition: return view.record->partition;
    case Kind::offset: return static_cast<double>(view.record->offset);
    case Kind::member: break;
  }
  const auto found = find(view);
  if (!found) return std::nullopt;
  double number = 0;
  if (found->get_double().get(number) == simdjson::SUCCESS) return finite(number);
  std::string_view string;
  if (found->get_string().get(string) == simdjson::SUCCESS) return number_in(cut(string));
  return std::nullopt;
}

std::optional<Timestamp> FieldReader::time(const RecordView& view) const {
  if (kind_ == Kind::timestamp) {
    const auto time = view.record->timestamp;
    return time >= 0 && time <= kLatestTime ? std::optional(time) : std::nullopt;
  }
  if (kind_ == Kind::member) {
    const auto found = find(view);
    if (!found) return std::nullopt;
    double number = 0;
    if (found->get_double().get(number) == simdjson::SUCCESS) return usable(number);
  }
  const auto string = text(view);
  if (!string) return std::nullopt;
  if (const auto parsed = millrace::detail::parse_utc(*string)) return usable(static_cast<double>(*parsed));
  const auto number = number_in(*string);
  return number ? usable(*number) : std::nullopt;
}

void FieldReader::append_cell(const RecordView& view, std::string& json) const {
  if (kind_ == Kind::timestamp) return append_json_number(json, static_cast<double>(view.record->timestamp));
  if (kind_ != Kind::member) {
    const auto string = text(view);
    return string ? append_json_string(json, *string) : static_cast<void>(json += "null");
  }
  // The path "" is the whole value.
  const auto found = field_.empty() ? std::optional(view.value) : find(view);
  if (!found) {
    json += "null";
    return;
  }
  std::string_view string;
  if (found->get_string().get(string) == simdjson::SUCCESS) {
    return append_json_string(json, shortened(cut(string), kLongestCell));
  }
  const bool nested = found->is_object() || found->is_array();
  const std::string text = simdjson::minify(*found);
  if (nested) return append_json_string(json, shortened(text, kLongestCell));
  // A number may have more digits than a browser's numbers keep, so it goes as text.
  if (found->is_number()) return append_json_string(json, text);
  json += text;
}

}  // namespace millrace::page::detail
