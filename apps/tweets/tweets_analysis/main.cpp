// SPDX-License-Identifier: Apache-2.0
// tweets_analysis: counts hashtags per minute and tweets per language. Each tweet counts once.
#include <algorithm>
#include <chrono>
#include <memory>
#include <set>

#include "millrace/app/app.hpp"
#include "millrace/dsl/streams_builder.hpp"
#include "millrace/functions/timestamps.hpp"
#include "millrace/serde/primitives.hpp"
#include "millrace/state/stores.hpp"
#include "tweets/applications.hpp"
#include "tweets/topics.hpp"
#include "tweets/tweets_analysis/first_of_its_id.hpp"
#include "tweets/tweets_analysis/records.hpp"
#include "tweets/tweets_analysis/topology.hpp"

using namespace millrace;
using namespace tweets;

namespace {

/// The hashtags of a tweet in lower case, each once.
std::vector<std::string> hashtags(const AnalysedTweet& tweet) {
  std::set<std::string> found;
  for (const auto& hashtag : tweet.entities.hashtags) {
    std::string text = hashtag.text;
    // Only ASCII letters: other alphabets need a locale, and the API does not change them either.
    std::ranges::transform(text, text.begin(),
                           [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    if (!text.empty()) found.insert(std::move(text));
  }
  return {found.begin(), found.end()};
}

}  // namespace

Topology tweets::tweets_analysis(const AnalysisRules& rules) {
  StreamsBuilder builder;
  const Millis retention(rules.retention_ms);
  builder.add_state_store(Stores::window_store<std::string, std::int32_t>(kSeen, retention, retention));

  auto each_once = builder
                       .stream<Unkeyed, AnalysedTweet>(
                           topic::kTweets, Consumed().with_timestamp(&AnalysedTweet::created_at, kCreatedAt))
                       .filter([](const AnalysedTweet& tweet) { return !tweet.id_str.empty(); })
                       .select_key(&AnalysedTweet::id_str)
                       .repartition(Repartitioned::as("tweets-by-id"))
                       .process_values([=] { return std::make_unique<FirstOfItsId>(rules.retention_ms); }, {kSeen});

  each_once.flat_map_values(hashtags)
      .group_by([](const std::string& hashtag) { return hashtag; })
      .windowed_by(TimeWindows::of_size_and_grace(1min, Millis(rules.grace_ms)))
      .count(Materialized::as("hashtags-per-minute"))
      .suppress(Suppressed::until_window_closes(BufferConfig::unbounded()))
      .to_stream()
      .map_values([](const Windowed<std::string>& minute, const std::int64_t& count) {
        return HashtagCount{minute.key, minute.window.start, count};
      })
      .select_key([](const Windowed<std::string>& minute, const std::optional<HashtagCount>&) { return minute.key; })
      .to(topic::kHashtags);

  each_once.group_by(&AnalysedTweet::lang)
      .count(Materialized::as("tweets-per-language"))
      .to_stream()
      .map_values([](const std::string& language, const std::int64_t& count) {
        return LanguageCount{language, count};
      })
      .to(topic::kLanguages);

  return builder.build();
}

int main(int argc, char** argv) {
  AnalysisRules rules;
  return run_app(argc, argv,
                 {.name = "tweets_analysis",
                  .description = "Counts hashtags per minute and tweets per language. Each tweet counts once.",
                  .defaults = analysis_defaults(),
                  .options = [&](Options& options) { add_analysis_options(options, rules); },
                  .topology = [&](const StreamsConfig&) { return tweets_analysis(rules); },
                  .before_start = [](Broker& broker, const StreamsConfig&) { create_missing_topics(broker); }});
}
