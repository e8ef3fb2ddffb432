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

/// Reads a CSV file (RFC 4180, plain or gzip) with the columns of data/stocks.csv.gz, row by row in the file's order.
///
/// Columns are found by their names in the first line, upper or lower case, in any order: Ticker, Date, Open, High,
/// Low, Close, Volume and, if present, Adj Close; others are ignored. Rows that fail check_price or are no proper
/// CSV are reported with `file:line` and left out. Throws SourceError if there is no such header.
class CsvPrices : public PriceSource {
 public:
  CsvPrices(const std::filesystem::path& file, RejectListener rejects, std::chrono::sys_days today);
  ~CsvPrices() override;

  bool next(PriceRow& row) override;

  /// `stocks.csv:17`.
  [[nodiscard]] std::string place(std::uint64_t line) const;

 private:
  class Parser;

  void read_header();
  std::optional<std::string_view> field(std::size_t column) const;
  void reject(std::string reason);

  std::string name_;
  GzipLines lines_;
  RejectListener rejects_;
  std::chrono::sys_days today_;
  std::unique_ptr<Parser> parser_;
  std::size_t columns_ = 0;                       ///< fields in the header
  std::array<std::optional<std::size_t>, 8> at_;  ///< which field holds which of our columns
};

}  // namespace buy_signals
