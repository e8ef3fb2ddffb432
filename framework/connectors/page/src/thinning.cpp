// SPDX-License-Identifier: Apache-2.0
#include "thinning.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>

#include "json_text.hpp"

namespace millrace::page::detail {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

/// The distinct times in order; empty if there are more than `max_rows`.
std::vector<Timestamp> distinct_times(const std::vector<std::span<const Point>>& series, std::size_t max_rows) {
  std::size_t total = 0;
  for (const auto& points : series) {
    // A series alone has nearly as many times as points.
    if (points.size() > 4 * max_rows) return {};
    total += points.size();
  }
  std::vector<Timestamp> times;
  times.reserve(total);
  for (const auto& points : series) {
    const auto middle = static_cast<std::ptrdiff_t>(times.size());
    for (const auto& point : points) {
      if (times.size() == static_cast<std::size_t>(middle) || times.back() != point.time) times.push_back(point.time);
    }
    std::inplace_merge(times.begin(), times.begin() + middle, times.end());
    times.erase(std::unique(times.begin(), times.end()), times.end());
    if (times.size() > max_rows) return {};
  }
  return times;
}

Rows all_rows(const std::vector<std::span<const Point>>& series, std::vector<Timestamp> times) {
  Rows rows;
  rows.times = std::move(times);
  for (const auto& points : series) {
    auto& column = rows.columns.emplace_back(rows.times.size(), kNone);
    std::size_t row = 0;
    for (const auto& point : points) {
      while (rows.times[row] != point.time) ++row;
      column[row] = point.value;
    }
  }
  return rows;
}

/// Removes the rows without a time.
void drop_empty_rows(Rows& rows, const std::vector<bool>& used) {
  std::size_t kept = 0;
  for (std::size_t row = 0; row < used.size(); ++row) {
    if (!used[row]) continue;
    rows.times[kept] = rows.times[row];
    for (auto& column : rows.columns) column[kept] = column[row];
    ++kept;
  }
  rows.times.resize(kept);
  for (auto& column : rows.columns) column.resize(kept);
}

}  // namespace

void Series::add(Point point) {
  if (sorted_ == points_.size() && (points_.empty() || points_.back().time <= point.time)) ++sorted_;
  points_.push_back(point);
}

std::span<const Point> Series::points() const {
  if (sorted_ != points_.size()) {
    const auto middle = points_.begin() + static_cast<std::ptrdiff_t>(sorted_);
    std::ranges::stable_sort(middle, points_.end(), {}, &Point::time);
    std::ranges::inplace_merge(points_, middle, {}, &Point::time);
    sorted_ = points_.size();
  }
  return points_;
}

std::span<const Point> Series::between(Timestamp from, Timestamp to) const {
  const auto all = points();
  auto first = std::ranges::lower_bound(all, from, {}, &Point::time);
  auto last = std::ranges::upper_bound(all, to, {}, &Point::time);
  if (first != all.begin()) --first;
  if (last != all.end()) ++last;
  return {first, last};
}

void Series::drop_front(std::size_t count) {
  (void)points();
  count = std::min(count, points_.size());
  points_.erase(points_.begin(), points_.begin() + static_cast<std::ptrdiff_t>(count));
  sorted_ = points_.size();
}

Rows thin(const std::vector<std::span<const Point>>& series, Timestamp from, Timestamp to, std::size_t max_rows) {
  const bool empty = std::ranges::all_of(series, [](const auto& points) { return points.empty(); });
  auto times = distinct_times(series, max_rows);
  if (empty || !times.empty()) return all_rows(series, std::move(times));

  const auto buckets = max_rows / 2;
  const double scale = static_cast<double>(buckets) / (static_cast<double>(to - from) + 1);
  const auto bucket_of = [&](Timestamp time) {
    const double place = (static_cast<double>(std::clamp(time, from, to)) - static_cast<double>(from)) * scale;
    return std::min(static_cast<std::size_t>(place), buckets - 1);
  };
  Rows rows;
  rows.thinned = true;
  rows.times.resize(2 * buckets);
  std::vector<bool> used(2 * buckets);
  const auto put = [&](std::vector<double>& column, std::size_t row, const Point& point) {
    column[row] = point.value;
    // Both rows of a bucket have the times of true points, the first row an earlier one than the second.
    const bool first = row % 2 == 0;
    rows.times[row] = !used[row] ? point.time
                      : first    ? std::min(rows.times[row], point.time)
                                 : std::max(rows.times[row], point.time);
    used[row] = true;
  };
  for (const auto& points : series) {
    auto& column = rows.columns.emplace_back(2 * buckets, kNone);
    for (std::size_t i = 0; i < points.size();) {
      const auto bucket = bucket_of(points[i].time);
      auto lowest = i;
      auto highest = i;
      for (++i; i < points.size() && bucket_of(points[i].time) == bucket; ++i) {
        if (points[i].value < points[lowest].value) lowest = i;
        if (points[i].value > points[highest].value) highest = i;
      }
      const auto& earlier = points[std::min(lowest, highest)];
      const auto& later = points[std::max(lowest, highest)];
      put(column, 2 * bucket, earlier);
      if (earlier.time != later.time) put(column, 2 * bucket + 1, later);
    }
  }
  drop_empty_rows(rows, used);
  return rows;
}

void append_json(std::string& json, const Rows& rows) {
  json += "\"x\":[";
  for (std::size_t row = 0; row < rows.times.size(); ++row) {
    if (row != 0) json += ',';
    fmt::format_to(std::back_inserter(json), "{}", rows.times[row]);
  }
  std::string numbers;
  std::string columns;
  for (std::size_t i = 0; i < rows.columns.size(); ++i) {
    const auto& column = rows.columns[i];
    if (std::ranges::all_of(column, [](double value) { return std::isnan(value); })) continue;
    if (!numbers.empty()) numbers += ',';
    numbers += std::to_string(i);
    if (!columns.empty()) columns += ',';
    columns += '[';
    for (std::size_t row = 0; row < column.size(); ++row) {
      if (row != 0) columns += ',';
      append_json_number(columns, column[row]);
    }
    columns += ']';
  }
  json += "],\"s\":[" + numbers + "],\"y\":[" + columns + "]";
}

}  // namespace millrace::page::detail
