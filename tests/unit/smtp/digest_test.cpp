// SPDX-License-Identifier: Apache-2.0
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>

#include "buy_signals/buy_notifier/digest_plan.hpp"
#include "buy_signals/buy_notifier/digest_sink.hpp"
#include "buy_signals/buy_notifier/duration.hpp"
#include "millrace/common/errors.hpp"

using namespace buy_signals;
using millrace::Millis;

BOOST_AUTO_TEST_SUITE(digest)

BOOST_AUTO_TEST_CASE(durations_have_units) {
  BOOST_TEST((parse_duration("--digest", "500ms") == Millis(500)));
  BOOST_TEST((parse_duration("--digest", "30s") == Millis(30'000)));
  BOOST_TEST((parse_duration("--digest", "10m") == Millis(600'000)));
  BOOST_TEST((parse_duration("--digest", "1h") == Millis(3'600'000)));
  BOOST_TEST((parse_duration("--digest", "0") == Millis(0)));
  for (const char* bad : {"", "10", "m", "-1s", "1 m", "1.5h", "366d", "99999999999999999999d", "10mm"}) {
    BOOST_CHECK_THROW((void)parse_duration("--digest", bad), millrace::ConfigException);
  }
}

BOOST_AUTO_TEST_CASE(a_text_has_a_line_per_buy) {
  const auto one = digest_text({"AAPL@2012-01-03"});
  BOOST_TEST(one.subject == "1 buy: AAPL");
  BOOST_TEST(one.text == "Buy signals:\n\n  AAPL  2012-01-03\n");
  const auto many = digest_text({"A@1", "B@1", "A@2", "C@1", "D@1", "E@1", "F@1", "x@y@2"});
  BOOST_TEST(many.subject == "8 buys: A, B, C, D, E and 2 more");
  BOOST_TEST(many.text.find("  x@y  2\n") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(plans_stay_on_the_disk) {
  const auto directory =
      std::filesystem::temp_directory_path() /
      ("millrace-digest-" + std::to_string(std::chrono::steady_clock::now().time_since_epoch().count()));
  const DigestPlans plans(directory);
  const millrace::TopicPartition partition{"buy", 0};
  BOOST_TEST(plans.read(partition).empty());
  plans.write(partition, {{3, 9, "abc", true, {"a@b"}}, {10, 11, "def", false, {}}});
  const auto read = plans.read(partition);
  BOOST_REQUIRE_EQUAL(read.size(), 2U);
  const auto* const plan = &read.front();
  BOOST_TEST(plan->first == 3);
  BOOST_TEST(plan->last == 9);
  BOOST_TEST(plan->hash == "abc");
  BOOST_TEST(plan->sent);
  BOOST_TEST(plan->done.size() == 1U);
  BOOST_TEST(plans.read({"buy", 1}).empty());
  std::ofstream(directory / "buy-0.json") << "{\"first\":";
  BOOST_TEST(plans.read(partition).empty());
  std::filesystem::remove_all(directory);
}

BOOST_AUTO_TEST_CASE(hashes_tell_records_apart) {
  const auto hash = [](std::int64_t offset, std::int64_t time, const char* id) {
    DigestHash out;
    out.add(offset, time, id);
    return out.text();
  };
  BOOST_TEST(hash(1, 2, "a") == hash(1, 2, "a"));
  BOOST_TEST(hash(1, 2, "a") != hash(1, 2, "b"));
  BOOST_TEST(hash(1, 2, "a") != hash(2, 2, "a"));
  BOOST_TEST(hash(1, 2, "a") != hash(1, 3, "a"));
  BOOST_TEST(hash(1, 2, "a").size() == 16U);
}

BOOST_AUTO_TEST_SUITE_END()
