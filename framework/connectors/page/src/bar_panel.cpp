// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <map>

#include "json_text.hpp"
#include "panel_data.hpp"

namespace millrace::page::detail {
namespace {

constexpr std::size_t kMaxKeys = 20'000;

class BarData final : public PanelData {
 public:
  BarData(const BarPanel& spec, std::size_t max_points)
      : spec_(spec), key_(spec.key), value_(spec.value), window_(spec.window), max_windows_(max_points / 4) {
    require(!spec.topic.empty(), spec.title, "topic");
    require(!spec.key.empty(), spec.title, "field for the key");
  }

  [[nodiscard]] std::vector<std::string> topics() const override { return {spec_.topic}; }

  [[nodiscard]] bool add(std::size_t /*topic*/, const RecordView& view, std::size_t /*behind*/) override {
    const auto key = key_.text(view);
    const auto value = value_.field().empty() ? std::optional(1.0) : value_.number(view);
    if (!key || !value) return false;
    const auto number = names_.number(*key);
    if (number && totals_.size() <= *number) totals_.resize(*number + 1);
    auto& total = number ? totals_[*number] : rest_;
    if (spec_.repeated == Repeated::add) {
      total += *value;
    } else if (spec_.window.empty()) {
      total = number ? *value : total;  // keys without a place have no last value
    } else {
      const auto window = window_.time(view);
      if (!window) return false;
      if (number) replace(*number, *window, *value);
    }
    changed_ = true;
    return true;
  }

  [[nodiscard]] bool take_changes(std::string& json) override {
    if (!changed_) return false;
    changed_ = false;
    json += '{';
    append_snapshot({}, json);
    json += '}';
    return true;
  }

  void append_snapshot(const Query& /*query*/, std::string& json) const override {
    std::vector<std::size_t> order;
    double sum = rest_;
    for (std::size_t i = 0; i < totals_.size(); ++i) {
      order.push_back(i);
      sum += totals_[i];
    }
    const auto top = std::min(std::max<std::size_t>(spec_.top, 1), order.size());
    std::ranges::partial_sort(order, order.begin() + static_cast<std::ptrdiff_t>(top), [&](auto a, auto b) {
      return totals_[a] != totals_[b] ? totals_[a] > totals_[b] : names_.list()[a] < names_.list()[b];
    });
    std::string keys;
    std::string values;
    double shown = 0;
    for (std::size_t i = 0; i < top; ++i) {
      if (i != 0) keys += ',';
      if (i != 0) values += ',';
      append_json_string(keys, names_.list()[order[i]]);
      append_json_number(values, totals_[order[i]]);
      shown += totals_[order[i]];
    }
    json += "\"keys\":[" + keys + "],\"values\":[" + values + "],\"others\":";
    append_json_number(json, sum - shown);
    json += ",\"other_keys\":" + std::to_string(order.size() - top) +
            (names_.full() ? ",\"full\":true" : ",\"full\":false");
  }

  void append_description(std::string& json) const override {
    json += "\"kind\":\"bars\",";
    append_member(json, "title", spec_.title);
    append_member(json, "topic", spec_.topic);
    append_member(json, "unit", spec_.unit);
    json.pop_back();
  }

 private:
  void replace(std::size_t number, Timestamp window, double value) {
    const auto [place, fresh] = windows_.try_emplace({window, number}, value);
    totals_[number] += fresh ? value : value - place->second;
    place->second = value;
    // An old window keeps its part in the total; only updates of it would count twice, and those have ended long ago.
    if (windows_.size() > max_windows_ && max_windows_ > 0) windows_.erase(windows_.begin());
  }

  BarPanel spec_;
  FieldReader key_, value_, window_;
  std::size_t max_windows_;
  Names names_{kMaxKeys};
  std::vector<double> totals_;
  double rest_ = 0;  ///< of the keys for which there was no place
  std::map<std::pair<Timestamp, std::size_t>, double> windows_;
  bool changed_ = false;
};

}  // namespace

std::unique_ptr<PanelData> make_bar_panel(const BarPanel& spec, std::size_t max_points) {
  return std::make_unique<BarData>(spec, max_points);
}

}  // namespace millrace::page::detail
