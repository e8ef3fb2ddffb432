// SPDX-License-Identifier: Apache-2.0
#define BOOST_TEST_DYN_LINK
#include "event_hub.hpp"

#include <boost/test/unit_test.hpp>

using namespace millrace::page::detail;

BOOST_AUTO_TEST_SUITE(page_event_hub)

namespace {

struct Recorder final : Viewer {
  void send(const Frame& frame) override { frames.push_back(*frame); }
  std::vector<std::string> frames;
};

}  // namespace

BOOST_AUTO_TEST_CASE(a_viewer_that_is_slow_loses_its_backlog_and_is_told_so) {
  Backlog backlog;
  const auto frame = std::make_shared<const std::string>("data: x\n\n");
  for (std::size_t i = 0; i < Backlog::kMaxFrames; ++i) backlog.push(frame);
  backlog.push(frame);
  BOOST_TEST(*backlog.pop() == "event: resync\ndata: {}\n\n");
  BOOST_TEST(backlog.pop() == nullptr);
  BOOST_TEST(backlog.bytes() == 0U);
}

BOOST_AUTO_TEST_CASE(a_backlog_never_holds_many_bytes) {
  Backlog backlog;
  const auto frame = std::make_shared<const std::string>(std::string(Backlog::kMaxBytes / 3, 'x'));
  for (int i = 0; i < 100; ++i) {
    backlog.push(frame);
    BOOST_TEST_REQUIRE(backlog.bytes() <= Backlog::kMaxBytes);
  }
}

BOOST_AUTO_TEST_CASE(a_viewer_that_comes_back_gets_what_it_missed_or_begins_afresh) {
  EventHub hub("e", 10);
  for (int i = 1; i <= 100; ++i) hub.publish(static_cast<std::uint64_t>(i), "{}");
  const auto fresh = std::make_shared<Recorder>();
  const auto missed_two = std::make_shared<Recorder>();
  const auto missed_nothing = std::make_shared<Recorder>();
  const auto away_for_long = std::make_shared<Recorder>();
  BOOST_TEST(hub.join(fresh, {}));
  BOOST_TEST(hub.join(missed_two, 98));
  BOOST_TEST(hub.join(missed_nothing, 100));
  BOOST_TEST(hub.join(away_for_long, 3));
  BOOST_REQUIRE(fresh->frames.size() == 1);
  BOOST_TEST(fresh->frames[0].starts_with("event: hello\nid: e.100\n"));
  BOOST_REQUIRE(missed_two->frames.size() == 2);
  BOOST_TEST(missed_two->frames[0].starts_with("id: e.99\n"));
  BOOST_TEST(missed_nothing->frames.empty());
  BOOST_TEST(away_for_long->frames.at(0).starts_with("event: hello"));
}

BOOST_AUTO_TEST_CASE(there_is_a_limit_of_viewers_and_those_who_go_make_room) {
  EventHub hub("e", 1);
  auto first = std::make_shared<Recorder>();
  const auto second = std::make_shared<Recorder>();
  BOOST_TEST(hub.join(first, {}));
  BOOST_TEST(!hub.join(second, {}));
  first.reset();
  BOOST_TEST(hub.join(second, {}));
  BOOST_TEST(hub.viewers() == 1U);
}

BOOST_AUTO_TEST_SUITE_END()
