// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <deque>

#include "json_text.hpp"
#include "panel_data.hpp"

namespace millrace::page::detail {
namespace {

class TableData final : public PanelData {
 public:
  explicit TableData(TablePanel spec)
      : spec_(std::move(spec)), rows_limit_(std::clamp<std::size_t>(spec_.rows, 1, 500)) {
    require(!spec_.topic.empty(), spec_.title, "topic");
    if (spec_.columns.empty()) spec_.columns = {{"Time", "@timestamp"}, {"Key", "@key"}, {"Value", ""}};
    for (const auto& column : spec_.columns) cells_.emplace_back(column.field);
  }

  [[nodiscard]] std::vector<std::string> topics() const override { return {spec_.topic}; }

  /// Rows that others of the same batch would push out again are not needed.
  [[nodiscard]] bool wants(std::size_t /*topic*/, std::size_t behind) const override { return behind < rows_limit_; }

  [[nodiscard]] bool add(std::size_t /*topic*/, const RecordView& view, std::size_t behind) override {
    if (behind >= rows_limit_) return true;
    std::string row = "[";
    for (const auto& cell : cells_) {
      if (row.size() > 1) row += ',';
      cell.append_cell(view, row);
    }
    rows_.push_back(row + "]");
    if (rows_.size() > rows_limit_) rows_.pop_front();
    ++count_;
    return true;
  }

  [[nodiscard]] bool take_changes(std::string& json) override {
    if (sent_ == count_) return false;
    json += '{';
    append_rows(json, std::min<std::uint64_t>(count_ - sent_, rows_.size()));
    json += '}';
    sent_ = count_;
    return true;
  }

  void append_snapshot(const Query& /*query*/, std::string& json) const override { append_rows(json, rows_.size()); }

  void append_description(std::string& json) const override {
    json += "\"kind\":\"table\",";
    append_member(json, "title", spec_.title);
    append_member(json, "topic", spec_.topic);
    json += "\"limit\":" + std::to_string(rows_limit_) + ",\"columns\":[";
    for (std::size_t i = 0; i < spec_.columns.size(); ++i) {
      if (i != 0) json += ',';
      json += '{';
      append_member(json, "title", spec_.columns[i].title);
      json += spec_.columns[i].field.path() == "@timestamp" ? "\"time\":true}" : "\"time\":false}";
    }
    json += ']';
  }

 private:
  /// The last rows, in the order in which they came, and the running number behind them: a viewer that has got some of
  /// them already knows them by it.
  void append_rows(std::string& json, std::size_t count) const {
    json += "\"end\":" + std::to_string(count_) + ",\"rows\":[";
    for (auto i = rows_.size() - count; i < rows_.size(); ++i) {
      if (json.back() == ']') json += ',';
      json += rows_[i];
    }
    json += ']';
  }

  TablePanel spec_;
  std::size_t rows_limit_;
  std::vector<FieldReader> cells_;
  std::deque<std::string> rows_;  ///< JSON arrays
  std::uint64_t count_ = 0;       ///< rows that came
  std::uint64_t sent_ = 0;        ///< count_ at the last take_changes()
};

}  // namespace

std::unique_ptr<PanelData> make_table_panel(const TablePanel& spec) { return std::make_unique<TableData>(spec); }

}  // namespace millrace::page::detail
