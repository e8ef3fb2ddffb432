// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "millrace/common/time.hpp"

/// The input of kill9 and what kill9_app makes of it. Trade number i and fee number i are one event.
namespace millrace::kill9 {

inline const std::string kTrades = "trades";      // id -> account
inline const std::string kFees = "fees";          // id -> id
inline const std::string kAccounts = "accounts";  // account -> name; complete before the first trade
inline const std::string kJoined = "joined";      // id -> "account id", once per event
inline const std::string kCounts = "counts";  // "account window-start" -> count, one record for each count from 1 on
inline const std::string kNamed = "named";    // account -> "id name", once per event

inline constexpr std::int32_t kPartitions = 4;
inline constexpr std::uint64_t kAccountCount = 1'000;
inline constexpr std::int64_t kWindowMs = 10'000;

struct Workload {
  std::int64_t events_per_second = 0;
  Timestamp start = 0;  ///< event time of event 0, in ms

  [[nodiscard]] Timestamp time_of(std::uint64_t event) const {
    return start + static_cast<Timestamp>(event * 1000 / static_cast<std::uint64_t>(events_per_second));
  }
  [[nodiscard]] static std::uint64_t account_number_of(std::uint64_t event) {
    // Neighbouring events belong to different accounts.
    return event * 2'654'435'761U % kAccountCount;
  }
  [[nodiscard]] static std::string account_of(std::uint64_t event) { return account(account_number_of(event)); }
  [[nodiscard]] static std::string account(std::uint64_t number) { return "account-" + std::to_string(number); }
  [[nodiscard]] static std::string name(std::uint64_t number) { return "name-" + std::to_string(number); }
};

}  // namespace millrace::kill9
