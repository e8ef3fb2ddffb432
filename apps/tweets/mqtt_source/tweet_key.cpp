// SPDX-License-Identifier: Apache-2.0
#include "tweets/mqtt_source/tweet_key.hpp"

#include "millrace/common/errors.hpp"
#include "millrace/serde/json.hpp"

namespace tweets {

/// A plain number in `id` is taken as it is written, because a double has not enough digits for it.
struct TweetId {
  std::optional<std::string> id_str;
  std::optional<std::string> id;
};
MILLRACE_JSON(TweetId, lenient, id_str, id)

std::optional<std::string> tweet_key(std::string_view payload) {
  // Most other payloads are told apart without an exception.
  const auto first = payload.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos || payload[first] != '{') return std::nullopt;
  try {
    auto tweet = millrace::from_json_string<TweetId>(payload);
    auto& id = tweet.id_str ? tweet.id_str : tweet.id;
    if (!id || id->empty()) return std::nullopt;
    return std::move(*id);
  } catch (const millrace::SerializationException&) {
    return std::nullopt;
  }
}

}  // namespace tweets
