// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "buy_signals/prices/gzip_lines.hpp"
#include "buy_signals/prices/price_check.hpp"
#include "buy_signals/prices/price_source.hpp"

namespace buy_signals {

/// Reads a CSV file (RFC 4180, plain or gzip) with the columns of data/stocks.csv.gz. Returns the rows in the order of
/// the file.
///
/// The first line names the columns, in upper or lower case and in any order: Ticker, Date, Open, High, Low, Close,
/// Volume and, optionally, Adj Close. Other columns are ignored. Rows that fail check_price or are not valid CSV are
/// reported with `file:line` and left out. Throws SourceError if the header is missing. Used by one thread.
class CsvPrices : public PriceSource {
 public:
  CsvPrices(const std::filesystem::path& file, RejectListener rejects, std::chrono::sys_days today);
  ~CsvPrices() override;

  bool next(PriceRow& row) override;

  /// A line for messages: `stocks.csv:17`.
  [[nodiscard]] std::string place(std::uint64_t line) const;

 private:
  class Parser;

  void read_header();
  /// A field of the current line; nullopt if the file does not have the column.
  std::optional<std::string_view> field(std::size_t column) const;
  void reject(std::string reason);

  std::string name_;
  GzipLines lines_;
  RejectListener rejects_;
  std::chrono::sys_days today_;
  std::unique_ptr<Parser> parser_;
  std::size_t columns_ = 0;                       ///< number of fields in the header
  std::array<std::optional<std::size_t>, 8> at_;  ///< index in the file of each of our columns
};

}  // namespace buy_signals
