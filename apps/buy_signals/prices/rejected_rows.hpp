// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "buy_signals/prices/price_source.hpp"
#include "millrace/common/logging.hpp"

namespace buy_signals {

/// Logs and counts the rows that were left out. Must outlive the sources that call its listener.
class RejectedRows {
 public:
  [[nodiscard]] RejectListener listener() {
    return [this](const RejectedRow& row) {
      ++count_;
      millrace::log(millrace::LogLevel::warn, row.place + ": " + row.reason + "; row skipped");
    };
  }

  [[nodiscard]] std::uint64_t count() const { return count_; }

 private:
  std::uint64_t count_ = 0;
};

}  // namespace buy_signals
