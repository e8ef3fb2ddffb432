#pragma once

#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "buy_signals/prices/price_source.hpp"

namespace buy_signals {

/// Puts the rows of a CSV file into time order over all symbols and leaves out a symbol's day that was given before:
/// the first line counts, later ones are reported.
///
/// Memory is bounded: up to `rows_in_memory` rows are held at once; a larger file is sorted in runs that wait in
/// temporary files (deleted by the system even after a crash) and are merged while they are read.
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
  std::vector<std::unique_ptr<Run>> heap_;  ///< the run with the earliest row on top
  PriceRow last_;
  bool any_ = false;
};

}  // namespace buy_signals
