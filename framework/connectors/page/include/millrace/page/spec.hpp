// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "millrace/common/time.hpp"

// What a live page shows. All records are JSON objects.
namespace millrace::page {

/// A place in a record: a member of the JSON value (`price`), a member of a member (`user.lang`), or one of `@key`,
/// `@timestamp`, `@partition`, `@offset`. A default Field names nothing.
///
///     Field("id").until("@")    of "AAPL@2012-01-03": "AAPL"
///     Field("id").behind("@")   of "AAPL@2012-01-03": "2012-01-03"
class Field {
 public:
  Field() = default;
  Field(const char* path) : path_(path) {}             // NOLINT: a path is written where a Field is wanted
  Field(std::string path) : path_(std::move(path)) {}  // NOLINT: as above

  /// Only the text before the last `separator`; all of it, if there is none.
  [[nodiscard]] Field until(std::string separator) const {
    Field copy = *this;
    copy.until_ = std::move(separator);
    return copy;
  }
  /// Only the text behind the last `separator`; all of it, if there is none.
  [[nodiscard]] Field behind(std::string separator) const {
    Field copy = *this;
    copy.behind_ = std::move(separator);
    return copy;
  }

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] const std::string& until() const { return until_; }
  [[nodiscard]] const std::string& behind() const { return behind_; }
  [[nodiscard]] bool empty() const { return path_.empty(); }

 private:
  std::string path_;
  std::string until_;   ///< empty: not cut
  std::string behind_;  ///< empty: not cut
};

// Fields for times accept a number (ms since the epoch), and a text in ISO 8601 (`2012-01-03`, `2012-01-03T15:30:00Z`).
// Fields for numbers accept a number, and a text with a number. A record without a usable time or number is counted,
// logged as a warning, and left out.

/// Marks records of another topic in a chart.
struct Marker {
  std::string topic;
  std::string label;  ///< what a marked point is, e.g. "buy"
  Field series;       ///< the name of the series that is marked; empty: the mark is at the lower edge
  Field time = "@timestamp";
  /// The height of the mark. Empty: on the line, at the last point that is not later.
  Field value = {};
};

/// Lines over time: one line per value of `series`.
struct LinePanel {
  std::string title;
  std::string topic;
  Field value;
  Field series = {};  ///< empty: one line
  Field time = "@timestamp";
  std::string unit = {};  ///< e.g. "$"; shown in the title of the axis
  std::vector<Marker> markers = {};
};

/// Candles over time with the volume below them, for one `series` at a time, which the viewer chooses. A second record
/// of the same series and time replaces the first one.
struct CandlePanel {
  std::string title;
  std::string topic;
  Field series = "symbol";
  Field time = "start";  ///< where the candle begins
  Field open = "open";
  Field high = "high";
  Field low = "low";
  Field close = "close";
  Field volume = "volume";  ///< empty: no volume
  std::string unit = {};
  std::vector<Marker> markers = {};
};

/// What a second record with the same key and time means.
enum class Repeated {
  add,      ///< a further part: its value is added. For single events
  replace,  ///< a newer result: its value replaces the earlier one. For counts per window that are updated
};

/// A bar per value of `key`, the longest first: a count of records, or the sum of `value`.
struct BarPanel {
  std::string title;
  std::string topic;
  Field key;
  Field value = {};  ///< empty: each record counts as 1
  /// The start of the window to which the value belongs. Only with Repeated::replace: the last value of each window
  /// counts, and the windows are added. Empty: the last value of the key counts.
  Field window = {};
  Repeated repeated = Repeated::add;
  std::size_t top = 12;  ///< how many keys are shown; the others are one bar together
  std::string unit = {};
};

/// Stacked bars over time: one bar per `bucket` of time, with a part per value of `series`.
struct TimeBarPanel {
  std::string title;
  std::string topic;
  Field series;
  Field value = {};  ///< empty: each record counts as 1
  Field time = "@timestamp";
  Millis bucket{60'000};  ///< the width of a bar; times are rounded down to it
  Repeated repeated = Repeated::add;
  std::size_t top = 8;  ///< how many series have a colour, at most 12; the others are one part together
  std::string unit = {};
};

struct Column {
  std::string title;
  Field field;  ///< objects and arrays are shown as JSON; `@timestamp` as a time in UTC
};

/// The latest records of a topic, the newest first.
struct TablePanel {
  std::string title;
  std::string topic;
  std::vector<Column> columns = {};  ///< empty: `@timestamp`, `@key`, and the value as JSON
  std::size_t rows = 50;        ///< at most 500
};

using Panel = std::variant<LinePanel, CandlePanel, BarPanel, TimeBarPanel, TablePanel>;

/// A page: its panels from top to bottom. The counts of records, and of records per second, of all topics that the
/// panels name are at its top.
struct PageSpec {
  std::string title;
  std::string description = {};  ///< a line below the title
  std::vector<Panel> panels = {};
  std::vector<std::string> topics = {};  ///< further topics to count
};

}  // namespace millrace::page
