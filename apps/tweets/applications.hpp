// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/app/options.hpp"
#include "millrace/broker/broker.hpp"
#include "millrace/config/streams_config.hpp"
#include "tweets/topics.hpp"
#include "tweets/tweets_analysis/topology.hpp"

namespace tweets {

/// The settings of tweets_analysis, unless the user overrides them. Exactly-once: a tweet must count once. A record
/// that cannot be read, or that has no time, is logged, counted and skipped.
[[nodiscard]] inline millrace::StreamsConfig analysis_defaults() {
  millrace::StreamsConfig config;
  config.set("application.id", "tweets-analysis");
  config.set("processing.guarantee", "exactly_once_v2");
  config.set("deserialization.exception.handler", "log-and-continue");
  // After a kill, the group notices the loss within this time. Then the restarted process can go on.
  config.set("consumer.session.timeout.ms", "10000");
  return config;
}

inline void add_analysis_options(millrace::Options& options, AnalysisRules& rules) {
  options.option("--grace-ms", rules.grace_ms, "how late a tweet may come and still count in its minute, ms")
      .option("--retention-ms", rules.retention_ms, "for so long a second tweet of the same id is a repetition, ms");
}

/// Creates the topics of the pipeline that do not exist. Records are kept for ever: a replay brings old ones, which a
/// retention by time would delete at once. One partition: a fast replay would read several at different speeds, and
/// tweets of the slower ones would come too late for their minutes. For a live feed, create the topics with more.
inline void create_missing_topics(millrace::Broker& broker) {
  constexpr millrace::Millis kTimeout{30'000};
  constexpr std::int32_t kPartitions = 1;
  const auto admin = broker.make_admin();
  for (const char* name : {topic::kTweets, topic::kHashtags, topic::kLanguages}) {
    if (admin->describe_topic(name, kTimeout)) continue;
    (void)admin->create_topic({.name = name, .partitions = kPartitions, .configs = {{"retention.ms", "-1"}}}, kTimeout);
  }
}

}  // namespace tweets
