// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "millrace/page/spec.hpp"
#include "record_view.hpp"

namespace millrace::page::detail {

/// What a viewer asks of a panel.
struct Query {
  std::optional<Timestamp> from;  ///< unset: the earliest
  std::optional<Timestamp> to;    ///< inclusive; unset: the latest
  int width = 1000;               ///< of the chart, in pixels
  std::string series = {};        ///< for candles; empty: the first one
};

/// The data behind one panel. Used under the mutex of PageData.
///
/// Bad records: add() returns false for a record without a usable field.
class PanelData {
 public:
  PanelData() = default;
  virtual ~PanelData() = default;
  PanelData(const PanelData&) = delete;
  PanelData& operator=(const PanelData&) = delete;

  /// The topics that the panel reads. A topic's place in the list is its number in add().
  [[nodiscard]] virtual std::vector<std::string> topics() const = 0;

  /// Takes a record of topic number `topic`. `behind` further records of the same topic follow in the same batch.
  [[nodiscard]] virtual bool add(std::size_t topic, const RecordView& view, std::size_t behind) = 0;

  /// False if add() would do nothing with such a record, so that it need not be parsed.
  [[nodiscard]] virtual bool wants(std::size_t topic, std::size_t behind) const {
    (void)topic;
    (void)behind;
    return true;
  }

  /// Appends what is new since the last call as a JSON object. `{"stale":true}`: a viewer must ask for a snapshot.
  /// Returns false, and appends nothing, if nothing is new.
  [[nodiscard]] virtual bool take_changes(std::string& json) = 0;

  /// Appends members of a JSON object, without braces: what the panel looks like now.
  virtual void append_snapshot(const Query& query, std::string& json) const = 0;

  /// Appends members of a JSON object, without braces: what never changes.
  virtual void append_description(std::string& json) const = 0;
};

/// Names that are given numbers in the order in which they come, up to a limit.
class Names {
 public:
  explicit Names(std::size_t limit) : limit_(limit) {}

  /// The number of a name. Unset: there are as many names as the limit allows, and this is none of them.
  [[nodiscard]] std::optional<std::size_t> number(const std::string& name);
  [[nodiscard]] std::optional<std::size_t> find(const std::string& name) const;
  [[nodiscard]] const std::vector<std::string>& list() const { return list_; }
  /// Whether names were refused.
  [[nodiscard]] bool full() const { return refused_; }
  /// Appends `"names":[...],"full":true|false`.
  void append_json(std::string& json) const;

 private:
  std::size_t limit_;
  std::map<std::string, std::size_t> numbers_;
  std::vector<std::string> list_;
  bool refused_ = false;
};

/// Appends `"name":"text",`.
void append_member(std::string& json, std::string_view name, std::string_view text);

/// Throws ConfigException if the panel lacks a topic or a field.
void require(bool given, std::string_view panel, std::string_view what);

/// The smallest usual step (1 s, 5 s, 1 min, 1 h, 1 day, 1 week...) that is at least `least` and a multiple of `base`.
[[nodiscard]] Timestamp usual_step(Timestamp base, Timestamp least);

/// Rounds down to a multiple of `step`, also for times before 1970.
[[nodiscard]] inline Timestamp rounded_down(Timestamp time, Timestamp step) {
  const auto rest = time % step;
  return time - (rest < 0 ? rest + step : rest);
}

[[nodiscard]] std::unique_ptr<PanelData> make_line_panel(const LinePanel& spec, std::size_t max_points);
[[nodiscard]] std::unique_ptr<PanelData> make_candle_panel(const CandlePanel& spec, std::size_t max_points);
[[nodiscard]] std::unique_ptr<PanelData> make_bar_panel(const BarPanel& spec, std::size_t max_points);
[[nodiscard]] std::unique_ptr<PanelData> make_time_bar_panel(const TimeBarPanel& spec, std::size_t max_points);
[[nodiscard]] std::unique_ptr<PanelData> make_table_panel(const TablePanel& spec);

}  // namespace millrace::page::detail
