// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace tweets::topic {

inline constexpr const char* kTweets = "tweets";
inline constexpr const char* kHashtags = "hashtags";
inline constexpr const char* kLanguages = "languages";

}  // namespace tweets::topic
