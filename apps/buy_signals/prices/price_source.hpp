// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <stdexcept>
#include <string>

#include "buy_signals/prices/price_row.hpp"

namespace buy_signals {

/// A row that was left out because it cannot be used.
struct RejectedRow {
  std::string place;   ///< `stocks.csv:17`, or the primary key of a table's row
  std::string reason;  ///< `close is empty`
};

/// Is called for every row that was left out.
using RejectListener = std::function<void(const RejectedRow&)>;

/// The source as a whole cannot be used: the file does not exist, has other columns, or is damaged. The text names the
/// source.
class SourceError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Returns observations one after another. Rows that cannot be used go to the source's RejectListener. Used by one
/// thread.
class PriceSource {
 public:
  virtual ~PriceSource() = default;

  /// Reads the next observation into `row`. Returns false at the end.
  virtual bool next(PriceRow& row) = 0;
};

/// A source in time order over all symbols (see `earlier`). Each day of a symbol occurs once.
class OrderedPrices : public PriceSource {
 public:
  /// The number of rows, as far as it is known before reading. Rows that turn out to be unusable count too.
  [[nodiscard]] virtual std::uint64_t expected_rows() const = 0;

  /// The source's name for messages: the file, or the table and its database without the password.
  [[nodiscard]] virtual const std::string& name() const = 0;
};

}  // namespace buy_signals
