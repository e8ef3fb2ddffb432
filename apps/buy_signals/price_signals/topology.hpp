// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/processor/topology.hpp"

namespace buy_signals {

/// Decides which prices are alerts.
struct AlertRule {
  double threshold = 195;  ///< US dollars; the close must be above it
};

/// pricelist → alerts     the closes above the threshold
///           → variations each observation's change against the symbol's previous close, which lives in the store
///                        `last-close`; a symbol's first observation has none and yields no variation
///
/// Needs exactly_once_v2: a price that is processed twice would be its own predecessor.
[[nodiscard]] millrace::Topology price_signals(const AlertRule& rule);

}  // namespace buy_signals
