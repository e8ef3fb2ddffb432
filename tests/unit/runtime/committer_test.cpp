// SPDX-License-Identifier: Apache-2.0
// When a stream thread commits, and what it does after a failed commit. All times are arguments, in ms.
#define BOOST_TEST_DYN_LINK
#include "runtime/thread/committer.hpp"

#include <boost/test/unit_test.hpp>

namespace millrace::detail {
namespace {

using Failure = Committer::Failure;
using Severity = BrokerException::Severity;

constexpr Timestamp kStart = 1'000'000;
constexpr std::int64_t kHour = 60LL * 60 * 1000;

Committer at_least_once(Millis interval = Millis(30'000)) {
  return {{.interval = interval,
           .uncommitted_max_bytes = 1'000,
           .transaction_timeout = std::nullopt,
           .give_up_after = Millis(60'000)},
          kStart};
}

Committer exactly_once(Millis interval = Millis(100)) {
  return {{.interval = interval,
           .uncommitted_max_bytes = std::nullopt,
           .transaction_timeout = Millis(10'000),
           .give_up_after = Millis(60'000)},
          kStart};
}

BOOST_AUTO_TEST_SUITE(CommitterSuite)

BOOST_AUTO_TEST_CASE(commits_after_the_interval) {
  Committer committer = at_least_once();
  BOOST_TEST(committer.due_at(std::nullopt) == kStart + 30'000);
  committer.succeeded(kStart + 31'000, false);
  BOOST_TEST(committer.due_at(std::nullopt) == kStart + 61'000);
}

BOOST_AUTO_TEST_CASE(commits_after_half_of_the_transaction_timeout) {
  const Committer committer = exactly_once(Millis(30'000));
  BOOST_TEST(committer.due_at(std::nullopt) == kStart + 30'000);
  BOOST_TEST(committer.due_at(kStart + 2'000) == kStart + 7'000);
}

BOOST_AUTO_TEST_CASE(commits_by_the_interval_if_that_is_sooner) {
  BOOST_TEST(exactly_once().due_at(kStart + 2'000) == kStart + 100);
}

BOOST_AUTO_TEST_CASE(commits_when_a_processor_asks_for_it) {
  BOOST_TEST(!at_least_once().asked_for({}));
  BOOST_TEST(at_least_once().asked_for({.requested = true}));
}

BOOST_AUTO_TEST_CASE(commits_when_uncommitted_state_exceeds_its_limit) {
  BOOST_TEST(!at_least_once().asked_for({.uncommitted_bytes = 1'000}));
  BOOST_TEST(at_least_once().asked_for({.uncommitted_bytes = 1'001}));
  BOOST_TEST(!exactly_once().asked_for({.uncommitted_bytes = 1'000'000'000}));  // no limit
}

BOOST_AUTO_TEST_CASE(commits_all_offsets_once_an_hour) {
  Committer committer = at_least_once();
  BOOST_TEST(!committer.is_full(kStart + kHour - 1));
  BOOST_TEST(committer.is_full(kStart + kHour));
  committer.succeeded(kStart + kHour, false);
  BOOST_TEST(committer.is_full(kStart + kHour));
  committer.succeeded(kStart + kHour, true);
  BOOST_TEST(!committer.is_full(kStart + kHour + 1));
}

BOOST_AUTO_TEST_CASE(retries_late_offsets_soon_under_at_least_once) {
  Committer committer = at_least_once();
  const Timestamp now = kStart + 30'000;
  BOOST_CHECK(committer.failed(now, now + 5, Severity::fenced, false) == Failure::later);
  BOOST_TEST(committer.due_at(std::nullopt) == now + 5 + Committer::kRetry.count());
}

BOOST_AUTO_TEST_CASE(retries_no_later_than_the_commit_interval) {
  Committer committer = at_least_once(Millis(20));
  BOOST_CHECK(committer.failed(kStart, kStart, Severity::retriable, false) == Failure::later);
  BOOST_TEST(committer.due_at(std::nullopt) == kStart + 20);
}

BOOST_AUTO_TEST_CASE(fails_unless_only_the_offset_commit_may_be_retried) {
  BOOST_CHECK(at_least_once().failed(kStart, kStart, Severity::retriable, /*unflushed=*/true) == Failure::fails);
  BOOST_CHECK(at_least_once().failed(kStart, kStart, Severity::fatal, false) == Failure::fails);
  BOOST_CHECK(exactly_once().failed(kStart, kStart, Severity::retriable, false) == Failure::fails);
}

BOOST_AUTO_TEST_CASE(gives_up_when_offsets_are_late_for_too_long) {
  Committer committer = at_least_once();
  BOOST_CHECK(committer.failed(kStart, kStart, Severity::fenced, false) == Failure::later);
  BOOST_CHECK(committer.failed(kStart, kStart + 59'999, Severity::fenced, false) == Failure::later);
  BOOST_CHECK(committer.failed(kStart, kStart + 60'000, Severity::fenced, false) == Failure::fails);
}

BOOST_AUTO_TEST_CASE(counts_anew_after_a_commit_or_a_restart) {
  for (const bool by_commit : {true, false}) {
    Committer committer = at_least_once();
    BOOST_CHECK(committer.failed(kStart, kStart, Severity::fenced, false) == Failure::later);
    by_commit ? committer.succeeded(kStart + 30'000, false) : committer.restarted();
    BOOST_CHECK(committer.failed(kStart, kStart + 60'000, Severity::fenced, false) == Failure::later);
  }
}

BOOST_AUTO_TEST_CASE(distinguishes_an_answered_failure_from_a_timeout) {
  Committer committer = at_least_once();
  (void)committer.failed(kStart, kStart + 999, Severity::retriable, false);
  BOOST_TEST(!committer.unanswered());
  (void)committer.failed(kStart, kStart + 1'000, Severity::retriable, false);
  BOOST_TEST(committer.unanswered());
  committer.succeeded(kStart + 2'000, false);
  BOOST_TEST(!committer.unanswered());
}

BOOST_AUTO_TEST_CASE(avoids_batches_for_ten_seconds_after_a_refused_batch) {
  Committer committer = exactly_once();
  BOOST_TEST(committer.batches_allowed());
  BOOST_TEST(!committer.take_batches_back(kStart));
  committer.batch_refused(kStart);
  BOOST_TEST(!committer.batches_allowed());
  BOOST_TEST(!committer.take_batches_back(kStart + 9'999));
  BOOST_TEST(!committer.batches_allowed());
  BOOST_TEST(committer.take_batches_back(kStart + 10'000));
  BOOST_TEST(committer.batches_allowed());
  BOOST_TEST(!committer.take_batches_back(kStart + 10'001));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace millrace::detail
