// SPDX-License-Identifier: Apache-2.0
#define BOOST_TEST_DYN_LINK
#include <boost/test/unit_test.hpp>
#include <map>

#include "millrace/common/time.hpp"
#include "millrace/functions/timestamps.hpp"
#include "millrace/testing/topology_test_driver.hpp"
#include "support/captured_stderr.hpp"
#include "tweets/applications.hpp"
#include "tweets/tweets_analysis/records.hpp"

using namespace millrace;
using namespace tweets;

namespace {

constexpr std::int64_t kMinute = 60'000;
constexpr std::int64_t kStart = 1'700'000'040'000;  // the begin of a minute

struct Fixture {
  TopologyTestDriver driver{tweets_analysis(AnalysisRules()), analysis_defaults()};
  TestInputTopic<Unkeyed, std::string> in = driver.create_input_topic<Unkeyed, std::string>(topic::kTweets);
  TestOutputTopic<std::string, HashtagCount> hashtags =
      driver.create_output_topic<std::string, HashtagCount>(topic::kHashtags);
  TestOutputTopic<std::string, LanguageCount> languages =
      driver.create_output_topic<std::string, LanguageCount>(topic::kLanguages);

  /// A tweet in the API's shape, with fields that the analysis does not know. `offset`: seconds behind kStart.
  void tweet(int id, std::int64_t offset, const std::vector<std::string>& tags, const std::string& lang = "en") {
    std::string list;
    for (const auto& tag : tags) list += (list.empty() ? "" : ",") + (R"({"text":")" + tag + R"(","indices":[0,4]})");
    const auto time = format_timestamp(kStart + offset * 1000, kCreatedAt);
    in.pipe_input(R"({"created_at":")" + time + R"(","id":)" + std::to_string(id) + R"(,"id_str":")" +
                  std::to_string(id) + R"(","text":"hi","user":{"screen_name":"u"},"entities":{"hashtags":[)" + list +
                  R"(],"urls":[]},"lang":")" + lang + R"("})");
  }
  std::map<std::string, std::int64_t> language_counts() {
    std::map<std::string, std::int64_t> counts;
    while (!languages.is_empty()) {
      const auto count = languages.read_value();
      counts[count.language] = count.count;
    }
    return counts;
  }
  std::map<std::pair<std::string, std::int64_t>, std::int64_t> minute_counts() {
    std::map<std::pair<std::string, std::int64_t>, std::int64_t> counts;
    while (!hashtags.is_empty()) {
      const auto record = hashtags.read_record();
      BOOST_TEST(record.key == record.value.hashtag);
      const bool first =
          counts.try_emplace({record.value.hashtag, (record.value.start - kStart) / kMinute}, record.value.count)
              .second;
      BOOST_TEST(first);  // a count is final
    }
    return counts;
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(TweetsAnalysis, Fixture)

BOOST_AUTO_TEST_CASE(counts_hashtags_per_minute_and_tweets_per_language) {
  tweet(1, 0, {"News", "sport"});
  tweet(2, 30, {"news", "NEWS"}, "de");
  tweet(3, 61, {"sport"});
  tweet(4, 65, {});
  tweet(5, 600, {"end"});
  const auto counts = minute_counts();
  BOOST_TEST(counts.size() == 3U);
  BOOST_TEST((counts.at({"news", 0})) == 2);
  BOOST_TEST((counts.at({"sport", 0})) == 1);
  BOOST_TEST((counts.at({"sport", 1})) == 1);
  const auto by_language = language_counts();
  BOOST_TEST(by_language.at("en") == 4);
  BOOST_TEST(by_language.at("de") == 1);
}

BOOST_AUTO_TEST_CASE(counts_a_repeated_tweet_once) {
  for (int round = 0; round < 3; ++round) {
    for (int id = 1; id <= 10; ++id) tweet(id, id, {"news"});
  }
  tweet(11, 600, {"end"});
  BOOST_TEST((minute_counts().at({"news", 0})) == 10);
  BOOST_TEST(language_counts().at("en") == 11);
}

BOOST_AUTO_TEST_CASE(skips_what_is_no_tweet) {
  const CapturedStderr log;
  in.pipe_input("{broken");
  in.pipe_input("[1,2]");
  in.pipe_input(R"({"delete":{"status":{"id":5}}})");
  in.pipe_input(R"({"id_str":"6","created_at":"yesterday"})");
  in.pipe_input(std::string("\xff\xfe\x00", 3));
  tweet(7, 0, {"news"});
  BOOST_TEST(language_counts().at("en") == 1);
}

BOOST_AUTO_TEST_SUITE_END()
