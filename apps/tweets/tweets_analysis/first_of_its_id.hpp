// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>

#include "millrace/processor/processor.hpp"
#include "millrace/state/window_store.hpp"
#include "tweets/tweets_analysis/records.hpp"

namespace tweets {

/// The ids of tweets that have come, with their times.
inline constexpr const char* kSeen = "seen-tweets";

/// Passes a tweet on if none of its id has come before. MQTT with QoS 1 repeats messages after a failure. The key is
/// the id.
class FirstOfItsId final : public millrace::FixedKeyProcessor<std::string, AnalysedTweet> {
 public:
  explicit FirstOfItsId(std::int64_t retention_ms) : retention_ms_(retention_ms) {}

  void init(millrace::FixedKeyProcessorContext<std::string, AnalysedTweet>& context) override {
    FixedKeyProcessor::init(context);
    seen_ = &context.get_state_store<millrace::WindowStore<std::string, std::int32_t>>(kSeen);
  }

  void process(millrace::FixedKeyRecord<std::string, AnalysedTweet> tweet) override {
    const auto time = tweet.timestamp();
    const auto earliest = std::max<millrace::Timestamp>(0, time - retention_ms_);
    auto before = seen_->fetch(tweet.key(), earliest, time + retention_ms_);
    if (before.peek_next_key()) return;
    seen_->put(tweet.key(), 1, time);
    context().forward(std::move(tweet));
  }

 private:
  const std::int64_t retention_ms_;
  millrace::WindowStore<std::string, std::int32_t>* seen_ = nullptr;
};

}  // namespace tweets
