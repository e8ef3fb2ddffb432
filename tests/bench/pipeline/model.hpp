// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <string>

#include "millrace/serde/json.hpp"

// The records of the two measured programs: those of the buy pipeline.
namespace bench {

struct Alert {
  std::string id;
  std::string time;
};
MILLRACE_JSON(Alert, id, time)

struct Variation {
  std::string id;
  double variation_ex = 0;
  double variation_in = 0;
};
MILLRACE_JSON(Variation, id, variation_ex, variation_in)

struct Buy {
  std::string id;
};
MILLRACE_JSON(Buy, (id, "A_ID"))

inline constexpr double kMinVariation = 0.02;

}  // namespace bench
