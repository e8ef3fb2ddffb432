// SPDX-License-Identifier: Apache-2.0
#include "tweets/tweets_pipeline/pipeline.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <exception>
#include <functional>
#include <stop_token>
#include <thread>
#include <utility>
#include <vector>

#include "buy_signals/buy_pipeline/group_progress.hpp"
#include "buy_signals/tail/topic_tail.hpp"
#include "millrace/common/errors.hpp"
#include "millrace/connect/bounded_queue.hpp"
#include "millrace/connect/source_runner.hpp"
#include "millrace/mqtt/mqtt_publisher.hpp"
#include "millrace/mqtt/mqtt_source.hpp"
#include "millrace/runtime/streams.hpp"
#include "millrace/serde/json.hpp"
#include "tweets/applications.hpp"
#include "tweets/mqtt_source/tweet_key.hpp"
#include "tweets/topics.hpp"
#include "tweets/tweets_analysis/records.hpp"
#include "tweets/tweets_replay/replay.hpp"

namespace tweets {
namespace {

namespace connect = millrace::connect;
using millrace::Millis;
using millrace::Streams;

/// How often the progress is checked while no records come.
constexpr Millis kPollTimeout{20};
constexpr const char* kApplication = "tweets-analysis";

/// A part of the pipeline in a thread of its own. The destructor stops it.
class Part {
 public:
  explicit Part(std::function<void(const std::stop_token&)> body)
      : thread_([this, body = std::move(body)](const std::stop_token& stop) {
          try {
            body(stop);
          } catch (...) {
            failure_ = std::current_exception();
          }
          ended_ = true;
        }) {}

  /// True if it has ended. Throws the error that ended it.
  [[nodiscard]] bool ended() const {
    if (!ended_) return false;
    if (failure_) std::rethrow_exception(failure_);
    return true;
  }

 private:
  std::exception_ptr failure_;  ///< written before ended_, read after it
  std::atomic<bool> ended_ = false;
  std::jthread thread_;  // last: uses the members above
};

/// Without an MQTT broker: what the replay gives, as a source.
class DirectSource final : public connect::Source {
 public:
  [[nodiscard]] connect::SourceKind kind() const override { return connect::SourceKind::live; }
  [[nodiscard]] std::string name() const override { return "the file of tweets"; }
  void open(connect::SourceContext& /*context*/) override {}
  [[nodiscard]] bool poll(std::vector<connect::SourceRecord>& records, std::size_t max_records,
                          Millis timeout) override {
    queue_.take(records, max_records, timeout);
    return true;
  }

  /// Any thread.
  bool push(std::string tweet) {
    const auto bytes = tweet.size();
    connect::SourceRecord record{.key = tweet_key(tweet)};
    record.value = std::move(tweet);
    return queue_.push(std::move(record), bytes);
  }
  void end() { queue_.close(); }

 private:
  static constexpr std::size_t kQueueBytes = 16 * 1024 * 1024;
  connect::BoundedQueue<connect::SourceRecord> queue_{kQueueBytes};
};

/// A source that tells when it is open. An MQTT broker keeps messages only for a session that exists, so the replay
/// must not begin before.
class WatchedSource final : public connect::Source {
 public:
  explicit WatchedSource(connect::Source& source) : source_(source) {}

  [[nodiscard]] connect::SourceKind kind() const override { return source_.kind(); }
  [[nodiscard]] std::string name() const override { return source_.name(); }
  void open(connect::SourceContext& context) override {
    source_.open(context);
    opened_ = true;
    opened_.notify_all();
  }
  [[nodiscard]] bool poll(std::vector<connect::SourceRecord>& records, std::size_t max_records,
                          Millis timeout) override {
    return source_.poll(records, max_records, timeout);
  }
  void acknowledge(std::size_t records) override { source_.acknowledge(records); }
  void close() noexcept override { source_.close(); }

  /// Waits until the source was open once, or until release(). Any thread.
  void wait_until_open() const { opened_.wait(false); }
  void release() {
    opened_ = true;
    opened_.notify_all();
  }

 private:
  connect::Source& source_;
  std::atomic<bool> opened_ = false;
};

std::unique_ptr<connect::Source> mqtt_source(const std::string& url) {
  return std::make_unique<connect::MqttSource>(connect::MqttSourceSettings{
      .connection = {.url = url, .client_id = "tweets-pipeline"},
      .topic = topic::kTweets,
      .key = [](std::string_view, std::string_view payload) { return tweet_key(payload); }});
}

/// Adds a result to the summary.
void count(PipelineSummary& summary, const millrace::ConsumerRecord& record) {
  if (!record.value) return;
  if (*record.topic == topic::kHashtags) {
    const auto result = millrace::from_json_string<HashtagCount>(*record.value);
    ++summary.hashtag_counts;
    summary.hashtags[result.hashtag] += result.count;
  } else {
    const auto result = millrace::from_json_string<LanguageCount>(*record.value);
    summary.languages[result.language] = result.count;
  }
}

}  // namespace

PipelineSummary run_pipeline(const std::shared_ptr<millrace::Broker>& broker, const PipelineOptions& options,
                             const OwnMosquitto* mosquitto, millrace::StopSignals& signals) {
  const auto started = std::chrono::steady_clock::now();
  create_missing_topics(*broker);
  // Starts at the end before the analysis starts, so that it counts the results of this run only.
  buy_signals::TopicTail results{*broker, {topic::kHashtags, topic::kLanguages}, buy_signals::TopicTail::From::end};
  Streams analysis(tweets_analysis(options.rules),
                   millrace::StreamsConfig(options.config).set("application.id", kApplication), broker);
  buy_signals::GroupProgress progress(*broker, kApplication, {topic::kTweets});
  analysis.start();

  DirectSource direct;
  const auto over_mqtt = mosquitto == nullptr ? nullptr : mqtt_source(mosquitto->url());
  WatchedSource source(over_mqtt ? *over_mqtt : static_cast<connect::Source&>(direct));
  connect::SourceRunner runner(broker, source,
                               {.id = "tweets-source", .topic = topic::kTweets, .config = options.config});
  ReplayCounts counts;
  const Part copying([&](const std::stop_token& stop) { runner.run(stop); });
  const Part replay([&](const std::stop_token& stop) {
    const std::stop_callback no_longer(stop, [&] { source.release(); });
    source.wait_until_open();
    if (mosquitto == nullptr) {
      const std::stop_callback end(stop, [&] { direct.end(); });
      replay_tweets(options.file, options.speed,
                    {.idle = [&](Millis time) { std::this_thread::sleep_for(std::min(time, Millis(1000))); },
                     .take = [&](std::string tweet) { return direct.push(std::move(tweet)); }},
                    counts, stop);
      return;
    }
    connect::MqttPublisher publisher({.url = mosquitto->url()}, Millis(5000));
    replay_tweets(
        options.file, options.speed,
        {.idle = [&](Millis time) { publisher.idle(time, stop); },
         .take = [&](std::string tweet) { return publisher.publish(topic::kTweets, std::move(tweet), stop); }},
        counts, stop);
    (void)publisher.flush(stop);
  });

  PipelineSummary summary;
  // The stages are completed in this order.
  enum class Stage { replay, copy, analysis, results, complete } stage = Stage::replay;
  const auto complete = [&] {
    switch (stage) {
      case Stage::replay: return replay.ended();
      case Stage::copy: return runner.counters().written >= counts.published;
      case Stage::analysis: return progress.all_processed();
      case Stage::results: return results.caught_up();
      case Stage::complete: return false;
    }
    return false;
  };
  while (stage != Stage::complete && !signals.requested()) {
    results.poll(kPollTimeout, [&](const millrace::ConsumerRecord& record) { count(summary, record); });
    if (copying.ended()) throw millrace::StreamsException("the source of tweets ended early");
    const auto state = analysis.state();
    if (state == Streams::State::error || state == Streams::State::pending_error) {
      throw millrace::StreamsException(std::string(kApplication) + " failed: " + analysis.error());
    }
    // Several stages may be complete at once.
    while (complete()) stage = static_cast<Stage>(static_cast<int>(stage) + 1);
  }
  summary.complete = stage == Stage::complete;
  summary.published = counts.published;
  summary.skipped = counts.skipped;
  summary.written = runner.counters().written;
  summary.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
  return summary;
}

}  // namespace tweets
