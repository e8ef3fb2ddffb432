// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "millrace/processor/topology.hpp"

namespace tweets {

struct AnalysisRules {
  std::int64_t grace_ms = 10'000;  ///< how late a tweet may come, in event time, and still count in its minute
  std::int64_t retention_ms =
      24 * 3600'000;  ///< for so long in event time, a second tweet of the same id is a repetition
};

/// tweets → hashtags per minute and tweets per language. Each tweet counts once, though its record may come repeatedly.
[[nodiscard]] millrace::Topology tweets_analysis(const AnalysisRules& rules);

}  // namespace tweets
