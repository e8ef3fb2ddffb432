// SPDX-License-Identifier: Apache-2.0
#include "millrace/app/shown_record.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "millrace/app/detail/utc_text.hpp"

namespace millrace {
namespace {

/// A longer key does not move the values of other records to the right.
constexpr std::size_t kWidestKey = 48;

}  // namespace

ShownRecord RecordFormat::show(const ConsumerRecord& record) const {
  static const BytesFormat plain = BytesFormat::parse("auto");
  ShownRecord shown{.topic = *record.topic,
                    .partition = record.partition,
                    .offset = record.offset,
                    .timestamp = record.timestamp,
                    .key = key.show(record.key),
                    .value = value.show(record.value),
                    .headers = {}};
  for (const auto& header : record.headers) {
    shown.headers.emplace_back(plain.show(header.key),
                               plain.show(header.value ? BytesView(*header.value) : std::nullopt));
  }
  return shown;
}

std::string json_line(const ShownRecord& record) {
  auto line = fmt::format(R"({{"topic":{},"partition":{},"offset":{},"timestamp":{},"key":{},"value":{},"headers":[)",
                          detail::json_string(record.topic), record.partition, record.offset, record.timestamp,
                          record.key.json, record.value.json);
  for (const auto& [name, value] : record.headers) {
    if (&name != &record.headers.front().first) line += ',';
    line += fmt::format(R"({{"key":{},"value":{}}})", name.json, value.json);
  }
  line += ']';
  if (!record.fits()) {
    const auto& key = record.key.problem;
    const auto& value = record.value.problem;
    line += R"(,"errors":{)";
    if (!key.empty()) line += R"("key":)" + detail::json_string(key);
    if (!key.empty() && !value.empty()) line += ',';
    if (!value.empty()) line += R"("value":)" + detail::json_string(value);
    line += '}';
  }
  line += '}';
  return line;
}

std::string PeopleLines::line(const ShownRecord& record) {
  const auto place = fmt::format("{}:{}", record.partition, record.offset);
  place_width_ = std::max(place_width_, place.size());
  // fmt counts the columns of a terminal, which differ from the bytes.
  key_width_ = std::max(key_width_, std::min(kWidestKey, fmt::formatted_size("{}", record.key.text)));
  auto line = fmt::format("{}  {:<{}}  {:<{}}  {}", detail::utc_text(record.timestamp), place, place_width_,
                          record.key.text, key_width_, record.value.text);
  for (const auto& [name, value] : record.headers) line += fmt::format("  {}={}", name.text, value.text);
  if (!record.fits()) line += "  (not in the given format)";
  return line;
}

}  // namespace millrace
