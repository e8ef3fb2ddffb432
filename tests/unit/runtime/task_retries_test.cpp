// SPDX-License-Identifier: Apache-2.0
// When tasks try again after a RetriableException, and what they may do until then. All times are arguments, in ms.
#define BOOST_TEST_DYN_LINK
#include "runtime/thread/task_retries.hpp"

#include <boost/test/unit_test.hpp>
#include <set>
#include <vector>

#include "support/captured_stderr.hpp"

namespace millrace::detail {
namespace {

using Work = TaskRetry::Work;
using Effects = TaskRetry::Effects;

const RetrySettings kSettings{"thread-1", Millis(100), Millis(60'000)};
constexpr TaskId kTask{0, 1};
constexpr TaskId kOther{0, 2};

TaskRetry record_failure(Effects effects, std::int64_t offset = 7, TaskId task = kTask) {
  TaskRetry failure(task, effects, "in-1 offset 7: the registry is away");
  failure.during(InputRecord{{"in", 1}, offset});
  return failure;
}
TaskRetry failure_of(Work work) {
  TaskRetry failure(kTask, Effects::possible, "the registry is away");
  failure.during(work);
  return failure;
}

constexpr auto nobody = [](TaskId) { return false; };
constexpr auto everybody = [](TaskId) { return true; };

}  // namespace

BOOST_AUTO_TEST_SUITE(RetryStreakSuite)

BOOST_AUTO_TEST_CASE(pauses_double_up_to_the_longest_one) {
  RetryStreak streak;
  std::vector<std::int64_t> pauses;
  Timestamp now = 0;
  for (int i = 0; i < 8; ++i) {
    streak.failed(kSettings, RetriableException("x"), now);
    pauses.push_back(streak.retry_at() - now);
    now = streak.retry_at();
  }
  const std::vector<std::int64_t> expected{100, 200, 400, 800, 1600, 3200, 5000, 5000};
  BOOST_TEST(pauses == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_long_first_pause_stays) {
  const RetrySettings slow{"thread-1", Millis(20'000), Millis(60'000)};
  RetryStreak streak;
  streak.failed(slow, RetriableException("x"), 0);
  streak.failed(slow, RetriableException("x"), 20'000);
  BOOST_TEST(streak.retry_at() == 40'000);
}

BOOST_AUTO_TEST_CASE(the_last_attempt_is_made_when_the_time_is_over) {
  RetryStreak streak;
  Timestamp now = 0;
  std::string error;
  while (error.empty()) {
    try {
      streak.failed(kSettings, RetriableException("the words of the serde"), now);
      now = streak.retry_at();
    } catch (const StreamsException& gave_up) {
      error = gave_up.what();
    }
  }
  BOOST_TEST(now == 60'000);
  for (const char* words : {"60000 ms (task.timeout.ms)", "Nothing was skipped", "the words of the serde"}) {
    BOOST_TEST((error.find(words) != error.npos), error);
  }
}

BOOST_AUTO_TEST_CASE(a_time_limit_of_0_allows_no_attempt) {
  RetryStreak streak;
  BOOST_CHECK_THROW(streak.failed({"thread-1", Millis(100), Millis(0)}, RetriableException("x"), 5), StreamsException);
}

BOOST_AUTO_TEST_CASE(only_the_beginning_and_the_end_are_warnings) {
  CapturedStderr captured;
  RetryStreak streak;
  for (const Timestamp now : {0, 100, 300}) streak.failed(kSettings, RetriableException("the cause"), now);
  streak.worked(kSettings, 700);
  const auto text = captured.text();
  BOOST_TEST(
      (text.find("thread-1: trying again in 100 ms, and for up to 60000 ms (task.timeout.ms): the cause") != text.npos),
      text);
  BOOST_TEST((text.find("thread-1: it works again after 700 ms: the cause") != text.npos), text);
  BOOST_TEST(std::ranges::count(text, '\n') == 2, text);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(TaskRetriesSuite)

BOOST_AUTO_TEST_CASE(a_task_without_a_failure_may_do_everything) {
  TaskRetries retries(kSettings);
  BOOST_TEST(retries.empty());
  BOOST_TEST(retries.may_start(kTask, 0));
  BOOST_TEST(retries.may_process(kTask, 0));
  BOOST_TEST(retries.may_punctuate(kTask));
  BOOST_TEST(!retries.stop_of(kTask).has_value());
  BOOST_TEST(!retries.next_due(0).has_value());
}

BOOST_AUTO_TEST_CASE(without_effects_only_the_task_waits_and_needs_no_commit) {
  TaskRetries retries(kSettings);
  retries.failed(record_failure(Effects::none), 1'000);
  BOOST_TEST(!retries.may_process(kTask, 1'099));
  BOOST_TEST(retries.may_process(kTask, 1'100));
  BOOST_TEST(retries.may_punctuate(kTask));
  BOOST_TEST(retries.may_process(kOther, 1'000));
  BOOST_TEST(!retries.stop_of(kTask).has_value());
  BOOST_TEST(!retries.wants_commit(2'000, everybody));
  BOOST_TEST(retries.next_due(1'000).value() == 1'100);
  BOOST_TEST(retries.worked(kTask, Work::record, 1'100));
  BOOST_TEST(retries.empty());
}

BOOST_AUTO_TEST_CASE(a_record_with_effects_is_released_after_a_commit) {
  TaskRetries retries(kSettings);
  retries.failed(record_failure(Effects::possible), 1'000);
  // The records before it are processed again.
  BOOST_TEST(retries.may_process(kTask, 1'000));
  BOOST_TEST(retries.stop_of(kTask)->offset == 7);
  BOOST_TEST(!retries.worked(kTask, Work::record, 1'000));
  // Neither before the pause is over, nor before the records before it are processed.
  BOOST_TEST(!retries.wants_commit(1'099, everybody));
  BOOST_TEST(!retries.wants_commit(1'100, nobody));
  retries.committed(1'100, nobody);
  BOOST_TEST(!retries.is_first(kTask));
  BOOST_TEST(retries.wants_commit(1'100, everybody));
  retries.committed(1'100, everybody);
  BOOST_TEST(retries.is_first(kTask));
  BOOST_TEST(!retries.stop_of(kTask).has_value());
  BOOST_TEST(!retries.wants_commit(1'100, everybody));
  BOOST_TEST(retries.worked(kTask, Work::record, 1'200));
  BOOST_TEST(retries.empty());
}

BOOST_AUTO_TEST_CASE(another_failure_continues_the_streak) {
  TaskRetries retries(kSettings);
  retries.failed(record_failure(Effects::possible), 0);
  retries.committed(100, everybody);
  retries.failed(record_failure(Effects::possible), 150);
  BOOST_TEST(!retries.is_first(kTask));
  BOOST_TEST(!retries.wants_commit(349, everybody));
  BOOST_TEST(retries.wants_commit(350, everybody));
  BOOST_CHECK_THROW(retries.failed(record_failure(Effects::none), 60'000), StreamsException);
}

BOOST_AUTO_TEST_CASE(one_task_is_released_at_a_time) {
  TaskRetries retries(kSettings);
  retries.failed(record_failure(Effects::possible), 0);
  retries.failed(record_failure(Effects::possible, 3, kOther), 0);
  retries.committed(100, everybody);
  BOOST_TEST(retries.is_first(kTask));
  BOOST_TEST(!retries.is_first(kOther));
  retries.committed(100, everybody);
  BOOST_TEST(!retries.is_first(kOther));
  BOOST_TEST(retries.worked(kTask, Work::record, 100));
  retries.committed(100, everybody);
  BOOST_TEST(retries.is_first(kOther));
}

BOOST_AUTO_TEST_CASE(a_failed_commit_is_tried_with_the_next_work) {
  TaskRetries retries(kSettings);
  retries.failed(failure_of(Work::commit), 0);
  BOOST_TEST(!retries.may_process(kTask, 50));
  BOOST_TEST(!retries.may_punctuate(kTask));
  retries.committed(100, nobody);
  BOOST_TEST(retries.may_process(kTask, 100));
  // A commit without work of the task proves nothing.
  BOOST_TEST(!retries.worked(kTask, Work::commit, 100));
  BOOST_TEST(!retries.wants_commit(100, nobody));
  retries.processed(kTask);
  BOOST_TEST(retries.wants_commit(100, nobody));
  BOOST_TEST(!retries.worked(kTask, Work::record, 100));
  BOOST_TEST(retries.worked(kTask, Work::commit, 100));
}

BOOST_AUTO_TEST_CASE(a_failed_punctuation_ends_with_a_punctuation) {
  TaskRetries retries(kSettings);
  retries.failed(failure_of(Work::punctuation), 0);
  BOOST_TEST(!retries.may_punctuate(kTask));
  BOOST_TEST(!retries.worked(kTask, Work::punctuation, 0));
  retries.committed(100, nobody);
  BOOST_TEST(retries.may_punctuate(kTask));
  BOOST_TEST(!retries.worked(kTask, Work::record, 100));
  BOOST_TEST(retries.worked(kTask, Work::punctuation, 100));
}

BOOST_AUTO_TEST_CASE(a_failed_start_waits_and_needs_no_commit) {
  TaskRetries retries(kSettings);
  retries.failed(failure_of(Work::start), 0);
  BOOST_TEST(!retries.may_start(kTask, 99));
  BOOST_TEST(retries.may_start(kTask, 100));
  BOOST_TEST(retries.may_start(kOther, 0));
  BOOST_TEST(!retries.wants_commit(100, everybody));
  BOOST_TEST(retries.worked(kTask, Work::start, 100));
}

BOOST_AUTO_TEST_CASE(tasks_that_have_left_are_forgotten) {
  TaskRetries retries(kSettings);
  retries.failed(record_failure(Effects::possible), 0);
  retries.keep_only(everybody);
  BOOST_TEST(!retries.empty());
  retries.keep_only(nobody);
  BOOST_TEST(retries.empty());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace millrace::detail
