// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <map>

#include "json_text.hpp"
#include "marks.hpp"
#include "panel_data.hpp"

namespace millrace::page::detail {
namespace {

constexpr std::size_t kMaxSeries = 1000;
/// The width of a candle with its gap.
constexpr int kPixelsPerCandle = 7;

struct Candle {
  double open = 0, high = 0, low = 0, close = 0, volume = 0;

  /// Takes in the candle that follows.
  void merge(const Candle& next) {
    high = std::max(high, next.high);
    low = std::min(low, next.low);
    close = next.close;
    volume += next.volume;
  }
};

class CandleData final : public PanelData {
 public:
  CandleData(const CandlePanel& spec, std::size_t max_points)
      : spec_(spec),
        series_(spec.series),
        time_(spec.time),
        open_(spec.open),
        high_(spec.high),
        low_(spec.low),
        close_(spec.close),
        volume_(spec.volume),
        max_candles_(std::max<std::size_t>(max_points / 8, 1000)),
        marks_(spec.markers, max_points / 4) {
    require(!spec.topic.empty(), spec.title, "topic");
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
    const auto name = series_.field().empty() ? std::optional(spec_.topic) : series_.text(view);
    const auto open = open_.number(view);
    const auto high = high_.number(view);
    const auto low = low_.number(view);
    const auto close = close_.number(view);
    const auto volume = volume_.field().empty() ? std::optional(0.0) : volume_.number(view);
    if (!time || !name || !open || !high || !low || !close || !volume) return false;
    const auto number = names_.number(*name);
    if (!number) return true;
    if (series_candles_.size() <= *number) series_candles_.resize(*number + 1);
    auto& candles = series_candles_[*number];
    if (candles.insert_or_assign(*time, Candle{*open, *high, *low, *close, *volume}).second) ++size_;
    if (size_ > max_candles_ && candles.size() > 1) {
      candles.erase(candles.begin());
      --size_;
    }
    changed_ = true;
    return true;
  }

  [[nodiscard]] bool take_changes(std::string& json) override {
    if (!changed_ && !marks_.changed()) return false;
    json += "{\"stale\":true}";
    changed_ = false;
    marks_.clear_changes();
    return true;
  }

  void append_snapshot(const Query& query, std::string& json) const override {
    names_.append_json(json);
    const auto number = names_.find(query.series).value_or(0);
    static const std::map<Timestamp, Candle> kNothing;
    const auto& candles = number < series_candles_.size() ? series_candles_[number] : kNothing;
    append_member(json += ',', "series", number < names_.list().size() ? names_.list()[number] : "");
    auto from = candles.empty() ? 0 : candles.begin()->first;
    auto to = candles.empty() ? 0 : candles.rbegin()->first;
    fmt::format_to(std::back_inserter(json), R"("min":{},"max":{},"total":{},)", from, to, candles.size());
    if (query.from) from = *query.from;
    if (query.to) to = std::max(from, *query.to);

    const auto first = candles.lower_bound(from);
    const auto last = candles.upper_bound(to);
    const auto base = interval(candles);
    const auto room = std::max(20, query.width / kPixelsPerCandle);
    const auto least = (to - from) / room;
    // Not more than there is room for; counted, because there may be none at night.
    const auto count = std::distance(first, last);
    const auto step = count <= room ? base : usual_step(base, std::max(base, least));
    std::map<Timestamp, Candle> shown;
    for (auto it = first; it != last; ++it) {
      const auto [place, fresh] = shown.emplace(step == base ? it->first : rounded_down(it->first, step), it->second);
      if (!fresh) place->second.merge(it->second);
    }
    fmt::format_to(std::back_inserter(json), R"("base":{},"step":{},)", base, step);
    append_columns(json, shown);
    marks_.append_snapshot(json, from, to + step, std::max<Timestamp>(1, step), static_cast<std::int64_t>(number));
  }

  void append_description(std::string& json) const override {
    json += "\"kind\":\"candles\",";
    append_member(json, "title", spec_.title);
    append_member(json, "topic", spec_.topic);
    append_member(json, "unit", spec_.unit);
    json += spec_.volume.empty() ? "\"volume\":false," : "\"volume\":true,";
    marks_.append_description(json);
  }

 private:
  /// The smallest distance of two candles; a minute if there are not two.
  static Timestamp interval(const std::map<Timestamp, Candle>& candles) {
    Timestamp smallest = 0;
    // The latest ones tell; looking at all would take long.
    int looked = 0;
    for (auto it = candles.rbegin(); it != candles.rend() && std::next(it) != candles.rend() && looked < 200;
         ++it, ++looked) {
      const auto distance = it->first - std::next(it)->first;
      if (smallest == 0 || distance < smallest) smallest = distance;
    }
    return smallest == 0 ? 60'000 : smallest;
  }

  static void append_columns(std::string& json, const std::map<Timestamp, Candle>& candles) {
    json += "\"x\":[";
    for (const auto& [time, candle] : candles) {
      if (json.back() != '[') json += ',';
      json += std::to_string(time);
    }
    json += "],";
    const auto column = [&](const char* name, double Candle::*member) {
      json += name;
      for (const auto& [time, candle] : candles) {
        if (json.back() != '[') json += ',';
        append_json_number(json, candle.*member);
      }
      json += "],";
    };
    column("\"o\":[", &Candle::open);
    column("\"h\":[", &Candle::high);
    column("\"l\":[", &Candle::low);
    column("\"c\":[", &Candle::close);
    column("\"v\":[", &Candle::volume);
  }

  CandlePanel spec_;
  FieldReader series_, time_, open_, high_, low_, close_, volume_;
  std::size_t max_candles_;
  Names names_{kMaxSeries};
  std::vector<std::map<Timestamp, Candle>> series_candles_;
  Marks marks_;
  std::size_t size_ = 0;
  bool changed_ = false;
};

}  // namespace

std::unique_ptr<PanelData> make_candle_panel(const CandlePanel& spec, std::size_t max_points) {
  return std::make_unique<CandleData>(spec, max_points);
}

}  // namespace millrace::page::detail
