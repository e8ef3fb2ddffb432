// SPDX-License-Identifier: Apache-2.0
#include "tweets/tweets_replay/tweet_time.hpp"

#include <optional>
#include <string>

#include "millrace/common/errors.hpp"
#include "millrace/functions/timestamps.hpp"
#include "tweets/tweets_analysis/records.hpp"

namespace tweets {

/// The id may be a number: older tools write no `id_str`.
struct ReplayedTweet {
  std::optional<std::string> id_str;
  std::optional<std::string> id;
  std::optional<std::string> created_at;
};
MILLRACE_JSON(ReplayedTweet, lenient, id_str, id, created_at)

millrace::Timestamp tweet_time(std::string_view json) {
  const auto tweet = millrace::from_json_string<ReplayedTweet>(json);
  const auto& id = tweet.id_str ? tweet.id_str : tweet.id;
  if (!id || id->empty()) throw millrace::StreamsException("it has no 'id_str'");
  if (!tweet.created_at) throw millrace::StreamsException("it has no 'created_at'");
  return millrace::parse_timestamp(*tweet.created_at, kCreatedAt);
}

}  // namespace tweets
