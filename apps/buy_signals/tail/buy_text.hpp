// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "millrace/broker/consumer.hpp"

namespace buy_signals {

/// A record of `buy` as a line for people: `BUY  AAPL  2012-01-03`. If the record is not a buy, logs a warning and
/// returns nullopt.
[[nodiscard]] std::optional<std::string> buy_text(const millrace::ConsumerRecord& record);

}  // namespace buy_signals
