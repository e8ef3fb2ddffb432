// SPDX-License-Identifier: Apache-2.0
// Which exception handlers are used, and what they and the dead letters are told.
#define BOOST_TEST_DYN_LINK
#include "runtime/task/error_policy.hpp"

#include <boost/test/unit_test.hpp>

namespace millrace::detail {
namespace {

ErrorContext context() {
  ErrorContext context;
  context.topic = "in";
  context.partition = 3;
  context.offset = 42;
  context.node = "KSTREAM-MAP-0000000001";
  context.task_id = {0, 3};
  context.error = "broken";
  return context;
}

BOOST_AUTO_TEST_SUITE(ErrorPolicySuite)

BOOST_AUTO_TEST_CASE(fails_unless_told_otherwise) {
  const auto policy = make_error_policy(StreamsConfig(), {});
  BOOST_CHECK(policy.handlers.deserialization(context()).fails());
  BOOST_CHECK(policy.handlers.processing(context()).fails());
  BOOST_CHECK(policy.handlers.production(context()).fails());
  BOOST_CHECK(!policy.dead_letter_topic);
}

BOOST_AUTO_TEST_CASE(configures_each_handler_separately) {
  StreamsConfig config;
  config.set("deserialization.exception.handler", "log-and-continue")
      .set("errors.dead.letter.queue.topic.name", "dead");
  const auto policy = make_error_policy(config, {});
  BOOST_CHECK(!policy.handlers.deserialization(context()).fails());
  BOOST_CHECK(policy.handlers.processing(context()).fails());
  BOOST_CHECK_EQUAL(*policy.dead_letter_topic, "dead");
}

BOOST_AUTO_TEST_CASE(prefers_handlers_in_code) {
  StreamsConfig config;
  config.set("processing.exception.handler", "log-and-fail");
  ExceptionHandlers handlers;
  handlers.processing = [](const ErrorContext& error) {
    return error.offset == 42 ? HandlerResponse::resume() : HandlerResponse::fail();
  };
  BOOST_CHECK(!make_error_policy(config, handlers).handlers.processing(context()).fails());
}

BOOST_AUTO_TEST_CASE(names_record_node_and_task) {
  BOOST_CHECK_EQUAL(describe_error("processing failed:", context()),
                    "processing failed: record in-3 offset 42 at node KSTREAM-MAP-0000000001 (task 0_3): broken");
  ErrorContext production;
  production.output.emplace().topic = "out";
  production.error = "too large";
  BOOST_CHECK_EQUAL(describe_error("production failed:", production), "production failed: for topic out: too large");
}

BOOST_AUTO_TEST_CASE(adds_kafka_streams_headers_after_the_record_s_own) {
  const Headers own{{"trace", "1"}};
  auto error = context();
  error.headers = &own;
  const auto letters = dead_letters({{}, "dead"}, error, HandlerResponse::resume());
  BOOST_REQUIRE_EQUAL(letters.size(), 1U);
  BOOST_CHECK_EQUAL(letters[0].topic, "dead");
  const Headers& headers = letters[0].headers;
  BOOST_CHECK_EQUAL(headers.begin()->key, "trace");
  BOOST_CHECK_EQUAL(*headers.last("__streams.errors.topic")->value, "in");
  BOOST_CHECK_EQUAL(*headers.last("__streams.errors.partition")->value, "3");
  BOOST_CHECK_EQUAL(*headers.last("__streams.errors.offset")->value, "42");
  BOOST_CHECK_EQUAL(*headers.last("__streams.errors.message")->value, "broken");
  BOOST_CHECK(headers.last("__streams.errors.exception") != nullptr);
  BOOST_CHECK(headers.last("__streams.errors.stacktrace") != nullptr);
  BOOST_CHECK_EQUAL(headers.size(), 7U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace millrace::detail
