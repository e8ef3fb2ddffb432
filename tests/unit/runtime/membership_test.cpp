// SPDX-License-Identifier: Apache-2.0
// The states of a stream thread in its consumer group.
#define BOOST_TEST_DYN_LINK
#include "runtime/thread/membership.hpp"

#include <boost/test/unit_test.hpp>
#include <stdexcept>
#include <string>
#include <string_view>

namespace millrace::detail {
namespace {

constexpr bool kWorkLost = true;

/// A membership whose events the tests call as a stream thread calls them.
struct Member : Membership {
  [[nodiscard]] std::string_view now() const { return to_string(state()); }
  /// Brings the membership to the state of a thread whose tasks run.
  void run() {
    subscribed(0);
    assigned(true);
    tasks_run(true);
  }
};

BOOST_FIXTURE_TEST_SUITE(MembershipSuite, Member)

BOOST_AUTO_TEST_CASE(joins_restores_and_runs) {
  BOOST_TEST(now() == "starting");
  subscribed(10);
  BOOST_TEST(now() == "joining");
  BOOST_TEST(outside());
  assigned(true);
  BOOST_TEST(now() == "assigned");
  BOOST_TEST(!outside());
  tasks_run(false);
  BOOST_TEST(now() == "assigned");
  tasks_run(true);
  BOOST_TEST(now() == "running");
}

BOOST_AUTO_TEST_CASE(does_not_run_before_it_joined_the_group) {
  subscribed(0);
  tasks_run(true);  // there are no tasks
  BOOST_TEST(now() == "joining");
}

BOOST_AUTO_TEST_CASE(stops_running_only_for_new_partitions) {
  run();
  assigned(false);
  BOOST_TEST(now() == "running");
  assigned(true);
  BOOST_TEST(now() == "assigned");
}

BOOST_AUTO_TEST_CASE(hands_partitions_over_and_keeps_the_others) {
  run();
  begin_hand_over();
  BOOST_TEST(now() == "handing over");
  end_hand_over(false);
  BOOST_TEST(now() == "assigned");
  BOOST_TEST(!outside());
}

BOOST_AUTO_TEST_CASE(loses_its_transaction_when_a_hand_over_fails) {
  run();
  begin_hand_over();
  end_hand_over(kWorkLost);
  BOOST_TEST(lost());
  tasks_run(true);
  assigned(true);
  BOOST_TEST(lost());  // until the tasks have started again
  restarted();
  BOOST_TEST(now() == "assigned");
}

BOOST_AUTO_TEST_CASE(joins_again_after_it_lost_its_partitions) {
  run();
  partitions_lost(false, 5'000);
  BOOST_TEST(now() == "joining");
  BOOST_TEST(outside());
  assigned(true);
  BOOST_TEST(now() == "assigned");
}

BOOST_AUTO_TEST_CASE(remembers_across_a_restart_whether_it_is_in_the_group) {
  run();
  partitions_lost(kWorkLost, 5'000);
  BOOST_TEST(lost());
  restarted();
  BOOST_TEST(now() == "joining");

  assigned(true);
  partitions_lost(kWorkLost, 6'000);
  assigned(true);  // the group assigned partitions before the restart
  BOOST_TEST(lost());
  restarted();
  BOOST_TEST(now() == "assigned");
}

BOOST_AUTO_TEST_CASE(remembers_a_lost_transaction_through_losses_and_resubscription) {
  run();
  partitions_lost(kWorkLost, 1);
  partitions_lost(false, 2);
  BOOST_TEST(lost());
  subscribed(3);
  BOOST_TEST(lost());
  restarted();
  BOOST_TEST(now() == "joining");
}

BOOST_AUTO_TEST_CASE(rejoins_when_the_topics_changed) {
  run();
  subscribed(7'000);
  BOOST_TEST(now() == "joining");
  subscribed(8'000);
  BOOST_TEST(now() == "joining");
}

BOOST_AUTO_TEST_CASE(restarts_its_tasks_without_leaving_the_group) {
  run();
  restarted();
  BOOST_TEST(now() == "assigned");
  restarted();
  BOOST_TEST(now() == "assigned");
}

BOOST_AUTO_TEST_CASE(a_failure_before_the_first_subscription_changes_nothing) {
  restarted();
  BOOST_TEST(now() == "starting");
}

BOOST_AUTO_TEST_CASE(asks_for_a_probe_once_per_interval_outside_the_group) {
  BOOST_TEST(!needs_probe(100'000, Millis(1'000)));  // not subscribed yet
  subscribed(100'000);
  BOOST_TEST(!needs_probe(100'999, Millis(1'000)));
  BOOST_TEST(needs_probe(101'000, Millis(1'000)));
  probed(101'000);
  BOOST_TEST(!needs_probe(101'999, Millis(1'000)));
  BOOST_TEST(needs_probe(102'000, Millis(1'000)));
  coordinator_answered(103'000);
  BOOST_TEST(!needs_probe(103'999, Millis(1'000)));
  BOOST_TEST(needs_probe(104'000, Millis(1'000)));
  assigned(false);
  BOOST_TEST(!needs_probe(900'000, Millis(1'000)));
}

BOOST_AUTO_TEST_CASE(counts_how_long_the_coordinator_has_not_answered) {
  BOOST_TEST(unanswered(100'000).count() == 0);  // not subscribed yet
  subscribed(100'000);
  probed(110'000);
  probed(120'000);
  BOOST_TEST(unanswered(121'000).count() == 21'000);
  coordinator_answered(130'000);
  BOOST_TEST(unanswered(131'000).count() == 1'000);
  assigned(false);
  BOOST_TEST(unanswered(900'000).count() == 0);
  coordinator_answered(900'000);  // has no effect on a member inside the group
  BOOST_TEST(!outside());
}

BOOST_AUTO_TEST_CASE(counts_from_the_first_loss) {
  run();
  partitions_lost(false, 5'000);
  partitions_lost(false, 5'900);
  BOOST_TEST(needs_probe(6'000, Millis(1'000)));
}

BOOST_AUTO_TEST_CASE(is_closed_from_any_state_and_for_good) {
  close();
  close();
  BOOST_TEST(closed());
  Member handing_over;
  handing_over.run();
  handing_over.begin_hand_over();
  handing_over.close();
  BOOST_TEST(handing_over.closed());
  Member without_work;
  without_work.run();
  without_work.partitions_lost(kWorkLost, 1);
  without_work.close();
  BOOST_TEST(without_work.closed());
  BOOST_CHECK_THROW(without_work.subscribed(2), std::logic_error);
  BOOST_CHECK_THROW(without_work.assigned(true), std::logic_error);
}

BOOST_AUTO_TEST_CASE(an_illegal_transition_names_both_states) {
  BOOST_CHECK_EXCEPTION(begin_hand_over(), std::logic_error, [](const std::logic_error& error) {
    return std::string(error.what()) ==
           "internal error: a stream thread's membership cannot go from 'starting' to 'handing over'";
  });
  BOOST_TEST(now() == "starting");
  BOOST_CHECK_THROW(assigned(true), std::logic_error);
  subscribed(0);
  BOOST_CHECK_THROW(begin_hand_over(), std::logic_error);
  assigned(true);
  begin_hand_over();
  BOOST_CHECK_THROW(begin_hand_over(), std::logic_error);
  BOOST_CHECK_THROW(subscribed(1), std::logic_error);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace millrace::detail
