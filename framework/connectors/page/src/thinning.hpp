// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "millrace/common/time.hpp"

namespace millrace::page::detail {

struct Point {
  Timestamp time = 0;
  double value = 0;
};

/// Points in time order that may arrive in any order. The order is made when somebody asks for the points.
class Series {
 public:
  void add(Point point);
  /// All points, in the order of their times; points of one time in the order in which they came.
  [[nodiscard]] std::span<const Point> points() const;
  /// The points from `from` to `to`, both inclusive, and one point on each side, so that a line leaves the picture.
  [[nodiscard]] std::span<const Point> between(Timestamp from, Timestamp to) const;
  [[nodiscard]] std::size_t size() const { return points_.size(); }
  /// Forgets the earliest points.
  void drop_front(std::size_t count);

 private:
  mutable std::vector<Point> points_;
  mutable std::size_t sorted_ = 0;  ///< the number of points at the front that are in order
};

/// Several series over common times: a row per time, a column per series. NaN: the series has no point at this time.
struct Rows {
  std::vector<Timestamp> times;  ///< strictly increasing
  std::vector<std::vector<double>> columns;
  bool thinned = false;  ///< false: these are all points, but for those at equal times, of which the last counts
};

/// The series with at most about `max_rows` rows. With more distinct times than that, the time between `from` and `to`
/// is cut into max_rows / 2 buckets, and of each series the smallest and the largest value of each bucket are kept: so
/// no peak disappears, and a line looks as if all points were drawn. Points outside of [from, to] count for the first
/// and the last bucket. REQUIRES: from <= to, max_rows >= 2.
[[nodiscard]] Rows thin(const std::vector<std::span<const Point>>& series, Timestamp from, Timestamp to,
                        std::size_t max_rows);

/// Appends `"x":[...],"s":[...],"y":[[...],...]`: the times, the numbers of the columns that have a value, and these
/// columns, with null where there is no value.
void append_json(std::string& json, const Rows& rows);

}  // namespace millrace::page::detail
