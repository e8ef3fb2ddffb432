// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "millrace/app/stop_signals.hpp"
#include "millrace/broker/broker.hpp"
#include "millrace/config/streams_config.hpp"
#include "tweets/tweets_analysis/topology.hpp"
#include "tweets/tweets_pipeline/own_mosquitto.hpp"

namespace tweets {

struct PipelineOptions {
  std::string file;             ///< tweets: a JSON array, or one a line; plain or gzip
  std::optional<double> speed;  ///< 1: the tweets' own pace; nullopt: without pauses
  AnalysisRules rules;
  millrace::StreamsConfig config;
};

/// What one run did.
struct PipelineSummary {
  std::uint64_t published = 0;
  std::uint64_t skipped = 0;  ///< what is no tweet
  std::uint64_t written = 0;  ///< records in the topic, with repetitions
  std::uint64_t hashtag_counts = 0;
  std::map<std::string, std::int64_t> hashtags;   ///< tweets per hashtag, of the minutes that are over
  std::map<std::string, std::int64_t> languages;  ///< tweets per language
  double seconds = 0;
  bool complete = false;  ///< false: stopped by a signal
};

/// Runs the whole pipeline in one process: the tweets of the file go over MQTT into the topic, tweets_analysis counts.
/// Returns when every tweet has passed all stages, or when a stop signal came. `mosquitto`: null: the tweets go into
/// the topic directly. Throws StreamsException if a part fails.
[[nodiscard]] PipelineSummary run_pipeline(const std::shared_ptr<millrace::Broker>& broker,
                                           const PipelineOptions& options, const OwnMosquitto* mosquitto,
                                           millrace::StopSignals& signals);

}  // namespace tweets
