// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "buy_signals/database/database.hpp"
#include "buy_signals/prices/price_source.hpp"

namespace buy_signals {

/// The table `prices`: one row per symbol and day. The primary key has the order in which a replay reads the table.
///
///     symbol VARCHAR(64), day DATE          primary key (day, symbol)
///     open, high, low, close DOUBLE, volume BIGINT, adj_close DOUBLE
///
/// Columns may be NULL, because other programs may also fill the table. StoredPrices checks what it reads.
class PriceTable {
 public:
  static constexpr const char* kName = "prices";

  /// Creates the table if it is missing.
  explicit PriceTable(Database& database);

  /// What happened to the stored rows.
  struct Stored {
    std::uint64_t added = 0;
    std::uint64_t changed = 0;    ///< existed with other values
    std::uint64_t unchanged = 0;  ///< existed with the same values
  };

  /// Stores the rows in one transaction. Storing the same rows again changes nothing.
  Stored store(std::span<const PriceRow> rows);

  [[nodiscard]] std::uint64_t count();

 private:
  std::uint64_t count_existing(std::span<const PriceRow> rows);

  Database& database_;
};

/// Reads the table in time order. Reads page by page, so that memory stays bounded and a slow replay holds no cursor
/// open. Rows that fail check_price are reported with their primary key and left out.
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
  std::string last_day_, last_symbol_;  ///< primary key of the last row; empty before the first
  bool more_ = true;
};

}  // namespace buy_signals
