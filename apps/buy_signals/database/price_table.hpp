#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "buy_signals/database/database.hpp"
#include "buy_signals/prices/price_source.hpp"

namespace buy_signals {

/// The table `prices`: one row per symbol and day, stored in the order in which a replay reads it.
///
///     symbol VARCHAR(64), day DATE          primary key (day, symbol)
///     open, high, low, close DOUBLE, volume BIGINT, adj_close DOUBLE
///
/// Its columns may be NULL, because other programs may fill it too; PriceTable::Reader checks what it reads.
class PriceTable {
 public:
  static constexpr const char* kName = "prices";

  /// Makes the table if it is missing.
  explicit PriceTable(Database& database);

  /// What became of rows that were stored.
  struct Stored {
    std::uint64_t added = 0;
    std::uint64_t changed = 0;    ///< were there with other values
    std::uint64_t unchanged = 0;  ///< were there already
  };

  /// Stores the rows in one transaction; doing it again changes nothing.
  Stored store(std::span<const PriceRow> rows);

  [[nodiscard]] std::uint64_t count();

 private:
  std::uint64_t count_existing(std::span<const PriceRow> rows);

  Database& database_;
};

/// Reads the table in time order, page by page, so that memory stays bounded and a slow replay holds no cursor open.
/// Rows that fail check_price are reported with their primary key and left out.
class StoredPrices : public OrderedPrices {
 public:
  static constexpr std::size_t kRowsPerPage = 2000;

  StoredPrices(Database& database, RejectListener rejects, std::chrono::sys_days today,
               std::size_t rows_per_page = kRowsPerPage);

  bool next(PriceRow& row) override;
  [[nodiscard]] std::uint64_t expected_rows() const override { return expected_rows_; }
  [[nodiscard]] const std::string& name() const override { return name_; }

 private:
  void read_page();

  Database& database_;
  std::string name_;
  RejectListener rejects_;
  std::chrono::sys_days today_;
  std::size_t rows_per_page_;
  std::uint64_t expected_rows_;
  std::vector<PriceRow> page_;
  std::size_t next_ = 0;
  std::string last_day_, last_symbol_;  ///< primary key of the last row read; empty before the first
  bool more_ = true;
};

}  // namespace buy_signals
