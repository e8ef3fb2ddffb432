// SPDX-License-Identifier: Apache-2.0
#include "marks.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <map>

#include "json_text.hpp"

namespace millrace::page::detail {
namespace {

/// The largest number of new marks in one event.
constexpr std::size_t kMaxChanges = 1000;

/// Writes the arrays of a list of marks, side by side.
class Columns {
 public:
  void add(Timestamp time, std::int32_t series, double value, std::uint64_t count) {
    const char* comma = times_.empty() ? "" : ",";
    fmt::format_to(std::back_inserter(times_), "{}{}", comma, time);
    fmt::format_to(std::back_inserter(series_), "{}{}", comma, series);
    values_ += comma;
    append_json_number(values_, value);
    fmt::format_to(std::back_inserter(counts_), "{}{}", comma, count);
  }
  void append(std::string& json, std::uint64_t first) const {
    fmt::format_to(std::back_inserter(json), R"({{"first":{},"x":[{}],"s":[{}],"v":[{}],"n":[{}]}})", first, times_,
                   series_, values_, counts_);
  }

 private:
  std::string times_, series_, values_, counts_;
};

}  // namespace

Marks::Marks(const std::vector<Marker>& specs, std::size_t max_marks)
    : max_marks_(std::max<std::size_t>(max_marks, 2)) {
  for (const auto& spec : specs) {
    require(!spec.topic.empty(), spec.label, "topic");
    kinds_.push_back({.topic = spec.topic,
                      .label = spec.label.empty() ? spec.topic : spec.label,
                      .series = FieldReader(spec.series),
                      .time = FieldReader(spec.time),
                      .value = FieldReader(spec.value)});
  }
}

std::vector<std::string> Marks::topics() const {
  std::vector<std::string> topics;
  for (const auto& kind : kinds_) topics.push_back(kind.topic);
  return topics;
}

bool Marks::add(std::size_t marker, const RecordView& view, Names& names) {
  auto& kind = kinds_[marker];
  const auto time = kind.time.time(view);
  if (!time) return false;
  Mark mark{.time = *time};
  if (!kind.series.field().empty()) {
    const auto name = kind.series.text(view);
    if (!name) return false;
    const auto number = names.number(*name);
    if (!number) return true;  // of a series that has no place on the page
    mark.series = static_cast<std::int32_t>(*number);
  }
  if (!kind.value.field().empty()) {
    const auto value = kind.value.number(view);
    if (!value) return false;
    mark.value = *value;
  }
  if (kind.marks.size() >= max_marks_) {
    const auto half = kind.marks.size() / 2;
    kind.marks.erase(kind.marks.begin(), kind.marks.begin() + static_cast<std::ptrdiff_t>(half));
    kind.dropped += half;
    kind.seen -= std::min(kind.seen, half);
  }
  kind.marks.push_back(mark);
  return true;
}

bool Marks::changed() const {
  return std::ranges::any_of(kinds_, [](const Kind& kind) { return kind.seen < kind.marks.size(); });
}

bool Marks::too_many_changes() const {
  return std::ranges::any_of(kinds_, [](const Kind& kind) { return kind.marks.size() - kind.seen > kMaxChanges; });
}

void Marks::append_changes(std::string& json) const {
  json += "\"marks\":[";
  for (const auto& kind : kinds_) {
    if (json.back() == '}') json += ',';
    Columns columns;
    for (auto i = kind.seen; i < kind.marks.size(); ++i) {
      columns.add(kind.marks[i].time, kind.marks[i].series, kind.marks[i].value, 1);
    }
    columns.append(json, kind.dropped + kind.seen);
  }
  json += ']';
}

void Marks::clear_changes() {
  for (auto& kind : kinds_) kind.seen = kind.marks.size();
}

void Marks::append_snapshot(std::string& json, Timestamp from, Timestamp to, Timestamp bucket,
                            std::int64_t series) const {
  json += "\"marks\":[";
  for (const auto& kind : kinds_) {
    if (json.back() == '}') json += ',';
    struct Group {
      Mark first;
      std::uint64_t count = 0;
    };
    std::map<std::pair<Timestamp, std::int32_t>, Group> groups;
    for (const auto& mark : kind.marks) {
      if (mark.time < from || mark.time > to || (series >= 0 && mark.series >= 0 && mark.series != series)) continue;
      auto& group = groups[{rounded_down(mark.time, bucket), mark.series}];
      if (group.count++ == 0) group.first = mark;
    }
    Columns columns;
    for (const auto& [place, group] : groups) {
      columns.add(group.first.time, group.first.series, group.first.value, group.count);
    }
    columns.append(json, kind.dropped + kind.marks.size());
  }
  json += ']';
}

void Marks::append_description(std::string& json) const {
  json += "\"marks\":[";
  for (std::size_t i = 0; i < kinds_.size(); ++i) {
    if (i != 0) json += ',';
    append_json_string(json, kinds_[i].label);
  }
  json += ']';
}

}  // namespace millrace::page::detail
