// SPDX-License-Identifier: Apache-2.0
#include "tweets/tweets_replay/replay.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <utility>

#include "millrace/common/errors.hpp"
#include "millrace/common/logging.hpp"
#include "tweets/tweets_replay/tweet_file.hpp"
#include "tweets/tweets_replay/tweet_time.hpp"

namespace tweets {
namespace {

using namespace millrace;

/// So many bad tweets are reported one by one.
constexpr std::uint64_t kMostReports = 20;

/// Tells when the tweet of a time is due.
class Pace {
 public:
  explicit Pace(std::optional<double> speed) : speed_(speed) {}

  [[nodiscard]] Millis wait_for(Timestamp time) {
    if (!speed_) return Millis(0);
    if (!first_) first_ = time;
    const double due = static_cast<double>(time - *first_) / *speed_;
    const double passed = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin_).count();
    return Millis(static_cast<std::int64_t>(std::clamp(due - passed, 0.0, 1e15)));
  }

 private:
  const std::optional<double> speed_;
  std::optional<Timestamp> first_;
  const std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
};

void report(ReplayCounts& counts, const std::string& file, const TweetFile::Item& item) {
  const std::uint64_t number = ++counts.skipped;
  if (number <= kMostReports) {
    log(LogLevel::warn, file + " line " + std::to_string(item.line) + ": skipped what is no tweet: " + item.error);
  }
  if (number == kMostReports) log(LogLevel::warn, "further ones are only counted");
}

}  // namespace

void replay_tweets(const std::string& file, std::optional<double> speed, const TweetReceiver& receiver,
                   ReplayCounts& counts, const std::stop_token& stop) {
  TweetFile tweets(file);
  Pace pace(speed);
  TweetFile::Item item;
  while (!stop.stop_requested() && tweets.next(item)) {
    Timestamp time = 0;
    if (item.error.empty()) {
      try {
        time = tweet_time(item.text);
      } catch (const StreamsException& error) {
        item.error = error.what();
      }
    }
    if (!item.error.empty()) {
      report(counts, file, item);
      continue;
    }
    receiver.idle(pace.wait_for(time));
    if (!receiver.take(std::move(item.text))) return;
    ++counts.published;
  }
}

std::optional<double> parse_speed(const std::string& text) {
  if (text == "max") return std::nullopt;
  double speed = 0;
  std::size_t used = 0;
  try {
    speed = std::stod(text, &used);
  } catch (const std::exception&) {
    used = std::string::npos;
  }
  if (used != text.size() || !std::isfinite(speed) || speed <= 0) {
    throw ConfigException("--speed wants a number above 0, or max, not '" + text + "'");
  }
  return speed;
}

}  // namespace tweets
