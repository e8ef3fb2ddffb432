// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "panel_data.hpp"

namespace millrace::page::detail {

/// The marked points of a chart: one list per Marker of the panel.
class Marks {
 public:
  Marks(const std::vector<Marker>& specs, std::size_t max_marks);

  [[nodiscard]] std::vector<std::string> topics() const;

  /// Takes a record of the marker number `marker`. Names that the panel does not know yet are added to `names`.
  [[nodiscard]] bool add(std::size_t marker, const RecordView& view, Names& names);

  [[nodiscard]] bool changed() const;
  /// Whether more is new than an event should hold.
  [[nodiscard]] bool too_many_changes() const;
  /// Appends `"marks":[...]` with those since the last call of clear_changes().
  void append_changes(std::string& json) const;
  void clear_changes();
  /// Appends `"marks":[{"first":number,"x":[times],"s":[series or -1],"v":[heights or null],"n":[counts]},...]`, one
  /// object per marker. At most one mark per series and `bucket` of time; `n` says how many it stands for. `first` is
  /// the running number of the first mark that is not in the list. `series`: only those of this one; -1: all.
  void append_snapshot(std::string& json, Timestamp from, Timestamp to, Timestamp bucket,
                       std::int64_t series = -1) const;
  /// Appends `"marks":[labels]`.
  void append_description(std::string& json) const;

 private:
  struct Mark {
    Timestamp time = 0;
    std::int32_t series = -1;  ///< -1: none
    double value = std::numeric_limits<double>::quiet_NaN();
  };
  struct Kind {
    std::string topic, label;
    FieldReader series, time, value;
    std::vector<Mark> marks = {};
    std::uint64_t dropped = 0;  ///< marks that were forgotten, the oldest first
    std::size_t seen = 0;       ///< the number of marks at the last clear_changes()
  };

  std::vector<Kind> kinds_;
  std::size_t max_marks_;
};

}  // namespace millrace::page::detail
