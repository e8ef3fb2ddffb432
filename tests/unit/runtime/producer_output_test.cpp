// SPDX-License-Identifier: Apache-2.0
// What a stream thread does with its producer: transactions, refused records, dead letters.
#define BOOST_TEST_DYN_LINK
#include "runtime/thread/producer_output.hpp"

#include <boost/test/unit_test.hpp>
#include <future>
#include <thread>

#include "millrace/broker/partitioner.hpp"
#include "millrace/processor/detail/node.hpp"
#include "support/idle_task.hpp"
#include "unit/runtime/fake_producer.hpp"

namespace millrace::detail {
namespace {

using Severity = BrokerException::Severity;
using Calls = std::vector<std::string>;
using S = std::string;

const ConsumerGroupMetadata kGroup("app");
const std::map<TopicPartition, OffsetAndMetadata> kOffsets{{{"in", 0}, {7, std::nullopt, "m"}}};

/// A node that only has a name, for the sender of a record.
class NamedNode final : public NodeBase {
 public:
  explicit NamedNode(const std::string& name) { set_name(name); }
  void connect(NodeBase&, NodeTimer*) override {}
};

/// A clock that a test moves.
struct MovedClock : Clock {
  Timestamp time = 5'000;
  [[nodiscard]] Timestamp now() const override { return 1; }
  [[nodiscard]] Timestamp monotonic_ms() const override { return time; }
};

/// A producer output with a scripted fake producer. The production handler counts its calls in `asked` and answers with
/// `response`.
struct Fixture {
  ProducerOnlyBroker broker;
  ErrorPolicy errors;
  int asked = 0;
  std::string told;      ///< the origin of the record of the last error
  std::string to_write;  ///< the record that the last error prevented
  HandlerResponse response = HandlerResponse::fail();
  Patience patience{Millis(2'000)};
  ClientMetrics client;
  ThreadMetrics metrics{client, "thread", [] { return "RUNNING"; }};
  std::unique_ptr<ProducerOutput> output;
  std::string in = "in";
  RecordOrigin origin;
  IdleTask task;
  std::optional<RecordScope> in_hand;
  NamedNode node{"sink"};
  Sender sender{&task, &node};

  Fixture() {
    origin.topic = &in;
    origin.offset = 7;
    origin.partition = 0;
    origin.raw_key = "read key";
    in_hand.emplace(task, CurrentRecord{.origin = &origin, .timestamp = 5});
    errors.handlers.production = [this](const ErrorContext& error) {
      ++asked;
      told = error.topic + "@" + std::to_string(error.offset) + " " + error.node + " " +
             std::string(error.raw_key.value_or("null"));
      const UnwrittenRecord& record = error.output.value();
      to_write = record.topic + " " + std::string(record.key.value_or("null")) + "=" +
                 std::string(record.value.value_or("null")) + "@" + std::to_string(record.timestamp) + " headers " +
                 std::to_string(record.headers->size());
      return response;
    };
  }
  ProducerOutput& make(bool exactly_once, ProducerOutput::Batches batches = ProducerOutput::Batches::one_record_each) {
    output = std::make_unique<ProducerOutput>(broker, ClientConfig(), exactly_once, errors, metrics, batches);
    return *output;
  }
  void send(const std::string& value = "v", const Headers& headers = {{"h", "1"}}) {
    output->send("out", std::nullopt, "k", value, 1, headers, sender);
  }
  void send_refused() {
    broker.script.refuse = Severity::fatal;
    send();
    broker.script.refuse.reset();
    output->flush(patience);
  }
  [[nodiscard]] std::uint64_t dropped() { return client.dropped(DropReason::production_error).value(); }
  [[nodiscard]] double dropped_at_tasks(const MetricTags& tags) {
    return client.registry.snapshot().sum("stream-task-metrics", "dropped-records-by-reason-total", tags);
  }
  [[nodiscard]] const Calls& calls() const { return broker.script.calls; }
};

bool is_retriable(const BrokerException& error) { return error.severity() == Severity::retriable; }
bool is_fenced(const BrokerException& error) { return error.severity() == Severity::fenced; }

BOOST_FIXTURE_TEST_SUITE(ProducerOutputSuite, Fixture)

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

BOOST_AUTO_TEST_CASE(skips_a_record_if_its_transaction_can_be_committed) {
  make(true);
  response = HandlerResponse::resume();
  broker.script.refuse = Severity::fatal;
  send();
  output->commit_transaction(kOffsets, kGroup, patience);
  BOOST_CHECK_EQUAL(dropped(), 1U);
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
