// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace trades::topic {

inline constexpr const char* kRawData = "raw_data";
inline constexpr const char* kCandles = "candles";
inline constexpr const char* kLargeTrades = "large_trades";

}  // namespace trades::topic
