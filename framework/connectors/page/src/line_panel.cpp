// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "json_text.hpp"
#include "marks.hpp"
#include "panel_data.hpp"
#include "thinning.hpp"

namespace millrace::page::detail {
namespace {

/// More lines than this cannot be told apart.
constexpr std::size_t kMaxSeries = 24;
/// The largest number of new points that an event describes. With more, viewers ask for a snapshot.
constexpr std::size_t kMaxChanges = 2000;
/// The largest number of rows in an event.
constexpr std::size_t kRowsPerEvent = 80;

class LineData final : public PanelData {
 public:
  LineData(const LinePanel& spec, std::size_t max_points)
      : spec_(spec),
        value_(spec.value),
        series_(spec.series),
        time_(spec.time),
        max_points_(std::max<std::size_t>(max_points, 1000)),
        marks_(spec.markers, max_points_ / 4) {
    require(!spec.topic.empty(), spec.title, "topic");
    require(!spec.value.empty(), spec.title, "field for the value");
    require(!spec.time.empty(), spec.title, "field for the time");
  }

  [[nodiscard]] std::vector<std::string> topics() const override {
    auto topics = marks_.topics();
    topics.insert(topics.begin(), spec_.topic);
    return topics;
  }

  [[nodiscard]] bool add(std::size_t topic, const RecordView& view, std::size_t /*behind*/) override {
    if (topic > 0) return marks_.add(topic - 1, view, names_);
    const auto time = time_.time(view);
    const auto value = value_.number(view);
    if (!time || !value) return false;
    auto name = series_.field().empty() ? std::optional(spec_.value.path()) : series_.text(view);
    if (!name) return false;
    const auto number = names_.number(*name);
    if (!number) return true;  // names_.full() tells the viewers
    grow();
    lines_[*number].all.add({*time, *value});
    if (changes_ <= kMaxChanges) lines_[*number].fresh.add({*time, *value});
    ++changes_;
    ++size_;
    if (size_ > max_points_) drop_oldest();
    return true;
  }

  [[nodiscard]] bool take_changes(std::string& json) override {
    grow();
    if (changes_ == 0 && !marks_.changed()) return false;
    if (changes_ > kMaxChanges || marks_.too_many_changes()) {
      json += "{\"stale\":true}";
    } else {
      std::vector<std::span<const Point>> fresh;
      fresh.reserve(lines_.size());
      for (const auto& line : lines_) fresh.push_back(line.fresh.points());
      const auto [from, to] = range(fresh);
      json += '{';
      append_json(json, thin(fresh, from, to, kRowsPerEvent));
      json += ',';
      if (names_sent_ != names_.list().size()) {
        names_.append_json(json);
        json += ',';
      }
      marks_.append_changes(json);
      json += '}';
    }
    names_sent_ = names_.list().size();
    for (auto& line : lines_) line.fresh = {};
    changes_ = 0;
    marks_.clear_changes();
    return true;
  }

  void append_snapshot(const Query& query, std::string& json) const override {
    std::vector<std::span<const Point>> all;
    all.reserve(lines_.size());
    for (const auto& line : lines_) all.push_back(line.all.points());
    auto [from, to] = range(all);
    fmt::format_to(std::back_inserter(json), R"("min":{},"max":{},"total":{},)", from, to, size_);
    names_.append_json(json);
    if (query.from) from = *query.from;
    if (query.to) to = std::max(from, *query.to);
    std::vector<std::span<const Point>> wanted;
    wanted.reserve(lines_.size());
    for (const auto& line : lines_) wanted.push_back(line.all.between(from, to));
    // Two rows per pixel: the lowest and the highest value.
    const auto rows = thin(wanted, from, to, static_cast<std::size_t>(query.width) * 2);
    json += rows.thinned ? ",\"thinned\":true," : ",\"thinned\":false,";
    append_json(json, rows);
    json += ',';
    constexpr int kMarkPixels = 5;
    marks_.append_snapshot(json, from, to, std::max<Timestamp>(1, (to - from) * kMarkPixels / query.width));
  }

  void append_description(std::string& json) const override {
    json += "\"kind\":\"line\",";
    append_member(json, "title", spec_.title);
    append_member(json, "topic", spec_.topic);
    append_member(json, "unit", spec_.unit);
    marks_.append_description(json);
  }

 private:
  struct Line {
    Series all;
    Series fresh;  ///< since the last take_changes()
  };

  /// A line for each name. Markers may name a series before it has a point.
  void grow() {
    if (lines_.size() < names_.list().size()) lines_.resize(names_.list().size());
  }

  /// The earliest and the latest time.
  static std::pair<Timestamp, Timestamp> range(const std::vector<std::span<const Point>>& lines) {
    std::pair<Timestamp, Timestamp> range{kLatestTime, kEarliestTime};
    for (const auto& points : lines) {
      if (points.empty()) continue;
      range.first = std::min(range.first, points.front().time);
      range.second = std::max(range.second, points.back().time);
    }
    return range.first <= range.second ? range : std::pair<Timestamp, Timestamp>{0, 0};
  }

  /// Forgets a quarter of each line.
  void drop_oldest() {
    size_ = 0;
    for (auto& line : lines_) {
      line.all.drop_front(line.all.size() / 4);
      size_ += line.all.size();
    }
    changes_ = kMaxChanges + 1;
  }

  LinePanel spec_;
  FieldReader value_, series_, time_;
  std::size_t max_points_;
  Names names_{kMaxSeries};
  std::vector<Line> lines_;
  Marks marks_;
  std::size_t size_ = 0;        ///< points of all lines
  std::size_t changes_ = 0;     ///< points since the last take_changes()
  std::size_t names_sent_ = 0;  ///< how many names viewers know
};

}  // namespace

std::unique_ptr<PanelData> make_line_panel(const LinePanel& spec, std::size_t max_points) {
  return std::make_unique<LineData>(spec, max_points);
}

}  // namespace millrace::page::detail
