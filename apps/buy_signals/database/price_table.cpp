// SPDX-License-Identifier: Apache-2.0
#include "buy_signals/database/price_table.hpp"

#include <fmt/format.h>

#include <charconv>
#include <iterator>

#include "buy_signals/prices/price_check.hpp"

namespace buy_signals {
namespace {

/// The result of a query that returns one number.
std::uint64_t single_number(Database& database, const std::string& sql) {
  std::uint64_t number = 0;
  database.query(sql, [&](const Database::Row& row) {
    const auto text = row.at(0).value_or("0");
    std::from_chars(text.data(), text.data() + text.size(), number);
  });
  return number;
}

/// A number as an SQL literal. The `e0` makes it a double for the server. Without it, 4.5 would be a decimal that is
/// rounded again.
std::string literal(double value) {
  return fmt::format("{}{}", value, fmt::format("{}", value).find('e') == std::string::npos ? "e0" : "");
}

}  // namespace

// The collation compares bytes, so symbols that differ in case are different. Column types match PriceRow.
PriceTable::PriceTable(Database& database) : database_(database) {
  database_.execute(
      fmt::format("CREATE TABLE IF NOT EXISTS {} ("
                  "symbol VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL, day DATE NOT NULL, "
                  "open DOUBLE, high DOUBLE, low DOUBLE, close DOUBLE, volume BIGINT, adj_close DOUBLE, "
                  "PRIMARY KEY (day, symbol))",
                  kName));
}

PriceTable::Stored PriceTable::store(std::span<const PriceRow> rows) {
  if (rows.empty()) return {};
  // The server's count does not tell new rows from changed rows. The number of existing rows does.
  const auto existing = count_existing(rows);
  std::string sql =
      fmt::format("INSERT INTO {} (symbol, day, open, high, low, close, volume, adj_close) VALUES ", kName);
  const char* separator = "";
  for (const auto& row : rows) {
    fmt::format_to(std::back_inserter(sql), "{}({}, '{}', {}, {}, {}, {}, {}, {})", separator,
                   database_.quoted(row.symbol), iso_date(row.day), literal(row.open), literal(row.high),
                   literal(row.low), literal(row.close), row.volume,
                   row.adjusted_close ? literal(*row.adjusted_close) : "NULL");
    separator = ", ";
  }
  sql +=
      " ON DUPLICATE KEY UPDATE open = VALUES(open), high = VALUES(high), low = VALUES(low), close = VALUES(close), "
      "volume = VALUES(volume), adj_close = VALUES(adj_close)";
  // One statement is one transaction. The server counts 1 for a new row, 2 for a changed row and 0 for an equal row.
  const auto affected = database_.execute(sql);
  Stored stored;
  stored.added = rows.size() - existing;
  stored.changed = affected > stored.added ? (affected - stored.added) / 2 : 0;
  stored.unchanged = existing - stored.changed;
  return stored;
}

std::uint64_t PriceTable::count_existing(std::span<const PriceRow> rows) {
  std::string sql = fmt::format("SELECT COUNT(*) FROM {} WHERE (day, symbol) IN (", kName);
  const char* separator = "";
  for (const auto& row : rows) {
    fmt::format_to(std::back_inserter(sql), "{}('{}', {})", separator, iso_date(row.day), database_.quoted(row.symbol));
    separator = ", ";
  }
  return single_number(database_, sql + ")");
}

std::uint64_t PriceTable::count() { return single_number(database_, fmt::format("SELECT COUNT(*) FROM {}", kName)); }

StoredPrices::StoredPrices(Database& database, RejectListener rejects, std::chrono::sys_days today,
                           std::size_t rows_per_page)
    : database_(database),
      name_(fmt::format("table {} of {}", PriceTable::kName, database.url().str())),
      rejects_(std::move(rejects)),
      today_(today),
      rows_per_page_(rows_per_page),
      expected_rows_(PriceTable(database).count()) {}

bool StoredPrices::next(PriceRow& row) {
  while (next_ == page_.size()) {
    if (!more_) return false;
    read_page();
  }
  row = std::move(page_[next_++]);
  return true;
}

void StoredPrices::read_page() {
  std::string after;
  if (!last_day_.empty()) {
    const auto day = database_.quoted(last_day_);
    // Continues after the last primary key. An OFFSET would read all earlier rows again.
    after = fmt::format(" WHERE day > {0} OR (day = {0} AND symbol > {1})", day, database_.quoted(last_symbol_));
  }
  page_.clear();
  next_ = 0;
  std::size_t read = 0;
  const auto sql = fmt::format(
      "SELECT symbol, day, open, high, low, close, volume, adj_close FROM {}{} ORDER BY day, symbol LIMIT {}",
      PriceTable::kName, after, rows_per_page_);
  database_.query(sql, [&](const Database::Row& fields) {
    ++read;
    last_symbol_ = fields.at(0).value_or("");
    last_day_ = fields.at(1).value_or("");
    auto checked = check_price({.symbol = fields.at(0),
                                .day = fields.at(1),
                                .open = fields.at(2),
                                .high = fields.at(3),
                                .low = fields.at(4),
                                .close = fields.at(5),
                                .volume = fields.at(6),
                                .adjusted_close = fields.at(7)},
                               today_);
    if (auto* defect = std::get_if<Defect>(&checked)) {
      if (rejects_) {
        rejects_(
            {fmt::format("{} row (day {}, symbol {})", PriceTable::kName, last_day_, last_symbol_), defect->reason});
      }
      return;
    }
    page_.push_back(std::move(std::get<PriceRow>(checked)));
  });
  // A short page is the last one.
  more_ = read == rows_per_page_;
}

}  // namespace buy_signals
