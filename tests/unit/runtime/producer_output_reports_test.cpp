// SPDX-License-Identifier: Apache-2.0
// What a stream thread does with the broker's answers: refused records, missing topics, dead letters.
#define BOOST_TEST_DYN_LINK
#include <boost/test/unit_test.hpp>

#include "unit/runtime/producer_output_fixture.hpp"

namespace millrace::detail {
namespace {

BOOST_FIXTURE_TEST_SUITE(RefusedRecords, ProducerOutputFixture)

BOOST_AUTO_TEST_CASE(names_a_chosen_topic_that_is_missing_and_sends_nothing_to_it) {
  for (const bool exactly_once : {false, true}) {
    broker.script.missing_topics = {"out"};
    make(exactly_once, ProducerOutput::Batches::allowed).initialize(patience);
    output->first_use_of("out");
    send();
    BOOST_CHECK(broker.script.sent.empty());
    BOOST_CHECK_EXCEPTION(output->poll(), BrokerException, [](const BrokerException& error) {
      return is_retriable(error) && std::string(error.what()).find("topic 'out'") == 0;
    });
    BOOST_CHECK_EQUAL(asked, 0);
  }
}

BOOST_AUTO_TEST_CASE(asks_a_handler_in_code_about_a_chosen_topic_that_is_missing) {
  errors.production_in_code = true;
  response = HandlerResponse::resume();
  broker.script.missing_topics = {"out"};
  make(true, ProducerOutput::Batches::allowed).initialize(patience);
  output->first_use_of("out");
  send("v", {});
  output->poll();
  BOOST_CHECK_EQUAL(asked, 1);
  BOOST_CHECK_EQUAL(to_write, "out k=v@1 headers 0");
  BOOST_CHECK_EQUAL(dropped(), 1U);
  output->commit_transaction(kOffsets, kGroup, patience);
}

BOOST_AUTO_TEST_CASE(looks_again_for_a_chosen_topic_that_was_missing) {
  MovedClock clock;
  errors.production_in_code = true;
  response = HandlerResponse::resume();
  broker.script.missing_topics = {"out"};
  output = std::make_unique<ProducerOutput>(broker, ClientConfig(), true, errors, metrics,
                                            ProducerOutput::Batches::allowed, clock);
  output->initialize(patience);
  output->first_use_of("out");
  send();
  broker.script.missing_topics.clear();
  clock.time += 999;
  send();
  BOOST_CHECK_EQUAL(asked, 2);
  clock.time += 1;
  send();
  BOOST_CHECK_EQUAL(asked, 2);
  BOOST_CHECK_EQUAL(broker.script.sent.size(), 1U);
}

BOOST_AUTO_TEST_CASE(names_a_missing_topic_that_was_chosen_for_a_dead_letter) {
  make(false);
  DeadLetter letter;
  letter.topic = "dead";
  response = HandlerResponse::resume({letter});
  broker.script.missing_topics = {"dead"};
  BOOST_CHECK_EXCEPTION(send_refused(), BrokerException, [](const BrokerException& error) {
    return is_retriable(error) && std::string(error.what()).find("topic 'dead'") == 0;
  });
}

BOOST_AUTO_TEST_CASE(fails_naming_the_topic_when_the_handler_says_fail) {
  make(false);
  broker.script.refuse = Severity::fatal;
  send();
  BOOST_CHECK_EXCEPTION(output->flush(patience), TaskFailure, [](const TaskFailure& failure) {
    return std::string(failure.what())
               .find(
                   "production failed: record in-0 offset 7 at node sink (task 0_0) for topic out: "
                   "refused") != std::string::npos;
  });
  BOOST_CHECK_THROW(send(), TaskFailure);
  BOOST_CHECK_EQUAL(asked, 1);
}

BOOST_AUTO_TEST_CASE(counts_what_the_handler_skips) {
  make(false);
  response = HandlerResponse::resume();
  broker.script.refuse = Severity::fatal;
  send();
  broker.script.refuse.reset();
  send();
  output->flush(patience);
  BOOST_CHECK_EQUAL(dropped(), 1U);
  // The drop must be counted at the task that sent the record.
  BOOST_CHECK_EQUAL(dropped_at_tasks({{"task-id", "0_0"}, {"reason", "production-error"}}), 0);
  const auto task_metrics = metrics.of_task({});
  send_refused();
  BOOST_CHECK_EQUAL(dropped_at_tasks({{"task-id", "0_0"}, {"reason", "production-error"}}), 1);
  BOOST_CHECK_EQUAL(dropped(), 2U);
}

BOOST_AUTO_TEST_CASE(asks_a_handler_in_code_about_errors_that_may_pass) {
  errors.production_in_code = true;
  make(false);
  broker.script.refuse = Severity::retriable;
  response = HandlerResponse::retry();
  send();
  BOOST_CHECK_EXCEPTION(output->flush(patience), BrokerException, is_retriable);
  make(false);
  response = HandlerResponse::resume();
  send();
  output->flush(patience);
  BOOST_CHECK_EQUAL(dropped(), 1U);
  make(false);
  response = HandlerResponse::fail();
  send();
  BOOST_CHECK_THROW(output->flush(patience), TaskFailure);
  BOOST_CHECK_EQUAL(asked, 3);
}

BOOST_AUTO_TEST_CASE(does_not_ask_a_configured_handler_about_retriable_errors) {
  make(false);
  broker.script.refuse = Severity::retriable;
  send();
  BOOST_CHECK_EXCEPTION(output->flush(patience), BrokerException, is_retriable);
  BOOST_CHECK_EQUAL(asked, 0);
}

BOOST_AUTO_TEST_CASE(treats_retry_as_fail_for_errors_that_are_not_retriable) {
  make(false);
  broker.script.refuse = Severity::fatal;
  response = HandlerResponse::retry();
  send();
  BOOST_CHECK_THROW(output->flush(patience), TaskFailure);
}

BOOST_AUTO_TEST_CASE(fails_when_the_handler_throws) {
  make(false);
  errors.handlers.production = [](const ErrorContext&) -> HandlerResponse { throw std::runtime_error("no idea"); };
  broker.script.refuse = Severity::fatal;
  send();
  BOOST_CHECK_EXCEPTION(output->flush(patience), TaskFailure, [](const TaskFailure& failure) {
    const std::string text = failure.what();
    return text.find("no idea") != std::string::npos && text.find("refused") != std::string::npos;
  });
}

BOOST_AUTO_TEST_CASE(never_skips_a_record_of_a_changelog) {
  make(false);
  response = HandlerResponse::resume();
  broker.script.refuse = Severity::fatal;
  output->send_changelog(output->open_changelog({"app-a-changelog", 0}, "a", nullptr), "k", "v", 1, nullptr);
  BOOST_CHECK_THROW(output->flush(patience), TaskFailure);
  BOOST_CHECK_EQUAL(asked, 0);
}

// The message names the task, the store, the key, the input record, the sizes and the remedy.
BOOST_AUTO_TEST_CASE(says_which_change_of_a_store_was_refused) {
  for (const auto batches : {ProducerOutput::Batches::one_record_each, ProducerOutput::Batches::allowed}) {
    make(false, batches);
    const auto token = output->open_changelog({"app-counts-changelog", 0}, "counts", &task);
    output->send_changelog(token, "before", "v", 1, nullptr);
    broker.script.refuse = Severity::fatal;
    output->send_changelog(token, "my\nkey", S(5000, 'x'), 1, nullptr);
    broker.script.refuse.reset();
    in_hand.reset();  // the task goes on before the broker answers
    BOOST_CHECK_EXCEPTION(output->flush(patience), std::exception, [&](const std::exception& error) {
      const S text = error.what();
      const auto has = [&](const S& part) {
        BOOST_CHECK_MESSAGE(text.find(part) != S::npos, "'" << part << "' is not in: " << text);
      };
      has("state store 'counts' of task 0_0");
      has("topic 'app-counts-changelog'");
      has("topics alter");
      if (batches == ProducerOutput::Batches::one_record_each) {
        has("record in-0 offset 7");
        has("a key of 6 bytes ('my\\x0akey') and a value of 5000 bytes");
      } else {
        has("trying again with one record at a time");
      }
      return true;
    });
    in_hand.emplace(task, CurrentRecord{.origin = &origin, .timestamp = 5});
  }
}

BOOST_AUTO_TEST_CASE(says_how_to_get_past_a_refused_record) {
  make(false);
  broker.script.refuse = Severity::fatal;
  send(S(300, 'x'));
  BOOST_CHECK_EXCEPTION(output->flush(patience), TaskFailure, [](const TaskFailure& failure) {
    const S text = failure.what();
    return text.find("record in-0 offset 7 at node sink (task 0_0) for topic out") != S::npos &&
           text.find("a key of 1 bytes ('k') and a value of 300 bytes") != S::npos &&
           text.find("production.exception.handler=log-and-continue") != S::npos;
  });
}

BOOST_AUTO_TEST_CASE(explains_a_commit_that_fails_because_of_a_skipped_record) {
  make(true);
  response = HandlerResponse::resume();
  broker.script.refuse = Severity::fatal;
  send();
  broker.script.failing_commits = 1;
  broker.script.commit_severity = Severity::abortable;
  BOOST_CHECK_EXCEPTION(
      output->commit_transaction(kOffsets, kGroup, patience), TaskFailure, [](const TaskFailure& failure) {
        const std::string text = failure.what();
        return text.find("exactly_once_v2") != std::string::npos && text.find("refused") != std::string::npos;
      });
}

BOOST_AUTO_TEST_CASE(names_the_skipped_record_when_others_are_purged_with_its_transaction) {
  make(true);
  response = HandlerResponse::resume();
  broker.script.refuse = Severity::fatal;
  send();
  broker.script.refuse = Severity::retriable;  // librdkafka reports dropped records of a failed transaction like this
  send("behind");
  BOOST_CHECK_EXCEPTION(output->poll(), TaskFailure, [](const TaskFailure& failure) {
    const std::string text = failure.what();
    return text.find("exactly_once_v2") != std::string::npos && text.find("in-0 offset 7") != std::string::npos;
  });
}

BOOST_AUTO_TEST_CASE(names_the_skipped_record_when_its_transaction_takes_no_more_records) {
  make(true);
  response = HandlerResponse::resume();
  broker.script.refuse = Severity::fatal;
  send();
  broker.script.spoiled = true;
  BOOST_CHECK_EXCEPTION(send("behind"), TaskFailure, [](const TaskFailure& failure) {
    return std::string(failure.what()).find("exactly_once_v2") != std::string::npos;
  });
}

BOOST_AUTO_TEST_CASE(does_not_blame_a_record_that_was_never_sent) {
  make(true);
  response = HandlerResponse::resume();
  broker.script.refuse = Severity::fatal;
  broker.script.refused_partition = -1;
  send();
  broker.script.refuse = Severity::retriable;
  broker.script.refused_partition = 0;
  send("behind");
  BOOST_CHECK_EXCEPTION(output->poll(), BrokerException, is_retriable);
}

BOOST_AUTO_TEST_CASE(skips_a_record_if_its_transaction_can_be_committed) {
  make(true);
  response = HandlerResponse::resume();
  broker.script.refuse = Severity::fatal;
  send();
  output->commit_transaction(kOffsets, kGroup, patience);
  BOOST_CHECK_EQUAL(dropped(), 1U);
}

BOOST_AUTO_TEST_CASE(does_not_blame_a_record_for_an_error_of_its_batch) {
  make(false, ProducerOutput::Batches::allowed);
  response = HandlerResponse::resume();
  broker.script.refuse = Severity::fatal;
  send();
  BOOST_CHECK_EXCEPTION(output->flush(patience), BrokerException, is_retriable);
  BOOST_CHECK(output->batch_refused());
  BOOST_CHECK_EQUAL(asked, 0);
}

BOOST_AUTO_TEST_CASE(skips_a_record_that_the_client_itself_refused) {
  make(true, ProducerOutput::Batches::allowed);
  response = HandlerResponse::resume();
  broker.script.refuse = Severity::fatal;
  broker.script.refused_partition = -1;  // the client itself refuses it
  send();
  output->commit_transaction(kOffsets, kGroup, patience);
  BOOST_CHECK(!output->batch_refused());
  BOOST_CHECK_EQUAL(dropped(), 1U);
}

BOOST_AUTO_TEST_CASE(does_not_ask_the_handler_about_broker_outages) {
  make(false);
  response = HandlerResponse::resume();
  broker.script.refuse = Severity::retriable;
  send();
  BOOST_CHECK_EXCEPTION(output->poll(), BrokerException, is_retriable);
  make(true);
  broker.script.refuse = Severity::fenced;
  send();
  BOOST_CHECK_EXCEPTION(output->poll(), BrokerException, is_fenced);
  BOOST_CHECK_EQUAL(asked, 0);
}

BOOST_AUTO_TEST_CASE(shows_the_handler_the_input_record_even_if_the_report_is_late) {
  for (const auto batches : {ProducerOutput::Batches::one_record_each, ProducerOutput::Batches::allowed}) {
    make(false, batches);
    response = HandlerResponse::resume();
    broker.script.refused_partition = batches == ProducerOutput::Batches::allowed ? -1 : 0;
    broker.script.refuse = Severity::fatal;
    broker.script.answers_late = batches == ProducerOutput::Batches::one_record_each;
    origin.offset = 7;
    send();
    origin.offset = 8;
    broker.script.refuse.reset();
    send("another");
    output->flush(patience);
    BOOST_CHECK_EQUAL(told, "in@7 sink read key");
    BOOST_CHECK_EQUAL(to_write, "out k=v@1 headers 1");
  }
}

BOOST_AUTO_TEST_CASE(shows_the_handler_a_record_without_headers) {
  make(false);
  response = HandlerResponse::resume();
  broker.script.refuse = Severity::fatal;
  for (const bool late : {false, true}) {
    broker.script.answers_late = late;
    send("bare", {});
    output->flush(patience);
    BOOST_CHECK_EQUAL(to_write, "out k=bare@1 headers 0");
    to_write.clear();
  }
}

BOOST_AUTO_TEST_CASE(writes_dead_letters_for_refused_records) {
  make(false);
  errors.dead_letter_topic = "dead";
  response = HandlerResponse::resume();
  broker.script.refuse = Severity::fatal;
  broker.script.answers_late = true;
  send();
  output->flush(patience);
  BOOST_REQUIRE_EQUAL(broker.script.sent.size(), 2U);
  BOOST_CHECK_EQUAL(broker.script.sent[1].topic, "dead");
  BOOST_CHECK_EQUAL(broker.script.sent[1].key, "read key");
  // The broker refused the letter as well. A refused letter gives no further letter.
  BOOST_CHECK_EQUAL(asked, 2);
  BOOST_CHECK_EQUAL(told, "@-1  null");
  BOOST_CHECK_EQUAL(to_write, "dead read key=null@5 headers 6");
  BOOST_CHECK_EQUAL(dropped(), 2U);
  // The letter belongs to no task, so its drop is counted without a task id.
  const Metrics snapshot = client.registry.snapshot();
  const Metric* letters = snapshot.find("stream-task-metrics", "dropped-records-total", {{"thread-id", "thread"}});
  BOOST_REQUIRE(letters != nullptr);
  BOOST_CHECK(!letters->tags.contains("task-id"));
  BOOST_CHECK_EQUAL(letters->number(), 1);
  BOOST_CHECK(calls() == (Calls{"flush", "flush"}));
}

BOOST_AUTO_TEST_CASE(writes_dead_letters_in_the_transaction_or_after_it) {
  errors.dead_letter_topic = "dead";
  make(true);
  response = HandlerResponse::resume();
  broker.script.refuse = Severity::fatal;
  broker.script.refused_partition = -1;
  send();
  broker.script.refuse.reset();
  output->commit_transaction(kOffsets, kGroup, patience);
  BOOST_CHECK_EQUAL(broker.script.sent.back().topic, "dead");
  BOOST_CHECK(calls() == (Calls{"begin", "offsets", "commit"}));
  BOOST_CHECK(!output->dirty());
}

BOOST_AUTO_TEST_CASE(writes_dead_letters_before_it_fails) {
  make(false);
  errors.dead_letter_topic = "dead";
  broker.script.refuse = Severity::fatal;
  send();
  broker.script.refuse.reset();
  BOOST_CHECK_THROW(output->flush(patience), TaskFailure);
  BOOST_CHECK_EQUAL(broker.script.sent.back().topic, "dead");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace millrace::detail
