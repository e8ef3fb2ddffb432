// SPDX-License-Identifier: Apache-2.0
// When punctuations of a task run, and in which order.
#define BOOST_TEST_DYN_LINK
#include "runtime/task/punctuations.hpp"

#include <boost/test/unit_test.hpp>

#include "millrace/common/errors.hpp"

namespace millrace::detail {
namespace {

struct NoNode final : NodeBase {
  void connect(NodeBase&, NodeTimer*) override {}
};

struct Fixture {
  NoNode node;
  Punctuations punctuations;
  std::vector<std::string> ran;

  Cancellable schedule(const std::string& name, Timestamp first, std::int64_t interval) {
    return punctuations.schedule(node, first, interval,
                                 [this, name](Timestamp now) { ran.push_back(name + "@" + std::to_string(now)); });
  }
  bool run(Timestamp now) {
    return punctuations.run_due(now, [now](NodeBase&, const Punctuator& callback) { callback(now); });
  }
};

BOOST_FIXTURE_TEST_SUITE(PunctuationsSuite, Fixture)

BOOST_AUTO_TEST_CASE(stay_on_the_grid_and_skip_missed_slots) {
  (void)schedule("a", 0, 10);  // as for stream time
  BOOST_CHECK(run(3));
  BOOST_CHECK(!run(9));
  BOOST_CHECK(run(10));
  BOOST_CHECK(run(47));  // 20, 30 and 40 in one
  BOOST_CHECK(!run(49));
  BOOST_CHECK(run(50));
  const std::vector<std::string> expected{"a@3", "a@10", "a@47", "a@50"};
  BOOST_TEST(ran == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(stay_on_the_grid_of_their_start_time) {
  (void)schedule("a", 107, 10);  // as for wall clock: first at now + interval
  BOOST_CHECK(!run(106));
  BOOST_CHECK(run(107));
  BOOST_CHECK_EQUAL(*punctuations.next_due(), 117);
  BOOST_CHECK(run(131));
  BOOST_CHECK_EQUAL(*punctuations.next_due(), 137);
}

BOOST_AUTO_TEST_CASE(run_earliest_first) {
  (void)schedule("late", 5, 100);
  (void)schedule("early", 2, 100);
  BOOST_CHECK(run(6));
  const std::vector<std::string> expected{"early@6", "late@6"};
  BOOST_TEST(ran == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(run_in_java_s_priority_queue_order_if_due_together) {
  for (const char* name : {"a", "b", "c"}) (void)schedule(name, 0, 10);
  BOOST_CHECK(run(0));
  BOOST_CHECK(run(10));
  // The order of a java.util.PriorityQueue with three equal elements, when each element is put back after it has run.
  const std::vector<std::string> expected{"a@0", "c@0", "b@0", "c@10", "b@10", "a@10"};
  BOOST_TEST(ran == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(run_in_the_same_pass_if_scheduled_by_another_and_due) {
  (void)punctuations.schedule(node, 0, 100, [&](Timestamp) {
    ran.push_back("first");
    (void)schedule("made", 0, 10);
  });
  BOOST_CHECK(run(25));
  BOOST_CHECK(run(30));
  const std::vector<std::string> expected{"first", "made@25", "made@30"};
  BOOST_TEST(ran == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(end_when_cancelled) {
  auto handle = schedule("a", 0, 10);
  BOOST_CHECK(run(0));
  handle.cancel();
  BOOST_CHECK(!run(100));
  BOOST_CHECK(!punctuations.next_due());
}

BOOST_AUTO_TEST_CASE(may_cancel_themselves_and_schedule_others) {
  std::optional<Cancellable> own;
  own = punctuations.schedule(node, 0, 10, [&](Timestamp) {
    ran.push_back("once");
    own->cancel();
    (void)schedule("next", 20, 10);
  });
  BOOST_CHECK(run(0));
  BOOST_CHECK(run(25));
  const std::vector<std::string> expected{"once", "next@25"};
  BOOST_TEST(ran == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(need_an_interval) { BOOST_CHECK_THROW((void)schedule("a", 0, 0), TopologyException); }

BOOST_AUTO_TEST_CASE(go_on_when_the_clock_is_set_back) {
  (void)schedule("a", 1'007, 10);
  BOOST_CHECK(run(1'007));
  BOOST_CHECK(!run(500));
  BOOST_CHECK_EQUAL(*punctuations.next_due(), 507);  // still on its grid
  BOOST_CHECK(!run(506));
  BOOST_CHECK(run(507));
  BOOST_CHECK(!run(497));  // the next slot is still one interval away
  BOOST_CHECK_EQUAL(*punctuations.next_due(), 507);
}

BOOST_AUTO_TEST_CASE(wait_for_an_explicit_start_even_if_the_clock_is_set_back) {
  (void)punctuations.schedule(
      node, 2'000, 10, [this](Timestamp now) { ran.push_back(std::to_string(now)); }, 1'000);
  BOOST_CHECK(!run(1'000));
  BOOST_CHECK(!run(500));
  BOOST_CHECK(!run(1'999));
  BOOST_CHECK(run(2'000));
  BOOST_CHECK(!run(500));
  BOOST_CHECK(run(510));
}

BOOST_AUTO_TEST_CASE(end_if_the_next_slot_is_beyond_the_largest_timestamp) {
  (void)schedule("a", 0, 10);
  BOOST_CHECK(run(INT64_MAX));
  BOOST_CHECK(!run(INT64_MAX));
  BOOST_CHECK(!punctuations.next_due());
  BOOST_TEST(ran == std::vector<std::string>{"a@" + std::to_string(INT64_MAX)});
}

BOOST_AUTO_TEST_CASE(run_once_if_the_interval_is_the_longest) {
  (void)schedule("a", 0, INT64_MAX);
  BOOST_CHECK(run(5));
  BOOST_CHECK_EQUAL(*punctuations.next_due(), INT64_MAX);
  BOOST_CHECK(!run(INT64_MAX - 1));
  BOOST_CHECK(run(INT64_MAX));
  BOOST_CHECK(!run(INT64_MAX));
}

BOOST_AUTO_TEST_CASE(may_be_scheduled_at_the_end_of_time) {
  const auto at = [this](Timestamp first, std::int64_t interval, Timestamp now) {
    return punctuations.schedule(
        node, first, interval, [this](Timestamp time) { ran.push_back(std::to_string(time)); }, now);
  };
  (void)at(0, 10, INT64_MAX);  // the next slot is beyond the largest timestamp
  BOOST_CHECK(!punctuations.next_due());
  (void)at(INT64_MAX, 10, INT64_MAX - 5);
  (void)at(INT64_MAX, INT64_MAX, 7);
  BOOST_CHECK(!run(INT64_MAX - 1));
  BOOST_CHECK(run(INT64_MAX));
  BOOST_CHECK(!run(INT64_MAX));
  BOOST_CHECK(!run(0));  // the clock is set back
  BOOST_TEST(ran.size() == 2U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace millrace::detail
