// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "buy_signals/prices/price_source.hpp"

namespace buy_signals {

/// Sorts the rows of a CSV file into time order over all symbols. If a day of a symbol occurs more than once, the first
/// line counts, and later lines are reported.
///
/// Memory is bounded: at most `rows_in_memory` rows are held at once. A larger file is sorted in runs. The runs are
/// kept in temporary files, which the system deletes even after a crash, and are merged while they are read.
class SortedPrices : public OrderedPrices {
 public:
  static constexpr std::size_t kRowsInMemory = 200'000;  // about 25 MB

  /// Reads the whole file.
  SortedPrices(const std::string& csv_file, RejectListener rejects, std::chrono::sys_days today,
               std::size_t rows_in_memory = kRowsInMemory);
  ~SortedPrices() override;

  bool next(PriceRow& row) override;
  [[nodiscard]] std::uint64_t expected_rows() const override { return rows_; }
  [[nodiscard]] const std::string& name() const override { return file_; }

 private:
  class Run;
  class MemoryRun;
  class FileRun;

  void start_merge();
  std::unique_ptr<Run> take_earliest();

  std::string file_;
  std::string short_name_;
  RejectListener rejects_;
  std::uint64_t rows_ = 0;
  std::vector<std::unique_ptr<Run>> heap_;  ///< a heap with the earliest current row on top
  PriceRow last_;                           ///< the last returned row, to find duplicates
  bool any_ = false;                        ///< last_ is set
};

}  // namespace buy_signals
