#pragma once

#include <cstdint>
#include <functional>
#include <stdexcept>
#include <string>

#include "buy_signals/prices/price_row.hpp"

namespace buy_signals {

/// A row that cannot be used and was left out.
struct RejectedRow {
  std::string place;   ///< `stocks.csv:17`, or the primary key of a table's row
  std::string reason;  ///< `close is empty`
};

/// Told about every row left out.
using RejectListener = std::function<void(const RejectedRow&)>;

/// The source as a whole cannot be used: no such file, not the expected columns, damaged. Names it.
class SourceError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Observations one after the other; unusable rows go to the source's RejectListener.
class PriceSource {
 public:
  virtual ~PriceSource() = default;

  /// False at the end.
  virtual bool next(PriceRow& row) = 0;
};

/// A source in time order over all symbols (see `earlier`), each symbol's day once.
class OrderedPrices : public PriceSource {
 public:
  /// How many rows there are, as far as can be known before reading them: rows that turn out unusable count.
  [[nodiscard]] virtual std::uint64_t expected_rows() const = 0;

  /// For messages: the file, or the table and its database without the password.
  [[nodiscard]] virtual const std::string& name() const = 0;
};

}  // namespace buy_signals
