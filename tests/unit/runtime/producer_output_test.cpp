// SPDX-License-Identifier: Apache-2.0
// What a stream thread does with its producer: sending, transactions, positions of changelogs.
#define BOOST_TEST_DYN_LINK
#include "runtime/thread/producer_output.hpp"

#include <boost/test/unit_test.hpp>
#include <future>
#include <thread>

#include "millrace/broker/partitioner.hpp"
#include "unit/runtime/producer_output_fixture.hpp"

namespace millrace::detail {
namespace {

BOOST_FIXTURE_TEST_SUITE(ProducerOutputSuite, ProducerOutputFixture)

BOOST_AUTO_TEST_CASE(places_records_of_some_topics_by_their_keys) {
  broker.script.partitions = 1000;
  make(false).place_by_key({"app-r-repartition"});
  const auto partition_of = [&](const std::string& topic, BytesView key, std::optional<std::int32_t> given = {}) {
    output->send(topic, given, key, "v", 1, {}, sender);
    return broker.script.sent.back().partition.value_or(-1);
  };
  BOOST_CHECK_EQUAL(partition_of("app-r-repartition", "a key"), partition_for_key("a key", 1000));
  BOOST_CHECK_EQUAL(partition_of("app-r-repartition", "a key", 7), 7);  // an explicit partition is kept
  BOOST_CHECK_EQUAL(partition_of("app-r-repartition", std::nullopt), -1);
  BOOST_CHECK_EQUAL(partition_of("out", "a key"), -1);
}

BOOST_AUTO_TEST_CASE(begins_a_transaction_with_the_first_record_only) {
  make(true).initialize(patience);
  BOOST_CHECK(!output->dirty());
  send();
  send();
  BOOST_CHECK(output->dirty());
  output->commit_transaction(kOffsets, kGroup, patience);
  BOOST_CHECK(!output->dirty());
  BOOST_CHECK(calls() == (Calls{"init", "begin", "offsets", "commit"}));
  BOOST_CHECK(broker.script.offsets == kOffsets);
  send();
  BOOST_CHECK_EQUAL(calls().back(), "begin");
}

BOOST_AUTO_TEST_CASE(is_initialized_once) {
  make(true);
  BOOST_CHECK(!output->initialized());
  output->initialize(patience);
  output->initialize(patience);
  BOOST_CHECK(output->initialized());
  BOOST_CHECK(calls() == (Calls{"init"}));
}

BOOST_AUTO_TEST_CASE(reports_when_the_transaction_was_opened) {
  MovedClock clock;
  output = std::make_unique<ProducerOutput>(broker, ClientConfig(), true, errors, metrics,
                                            ProducerOutput::Batches::allowed, clock);
  BOOST_CHECK(!output->transaction_since());
  send();
  clock.time = 6'000;
  send();
  BOOST_CHECK(output->transaction_since() == 5'000);
  output->commit_transaction(kOffsets, kGroup, patience);
  BOOST_CHECK(!output->transaction_since());
  send();
  BOOST_CHECK(output->transaction_since() == 6'000);
  output->abandon(Millis(0));
  BOOST_CHECK(!output->transaction_since());
}

BOOST_AUTO_TEST_CASE(has_no_transactions_under_at_least_once) {
  make(false).initialize(patience);
  send();
  output->flush(patience);
  BOOST_CHECK(!output->dirty());
  BOOST_CHECK(calls() == (Calls{"flush"}));
}

BOOST_AUTO_TEST_CASE(commits_offsets_without_records) {
  make(true);
  output->commit_transaction(kOffsets, kGroup, patience);
  BOOST_CHECK(calls() == (Calls{"begin", "offsets", "commit"}));
}

BOOST_AUTO_TEST_CASE(retries_calls_that_may_succeed_later) {
  make(true);
  broker.script.failing_commits = 2;
  send();
  output->commit_transaction(kOffsets, kGroup, patience);
  BOOST_CHECK(calls() == (Calls{"begin", "offsets", "commit", "commit", "commit"}));
}

BOOST_AUTO_TEST_CASE(retries_nothing_while_the_application_closes) {
  make(true);
  broker.script.failing_commits = 1;
  patience.end_by(Patience::SteadyClock::now());
  send();
  BOOST_CHECK_EXCEPTION(output->commit_transaction(kOffsets, kGroup, patience), BrokerException, is_retriable);
}

BOOST_AUTO_TEST_CASE(aborts_only_what_is_open) {
  make(true);
  output->abandon(Millis(0));
  BOOST_CHECK(calls().empty());
  send();
  output->abandon(Millis(0));
  BOOST_CHECK(calls() == (Calls{"begin", "abort"}));
}

BOOST_AUTO_TEST_CASE(reports_the_confirmed_position_of_a_changelog) {
  make(false);
  const auto first = output->open_changelog({"app-a-changelog", 1}, "a", nullptr);
  const auto second = output->open_changelog({"app-b-changelog", 1}, "b", nullptr);
  BOOST_CHECK(!output->confirmed_position(first));
  output->send_changelog(first, "k", "v", 1, nullptr);
  BOOST_CHECK_EQUAL(output->confirmed_position(first)->next, Offset(101));
  BOOST_CHECK(!output->confirmed_position(second));
  BOOST_CHECK_EQUAL(broker.script.sent[0].topic, "app-a-changelog");
  BOOST_CHECK((output->confirmed_position(first)->proof == proof_of(100, 1, "k", "v")));
  output->send_changelog(first, "k", std::nullopt, 2, nullptr);
  BOOST_CHECK((output->confirmed_position(first)->proof == proof_of(101, 2, "k", std::nullopt)));
}

BOOST_AUTO_TEST_CASE(has_no_proof_while_records_are_on_their_way) {
  make(false);
  const auto changelog = output->open_changelog({"app-a-changelog", 1}, "a", nullptr);
  output->send_changelog(changelog, "k", "v", 1, nullptr);
  broker.script.answers_late = true;
  output->send_changelog(changelog, "k", "w", 2, nullptr);
  BOOST_CHECK_EQUAL(output->confirmed_position(changelog)->next, Offset(101));
  BOOST_CHECK(!output->confirmed_position(changelog)->proof);
  output->flush(patience);
  BOOST_CHECK((output->confirmed_position(changelog)->proof == proof_of(101, 2, "k", "w")));
}

BOOST_AUTO_TEST_CASE(fails_if_the_offsets_of_a_changelog_go_back) {
  make(false);
  const auto changelog = output->open_changelog({"app-a-changelog", 1}, "a", nullptr);
  output->send_changelog(changelog, "k", "v", 1, nullptr);
  broker.script.next_offset = 0;
  output->send_changelog(changelog, "k", "w", 2, nullptr);
  BOOST_CHECK_EXCEPTION(output->flush(patience), BrokerException, [](const BrokerException& error) {
    return error.severity() == Severity::retriable &&
           std::string(error.what()).find("changelog app-a-changelog-1 of store 'a' was deleted and created again") !=
               std::string::npos;
  });
}

BOOST_AUTO_TEST_CASE(waits_for_room_in_the_queue) {
  make(false);
  output->initialize(patience);
  broker.script.attempts_without_room = 2;
  send();
  BOOST_CHECK_EQUAL(broker.script.sent.size(), 1U);
}

BOOST_AUTO_TEST_CASE(waits_for_room_no_longer_than_closing_may_take) {
  make(false);
  Patience closing(Millis(3'600'000));
  closing.end_by(Patience::SteadyClock::now());
  output->initialize(closing);
  broker.script.attempts_without_room = 1'000'000;
  BOOST_CHECK_EXCEPTION(send(), BrokerException, [](const BrokerException& error) {
    return is_retriable(error) && std::string(error.what()).find("no room for a record of topic 'out'") == 0;
  });
}

BOOST_AUTO_TEST_CASE(takes_no_reports_from_a_call_that_it_has_left) {
  std::promise<void> broker_answers;
  broker.script.answers_late = true;
  broker.script.refuse = Severity::fatal;
  broker.script.in_offsets = [&] { broker_answers.get_future().wait(); };
  make(true).initialize(patience);
  send();
  const Patience none(Millis(0));
  BOOST_CHECK_EXCEPTION(output->commit_transaction(kOffsets, kGroup, none), BrokerException,
                        [](const BrokerException& error) { return error.severity() == Severity::abortable; });
  broker_answers.set_value();
  while (broker.script.ended == 0) std::this_thread::yield();
  BOOST_CHECK_EQUAL(asked, 0);
  output->abandon(Millis(0));
  BOOST_CHECK(calls() == (Calls{"init", "begin", "offsets"}));
}

BOOST_AUTO_TEST_CASE(takes_reports_from_a_call_that_returns_in_time) {
  broker.script.answers_late = true;
  broker.script.in_offsets = [] {};
  make(true).initialize(patience);
  const std::uint64_t changelog = output->open_changelog({"c", 0}, "s", nullptr);
  output->send_changelog(changelog, "k", "v", 1, nullptr);
  output->commit_transaction(kOffsets, kGroup, patience);
  BOOST_CHECK(output->confirmed_position(changelog).has_value());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace millrace::detail
