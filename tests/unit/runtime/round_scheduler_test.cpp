// SPDX-License-Identifier: Apache-2.0
// How many records a stream thread processes before the next poll, commit or punctuation.
#define BOOST_TEST_DYN_LINK
#include "runtime/thread/round_scheduler.hpp"

#include <boost/test/unit_test.hpp>
#include <limits>
#include <thread>
#include <vector>

namespace millrace::detail {
namespace {

constexpr Timestamp kNever = std::numeric_limits<Timestamp>::max();

/// A thread whose records all cost the same time. Each record advances the clock by its cost.
struct Thread {
  RoundScheduler rounds{Millis(300'000)};
  double now = 1'000'000;
  double cost_ms = 0.0;
  Timestamp commit_at = kNever;
  std::optional<Timestamp> punctuation_at;
  int clock_reads = 0;

  [[nodiscard]] Timestamp time() const { return static_cast<Timestamp>(now); }

  int process(int records) {
    now += cost_ms * records;
    ++clock_reads;
    rounds.processed(records, time(), commit_at);
    return records;
  }

  void begin() {
    rounds.polled(time());
    rounds.begin(time(), commit_at, punctuation_at);
  }

  /// Runs one round. Returns how many records were processed.
  int round() {
    begin();
    int done = 0;
    while (const int slice = rounds.slice()) done += process(slice);
    return done;
  }

  /// How long a round takes once the cost is known.
  double settled_round() {
    round();
    round();
    const double start = now;
    round();
    return now - start;
  }
};

BOOST_FIXTURE_TEST_SUITE(RoundSchedulerSuite, Thread)

BOOST_AUTO_TEST_CASE(begins_with_one_record_and_doubles_while_records_are_cheap) {
  begin();
  std::vector<int> slices;
  for (int i = 0; i < 8; ++i) slices.push_back(process(rounds.slice()));
  const std::vector<int> expected{1, 2, 4, 8, 16, 32, 32, 32};
  BOOST_TEST(slices == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(reads_the_clock_rarely_when_records_are_cheap) {
  cost_ms = 0.001;
  round();
  clock_reads = 0;
  BOOST_TEST(round() == RoundScheduler::kRecordsPerRound);
  BOOST_TEST(clock_reads <= RoundScheduler::kRecordsPerRound / RoundScheduler::kLargestSlice + 1);
}

BOOST_AUTO_TEST_CASE(makes_slices_of_some_milliseconds) {
  cost_ms = 1;
  settled_round();
  begin();
  BOOST_TEST(rounds.slice() == RoundScheduler::kSlice.count());
  cost_ms = 12;
  settled_round();
  begin();
  BOOST_TEST(rounds.slice() == 1);
}

BOOST_AUTO_TEST_CASE(falls_back_at_once_when_records_become_slow) {
  cost_ms = 0.001;
  round();
  cost_ms = 50;
  begin();
  process(rounds.slice());
  begin();
  BOOST_TEST(rounds.slice() == 1);
}

BOOST_AUTO_TEST_CASE(ends_a_round_after_its_records) { BOOST_TEST(round() == RoundScheduler::kRecordsPerRound); }

BOOST_AUTO_TEST_CASE(ends_a_round_after_its_time) {
  cost_ms = 12;
  const double took = settled_round();
  BOOST_TEST(took >= RoundScheduler::kLongestRound.count());
  BOOST_TEST(took < RoundScheduler::kLongestRound.count() + cost_ms);
}

BOOST_AUTO_TEST_CASE(ends_a_round_when_a_commit_is_due) {
  cost_ms = 3;
  settled_round();
  commit_at = time() + 40;
  round();
  BOOST_TEST(time() >= commit_at);
  BOOST_TEST(time() < commit_at + RoundScheduler::kSlice.count() + 1);
}

BOOST_AUTO_TEST_CASE(ends_a_round_when_a_commit_becomes_due_during_it) {
  cost_ms = 3;
  settled_round();
  begin();
  process(rounds.slice());
  commit_at = time() + 10;  // a transaction began
  int more = 0;
  while (const int slice = rounds.slice()) more += process(slice);
  BOOST_TEST(time() >= commit_at);
  BOOST_TEST(more <= 5);
}

BOOST_AUTO_TEST_CASE(ends_a_round_when_a_punctuation_is_due) {
  cost_ms = 3;
  settled_round();
  punctuation_at = time() + 20;
  round();
  BOOST_TEST(time() >= *punctuation_at);
  BOOST_TEST(time() < *punctuation_at + RoundScheduler::kSlice.count() + 1);
}

BOOST_AUTO_TEST_CASE(polls_within_half_of_the_poll_interval) {
  RoundScheduler hasty(Millis(60));
  hasty.polled(1'000);
  hasty.begin(1'010, kNever, std::nullopt);
  Timestamp now = 1'010;
  while (const int slice = hasty.slice()) hasty.processed(slice, now += slice, kNever);
  BOOST_TEST(now >= 1'030);
  BOOST_TEST(now <= 1'030 + RoundScheduler::kSlice.count());
}

BOOST_AUTO_TEST_CASE(processes_at_least_one_slice_per_round) {
  commit_at = 0;
  cost_ms = 12;
  BOOST_TEST(round() == 1);
  BOOST_TEST(round() == 1);
}

BOOST_AUTO_TEST_CASE(ends_a_round_within_a_slice_on_request) {
  begin();
  process(rounds.slice());
  std::thread([this] { rounds.request_end(); }).join();
  BOOST_TEST(rounds.slice() == 0);
  BOOST_TEST(round() == RoundScheduler::kRecordsPerRound);  // the request counts once
}

BOOST_AUTO_TEST_CASE(keeps_a_request_that_comes_between_two_rounds) {
  round();
  rounds.request_end();
  BOOST_TEST(round() == 0);
}

BOOST_AUTO_TEST_CASE(knows_whether_the_round_found_work) {
  BOOST_TEST(!rounds.found_work());
  begin();
  BOOST_TEST(!rounds.found_work());
  process(1);
  BOOST_TEST(rounds.found_work());
  begin();
  BOOST_TEST(!rounds.found_work());
  rounds.worked();
  BOOST_TEST(rounds.found_work());
  rounds.restarted();
  BOOST_TEST(!rounds.found_work());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace millrace::detail
