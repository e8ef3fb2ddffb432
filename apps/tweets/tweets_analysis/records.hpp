// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "millrace/serde/json.hpp"

// The records that the analysis reads and writes. Times are ms since the epoch.
namespace tweets {

struct Hashtag {
  std::string text;
};
MILLRACE_JSON(Hashtag, text)

struct Entities {
  std::vector<Hashtag> hashtags;
};
MILLRACE_JSON(Entities, lenient, hashtags)

/// Topic `tweets`: what the analysis needs of a tweet in the shape of the public API v1.1. Other fields are ignored.
struct AnalysedTweet {
  std::string id_str;
  std::string created_at;  ///< Wed Oct 10 20:19:24 +0000 2018
  std::string lang = "und";
  Entities entities;
};
MILLRACE_JSON(AnalysedTweet, lenient, id_str, created_at, lang, entities)

/// How created_at is written.
inline constexpr const char* kCreatedAt = "EEE MMM dd HH:mm:ss Z yyyy";

/// Topic `hashtags`, key = hashtag: how many tweets of one minute have it. Final when the minute and the grace are
/// over.
struct HashtagCount {
  std::string hashtag;     ///< in lower case, without #
  std::int64_t start = 0;  ///< of the minute
  std::int64_t count = 0;
};
MILLRACE_JSON(HashtagCount, hashtag, start, count)

/// Topic `languages`, key = language: the tweets of a language so far. Updated.
struct LanguageCount {
  std::string language;  ///< BCP 47, as the API gives it; `und`: unknown
  std::int64_t count = 0;
};
MILLRACE_JSON(LanguageCount, language, count)

}  // namespace tweets
