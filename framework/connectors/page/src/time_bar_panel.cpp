// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <unordered_map>

#include "json_text.hpp"
#include "panel_data.hpp"

namespace millrace::page::detail {
namespace {

constexpr std::size_t kMaxNames = 20'000;
constexpr std::size_t kMaxColours = 12;
/// The least width of a bar with its gap.
constexpr int kPixelsPerBar = 6;

class TimeBarData final : public PanelData {
 public:
  TimeBarData(const TimeBarPanel& spec, std::size_t max_points)
      : spec_(spec),
        series_(spec.series),
        value_(spec.value),
        time_(spec.time),
        bucket_(std::max<Timestamp>(1, spec.bucket.count())),
        max_parts_(std::max<std::size_t>(max_points / 4, 1000)) {
    require(!spec.topic.empty(), spec.title, "topic");
    require(!spec.series.empty(), spec.title, "field for the series");
    require(!spec.time.empty(), spec.title, "field for the time");
  }

  [[nodiscard]] std::vector<std::string> topics() const override { return {spec_.topic}; }

  [[nodiscard]] bool add(std::size_t /*topic*/, const RecordView& view, std::size_t /*behind*/) override {
    const auto time = time_.time(view);
    const auto name = series_.text(view);
    const auto value = value_.field().empty() ? std::optional(1.0) : value_.number(view);
    if (!time || !name || !value) return false;
    // Names for which there is no place share a number.
    const auto number = names_.number(*name).value_or(kMaxNames);
    auto& bar = bars_[rounded_down(*time, bucket_)];
    auto [part, fresh] = bar.try_emplace(number, 0.0);
    const bool replaces = spec_.repeated == Repeated::replace && number != kMaxNames;
    part->second = replaces ? *value : part->second + *value;
    if (fresh && ++size_ > max_parts_ && bars_.size() > 1) {
      size_ -= bars_.begin()->second.size();
      bars_.erase(bars_.begin());
    }
    changed_ = true;
    return true;
  }

  [[nodiscard]] bool take_changes(std::string& json) override {
    if (!changed_) return false;
    changed_ = false;
    json += "{\"stale\":true}";
    return true;
  }

  void append_snapshot(const Query& query, std::string& json) const override {
    auto from = bars_.empty() ? 0 : bars_.begin()->first;
    auto to = bars_.empty() ? 0 : bars_.rbegin()->first;
    fmt::format_to(std::back_inserter(json), R"("min":{},"max":{},"total":{},)", from, to, bars_.size());
    if (query.from) from = rounded_down(*query.from, bucket_);
    if (query.to) to = std::max(from, *query.to);
    const auto room = std::max(20, query.width / kPixelsPerBar);
    const auto step = (to - from) / bucket_ < room ? bucket_ : usual_step(bucket_, (to - from) / room);

    std::unordered_map<std::size_t, double> totals;
    std::map<Timestamp, std::unordered_map<std::size_t, double>> shown;
    const auto last = bars_.upper_bound(to);
    for (auto it = bars_.lower_bound(rounded_down(from, step)); it != last; ++it) {
      auto& bar = shown[rounded_down(it->first, step)];
      for (const auto& [number, value] : it->second) {
        bar[number] += value;
        totals[number] += value;
      }
    }
    const auto order = longest(totals);
    fmt::format_to(std::back_inserter(json), R"("step":{},"names":[)", step);
    for (const auto number : order) {
      if (json.back() != '[') json += ',';
      append_json_string(json, names_.list()[number]);
    }
    append_columns(json, shown, order);
  }

  void append_description(std::string& json) const override {
    json += "\"kind\":\"timebars\",";
    append_member(json, "title", spec_.title);
    append_member(json, "topic", spec_.topic);
    append_member(json, "unit", spec_.unit);
    json.pop_back();
  }

 private:
  /// The numbers of the series with the largest totals.
  [[nodiscard]] std::vector<std::size_t> longest(const std::unordered_map<std::size_t, double>& totals) const {
    std::vector<std::size_t> order;
    for (const auto& [number, total] : totals) {
      if (number != kMaxNames) order.push_back(number);
    }
    const auto top = std::min({std::max<std::size_t>(spec_.top, 1), kMaxColours, order.size()});
    std::ranges::partial_sort(order, order.begin() + static_cast<std::ptrdiff_t>(top), [&](auto a, auto b) {
      const auto left = totals.at(a);
      const auto right = totals.at(b);
      return left != right ? left > right : names_.list()[a] < names_.list()[b];
    });
    order.resize(top);
    return order;
  }

  static void append_columns(std::string& json,
                             const std::map<Timestamp, std::unordered_map<std::size_t, double>>& bars,
                             const std::vector<std::size_t>& order) {
    json += "],\"x\":[";
    for (const auto& [time, bar] : bars) {
      if (json.back() != '[') json += ',';
      json += std::to_string(time);
    }
    json += "],\"y\":[";
    std::string others;
    for (const auto number : order) {
      json += json.back() == '[' ? "[" : ",[";
      for (const auto& [time, bar] : bars) {
        if (json.back() != '[') json += ',';
        const auto found = bar.find(number);
        append_json_number(json, found == bar.end() ? 0 : found->second);
      }
      json += ']';
    }
    for (const auto& [time, bar] : bars) {
      double sum = 0;
      for (const auto& [number, value] : bar) sum += std::ranges::find(order, number) == order.end() ? value : 0;
      if (!others.empty()) others += ',';
      append_json_number(others, sum);
    }
    json += "],\"others\":[" + others + "]";
  }

  TimeBarPanel spec_;
  FieldReader series_, value_, time_;
  Timestamp bucket_;
  std::size_t max_parts_;
  Names names_{kMaxNames};
  std::map<Timestamp, std::unordered_map<std::size_t, double>> bars_;
  std::size_t size_ = 0;  ///< parts of all bars
  bool changed_ = false;
};

}  // namespace

std::unique_ptr<PanelData> make_time_bar_panel(const TimeBarPanel& spec, std::size_t max_points) {
  return std::make_unique<TimeBarData>(spec, max_points);
}

}  // namespace millrace::page::detail
