// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>

#include "millrace/common/time.hpp"

namespace tweets {

/// What a replay has done so far. Any thread may read.
struct ReplayCounts {
  std::atomic<std::uint64_t> published = 0;
  std::atomic<std::uint64_t> skipped = 0;  ///< what is no tweet
};

/// Where a replay sends tweets.
struct TweetReceiver {
  /// Waits for so long; returns earlier if told to stop.
  std::function<void(millrace::Millis)> idle;
  /// Takes a tweet as JSON. Returns false if told to stop before it was taken.
  std::function<bool(std::string tweet)> take;
};

/// Sends the tweets of a file one by one. What is no tweet is logged and skipped. `speed`: 1 is the tweets' own pace;
/// nullopt: without pauses. Throws StreamsException if the file cannot be read.
void replay_tweets(const std::string& file, std::optional<double> speed, const TweetReceiver& receiver,
                   ReplayCounts& counts, const std::stop_token& stop);

/// The value of `--speed`: a number above 0, or `max`, which is nullopt. Throws ConfigException.
[[nodiscard]] std::optional<double> parse_speed(const std::string& text);

}  // namespace tweets
