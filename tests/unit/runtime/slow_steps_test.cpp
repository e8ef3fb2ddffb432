// SPDX-License-Identifier: Apache-2.0
// Which slow step of a task is the reason of a failure, and which node it is.
#define BOOST_TEST_DYN_LINK
#include "runtime/thread/slow_steps.hpp"

#include <boost/test/unit_test.hpp>
#include <stdexcept>

#include "millrace/processor/detail/node.hpp"

namespace millrace::detail {
namespace {

using Kind = SlowSteps::Kind;

constexpr Timestamp kStart = 1'000'000;
constexpr TaskId kTask{0, 1};

struct NamedNode final : NodeBase {
  explicit NamedNode(const char* name) { set_name(name); }
  void connect(NodeBase&, NodeTimer*) override {}
};

class TurnedClock final : public Clock {
 public:
  [[nodiscard]] Timestamp now() const override { return now_; }
  [[nodiscard]] Timestamp monotonic_ms() const override { return now_; }
  void advance(Millis time) { now_ += time.count(); }

 private:
  Timestamp now_ = kStart;
};

struct Steps {
  SlowSteps exactly_once{Millis(10'000), Millis(300'000)};
  SlowSteps at_least_once{std::nullopt, Millis(6'000)};
  TurnedClock clock;
  NodeTimer timer{clock};
  NamedNode outer{"outer"};
  NamedNode inner{"inner"};
};

BOOST_FIXTURE_TEST_SUITE(SlowStepsSuite, Steps)

BOOST_AUTO_TEST_CASE(remembers_the_slowest_step_since_the_last_commit) {
  BOOST_TEST(!exactly_once.slowest());
  exactly_once.took({0, 1}, Kind::record, Millis(700), nullptr);
  exactly_once.took({0, 2}, Kind::punctuation, Millis(200), nullptr);
  BOOST_REQUIRE(exactly_once.slowest());
  BOOST_TEST(exactly_once.slowest()->task.str() == "0_1");
  BOOST_TEST(exactly_once.slowest()->took.count() == 700);
  exactly_once.committed();
  BOOST_TEST(!exactly_once.slowest());
  exactly_once.took({0, 1}, Kind::record, Millis(0), nullptr);
  BOOST_TEST(exactly_once.slowest().has_value());
  exactly_once.restarted();
  BOOST_TEST(!exactly_once.slowest());
}

BOOST_AUTO_TEST_CASE(finds_a_step_slower_than_the_transaction_timeout) {
  for (const bool again : {false, true}) {
    exactly_once.took(kTask, Kind::record, Millis(10'000), nullptr);
    const auto excess = exactly_once.failed(kStart, kStart + 10'000);
    BOOST_REQUIRE(excess);
    BOOST_TEST(excess->setting == "transaction.timeout.ms");
    BOOST_TEST(excess->limit.count() == 10'000);
    BOOST_TEST(excess->again == again);
    BOOST_TEST(exactly_once.measuring());
    exactly_once.restarted();
    exactly_once.committed();  // a commit without work
  }
}

BOOST_AUTO_TEST_CASE(finds_a_step_slower_than_the_poll_interval) {
  at_least_once.took(kTask, Kind::punctuation, Millis(6'000), nullptr);
  BOOST_TEST(!at_least_once.failed(std::nullopt, kStart));  // the group still has the member
  BOOST_TEST(at_least_once.lost_partitions());
  const auto excess = at_least_once.failed(std::nullopt, kStart);
  BOOST_REQUIRE(excess);
  BOOST_TEST(excess->setting == "max.poll.interval.ms");
  BOOST_TEST(excess->limit.count() == 6'000);
  BOOST_TEST(!excess->again);
}

BOOST_AUTO_TEST_CASE(forgets_a_slow_step_after_a_commit_of_work) {
  exactly_once.took(kTask, Kind::record, Millis(11'000), nullptr);
  BOOST_TEST(exactly_once.failed(kStart, kStart + 12'000).has_value());
  exactly_once.work_committed();
  BOOST_TEST(!exactly_once.measuring());
  BOOST_REQUIRE(exactly_once.failed(kStart + 30'000, kStart + 42'000));
  exactly_once.work_committed();
  BOOST_TEST(!exactly_once.failed(kStart + 30'000, kStart + 42'000)->again);
}

BOOST_AUTO_TEST_CASE(does_not_blame_a_step_for_other_failures) {
  BOOST_TEST(!exactly_once.failed(kStart, kStart + 12'000));
  exactly_once.took(kTask, Kind::record, Millis(9'999), nullptr);
  BOOST_TEST(!exactly_once.failed(kStart, kStart + 12'000));  // many records together were slow
  exactly_once.took(kTask, Kind::record, Millis(12'000), nullptr);
  BOOST_TEST(!exactly_once.failed(kStart + 3'000, kStart + 12'000));  // the transaction began after the slow record
  BOOST_TEST(!exactly_once.failed(std::nullopt, kStart + 12'000));
  at_least_once.took(kTask, Kind::record, Millis(5'999), nullptr);
  BOOST_TEST(!at_least_once.lost_partitions());  // the group has given them away for another reason
  BOOST_TEST(!at_least_once.failed(kStart, kStart + 12'000));
}

BOOST_AUTO_TEST_CASE(measures_a_node_without_the_nodes_after_it) {
  BOOST_TEST(!timer.slowest());
  {
    const NodeTimer::Stay first(&timer, outer);
    clock.advance(Millis(20));
    for (int i = 0; i < 2; ++i) {
      const NodeTimer::Stay second(&timer, inner);
      clock.advance(Millis(30));
    }
    clock.advance(Millis(35));
  }
  clock.advance(Millis(1'000));  // between two records
  BOOST_REQUIRE(timer.slowest());
  BOOST_TEST(timer.slowest()->node == "inner");
  BOOST_TEST(timer.slowest()->took.count() == 60);
  timer.reset();
  BOOST_TEST(!timer.slowest());
}

BOOST_AUTO_TEST_CASE(notes_a_step_that_ends_with_an_exception) {
  const auto fail = [&] {
    const MeasuredStep step(at_least_once, clock, kTask, Kind::before_commit, &timer);
    const NodeTimer::Stay stay(&timer, inner);
    clock.advance(Millis(40));
    throw std::runtime_error("refused");
  };
  BOOST_CHECK_THROW(fail(), std::runtime_error);
  BOOST_REQUIRE(at_least_once.slowest());
  BOOST_TEST(at_least_once.slowest()->took.count() == 40);
  BOOST_REQUIRE(at_least_once.slowest()->node);
  BOOST_TEST(at_least_once.slowest()->node->node == "inner");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace millrace::detail
