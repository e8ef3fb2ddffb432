// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/app/options.hpp"
#include "trades/trades_analysis/topology.hpp"

namespace trades {

/// Throws ConfigException that names the option with a value that makes no sense.
void check(const AnalysisRule& rule);

void add_rule_options(millrace::Options& options, AnalysisRule& rule);

}  // namespace trades
