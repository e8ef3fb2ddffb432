// SPDX-License-Identifier: Apache-2.0
#define BOOST_TEST_DYN_LINK
#include <boost/test/unit_test.hpp>

#include "unit/dsl/error_handling.hpp"

using namespace millrace;
using namespace millrace::test;

namespace {

/// The integer -1 as bytes.
const std::optional<Bytes> kMinusOne = Bytes(S("\xff\xff\xff\xff"));

/// The value of the dead-letter header `name`, or "absent".
S header(const Headers& headers, const S& name) {
  const auto* found = headers.last("__streams.errors." + name);
  return found == nullptr ? "absent" : text(found->value);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(DeadLetters)

BOOST_AUTO_TEST_CASE(contain_the_source_record_with_headers_about_the_error) {
  Run run({{kDeserialization, kContinue}, {kDeadLetters, "dead"}});
  run.in.pipe_raw("a", "abc", 5, {{"own", "1"}});
  const auto letter = run.dead.read_record();
  BOOST_TEST(text(letter.key) == "a");
  BOOST_TEST((letter.value == Bytes(S("abc"))));
  BOOST_TEST(letter.timestamp == 5);
  BOOST_TEST((*letter.headers.begin() == Header{"own", "1"}));
  BOOST_TEST(header(letter.headers, "topic") == "in");
  BOOST_TEST(header(letter.headers, "partition") == "0");
  BOOST_TEST(header(letter.headers, "offset") == "0");
  check_contains(header(letter.headers, "message"), "expected 4 bytes, found 3");
  BOOST_TEST(header(letter.headers, "exception") != "absent");
  check_contains(header(letter.headers, "stacktrace"), "source");
}

BOOST_AUTO_TEST_CASE(may_have_neither_key_nor_value) {
  Run run({{kDeserialization, kContinue}, {kDeadLetters, "dead"}});
  run.in.pipe_raw(std::nullopt, std::nullopt, 5);
  const auto letter = run.dead.read_record();
  BOOST_TEST(!letter.key);
  BOOST_TEST(!letter.value);
}

BOOST_AUTO_TEST_CASE(name_no_topic_for_a_punctuation) {
  class Failing final : public Processor<S, S> {
    void init(ProcessorContext<S, S>& context) override {
      context.schedule(10ms, PunctuationType::stream_time, [](Timestamp) { throw std::runtime_error("no luck"); });
    }
    void process(Record<S, S>) override {}
  };
  StreamsBuilder builder;
  builder.stream<S, S>("in").process([] { return std::make_unique<Failing>(); });
  TopologyTestDriver driver(builder.build(), config({{kProcessing, kContinue}, {kDeadLetters, "dead"}}));
  driver.create_input_topic<S, S>("in").pipe_input("a", "1", 1);
  const auto letter = driver.create_output_topic<std::optional<Bytes>, std::optional<Bytes>>("dead").read_record();
  BOOST_REQUIRE(letter.headers.last("__streams.errors.topic") != nullptr);
  BOOST_TEST(!letter.headers.last("__streams.errors.topic")->value);
  BOOST_TEST(header(letter.headers, "partition") == "-1");
}

BOOST_AUTO_TEST_CASE(are_written_for_functions_and_sinks_that_fail) {
  Run run({{kProcessing, kContinue}, {kProduction, kContinue}, {kDeadLetters, "dead"}});
  run.in.pipe_input("a", -1, 5, {{"own", "1"}});
  run.in.pipe_input("b", 13, 6);
  const auto processing = run.dead.read_record();
  BOOST_TEST(text(processing.key) == "a");
  BOOST_TEST((processing.value == kMinusOne));
  BOOST_TEST(header(processing.headers, "message") == "negative: -1");
  BOOST_TEST(text(processing.headers.last("own")->value) == "1");
  const auto production = run.dead.read_record();
  BOOST_TEST(text(production.key) == "b");
  BOOST_TEST(header(production.headers, "message") == "13 is unlucky");
  BOOST_TEST(header(production.headers, "offset") == "1");
}

BOOST_AUTO_TEST_CASE(contain_the_source_record_even_after_a_sink_sent_it) {
  StreamsBuilder builder;
  const auto stream = builder.stream<S, S>("in");
  stream.to("copy");
  stream.for_each([](const S&, const S&) { throw std::runtime_error("too late"); });
  TopologyTestDriver driver(builder.build(), config({{kProcessing, kContinue}, {kDeadLetters, "dead"}}));
  driver.create_input_topic<S, S>("in").pipe_input("a", "1", 5);
  BOOST_TEST((driver.create_output_topic<S, S>("dead").read_key_value() == KeyValue<S, S>{"a", "1"}));
}

BOOST_AUTO_TEST_CASE(contain_the_source_record_of_a_suppressed_change) {
  StreamsBuilder builder;
  builder.table<S, S>("in")
      .suppress(Suppressed::until_time_limit(10ms, BufferConfig::unbounded()))
      .to_stream()
      .for_each([](const S& key, const N&) { throw std::runtime_error("cannot take " + key); });
  TopologyTestDriver driver(builder.build(), config({{kProcessing, kContinue}, {kDeadLetters, "dead"}}));
  auto in = driver.create_input_topic<S, S>("in");
  auto dead = driver.create_output_topic<N, N>("dead");
  in.pipe_input("a", "1", 5);
  in.pipe_input("b", "2", 15);
  const auto letter = dead.read_record();
  BOOST_TEST(text(letter.key) == "a");
  BOOST_TEST(text(letter.value) == "1");
  BOOST_TEST(letter.timestamp == 5);
  // A restored change has lost key and value of its source record, as in Java.
  driver.restart();
  driver.create_input_topic<S, S>("in").pipe_input("c", "3", 30);
  const auto restored = dead.read_record();
  BOOST_TEST(text(restored.key) == "null");
  BOOST_TEST(text(restored.value) == "null");
  BOOST_TEST(restored.timestamp == 15);
}

BOOST_AUTO_TEST_CASE(contain_the_source_record_of_a_cached_change) {
  StreamsBuilder builder;
  builder.table<S, S>("in", Materialized::as("rows")).to_stream().for_each([](const S& key, const N&) {
    throw std::runtime_error("cannot take " + key);
  });
  TopologyTestDriver driver(builder.build(),
                            config({{kProcessing, kContinue}, {kDeadLetters, "dead"}}).set(kCache, "10485760"));
  driver.create_input_topic<S, S>("in").pipe_input("a", "1", 5);
  BOOST_TEST((driver.create_output_topic<S, S>("dead").read_key_value() == KeyValue<S, S>{"a", "1"}));
}

BOOST_AUTO_TEST_CASE(contain_the_source_record_after_a_failed_table_lookup) {
  // The join calls the transformer for a table row, so the transformer fails without a record. The next child of the
  // stream must still see the stream's record.
  struct Failing final : ValueTransformerWithKey<S, S, S> {
    std::optional<S> transform(const S& key, const S*) override { throw std::runtime_error("cannot take " + key); }
  };
  StreamsBuilder builder;
  const auto table = builder.table<S, S>("rows").transform_values([] { return std::make_unique<Failing>(); });
  const auto stream = builder.stream<S, S>("in");
  stream.join(table, [](const S& left, const S&) { return left; }).to("joined");
  stream.for_each([](const S&, const S&) { throw std::runtime_error("too late"); });
  TopologyTestDriver driver(builder.build(), config({{kProcessing, kContinue}, {kDeadLetters, "dead"}}));
  driver.create_input_topic<S, S>("rows").pipe_input("a", "row", 3);
  driver.create_input_topic<S, S>("in").pipe_input("a", "1", 5);
  auto dead = driver.create_output_topic<N, N>("dead");
  std::vector<S> letters;
  while (!dead.is_empty()) {
    const auto letter = dead.read_record();
    letters.push_back(text(letter.value) + "@" + std::to_string(letter.timestamp));
  }
  // One letter for the table's row, one for the join, one for the next child of the stream.
  BOOST_TEST(letters == (std::vector<S>{"row@3", "1@5", "1@5"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(keep_the_headers_of_a_record_moved_into_a_processor) {
  class Failing final : public Processor<S, S> {
    void process(Record<S, S> record) override { throw std::runtime_error("cannot take " + record.value); }
  };
  StreamsBuilder builder;
  builder.stream<S, S>("in").process([] { return std::make_unique<Failing>(); });
  TopologyTestDriver driver(builder.build(), config({{kProcessing, kContinue}, {kDeadLetters, "dead"}}));
  driver.create_input_topic<S, S>("in").pipe_input("a", "1", 5, {{"own", "1"}});
  const auto letter = driver.create_output_topic<S, S>("dead").read_record();
  BOOST_TEST(text(letter.headers.last("own")->value) == "1");
  BOOST_TEST(letter.value == "1");
  BOOST_TEST(header(letter.headers, "message") == "cannot take 1");
}

BOOST_AUTO_TEST_CASE(keep_the_headers_forwarded_to_a_sink_that_cannot_write) {
  StreamsBuilder builder;
  const auto unlucky = Produced().with_value_serde(UnluckySerde());
  builder.stream<S, S>("in")
      .map_values([](const S& value) { return static_cast<std::int32_t>(value.size()) + 12; })
      .to("out", unlucky);
  builder.table<S, std::int32_t>("numbers")
      .to_stream()
      .map_values([](const auto& number) { return *number; })
      .to("out", unlucky);
  TopologyTestDriver driver(builder.build(), config({{kProcessing, kContinue}, {kDeadLetters, "dead"}}));
  driver.create_input_topic<S, S>("in").pipe_input("a", "1", 5, {{"own", "1"}});
  driver.create_input_topic<S, std::int32_t>("numbers").pipe_input("a", 13, 5, {{"own", "2"}});
  auto dead = driver.create_output_topic<S, Bytes>("dead");
  // Each record gives two letters: one from the production handler, one from the processing handler.
  for (const S own : {"1", "1", "2", "2"}) BOOST_TEST(text(dead.read_record().headers.last("own")->value) == own);
  BOOST_TEST(dead.is_empty());
}

BOOST_AUTO_TEST_CASE(are_written_for_the_record_that_stops_the_application) {
  Run run({{kDeadLetters, "dead"}});
  BOOST_CHECK_THROW(run.in.pipe_raw("a", "abc", 5), StreamsException);
  // The dead letter counts as sent before the task fails, as in Java.
  run.driver.advance_wall_clock_time(1ms);
  run.in.pipe_input("b", 1, 6);
  BOOST_TEST(run.dead.queue_size() == 1U);
}

BOOST_AUTO_TEST_CASE(are_written_for_records_that_a_handler_in_code_skips) {
  Run run({{kDeadLetters, "dead"}}, {{}, [](const ErrorContext&) { return HandlerResponse::resume(); }, {}});
  run.in.pipe_input("b", -1, 6);
  const auto letter = run.dead.read_record();
  BOOST_TEST(text(letter.key) == "b");
  BOOST_TEST((letter.value == kMinusOne));
  BOOST_TEST(header(letter.headers, "message") == "negative: -1");
}

BOOST_AUTO_TEST_CASE(are_replaced_by_those_that_a_handler_returns) {
  const auto send_to = [](const S& topic) {
    return [topic](const ErrorContext& context) {
      return HandlerResponse::resume({{topic, std::nullopt, context.node, context.error, 99, {{"own", "1"}}}});
    };
  };
  Run run({{kDeadLetters, "dead"}}, {send_to("unread"), send_to("failed"), send_to("unwritten")});
  run.in.pipe_raw("a", "abc", 5);
  run.in.pipe_input("b", -1, 6);
  run.in.pipe_input("c", 13, 7);
  const auto read = [&](const S& topic) { return run.driver.create_output_topic<S, S>(topic).read_record(); };
  BOOST_TEST(read("unread").key == "source");
  const auto failed = read("failed");
  BOOST_TEST(failed.key == "check");
  BOOST_TEST(failed.value == "negative: -1");
  BOOST_TEST(failed.timestamp == 99);
  BOOST_TEST((failed.headers == Headers{{"own", "1"}}));
  BOOST_TEST(read("unwritten").key == "sink");
  BOOST_TEST(run.dead.is_empty());
}

BOOST_AUTO_TEST_CASE(are_written_even_if_the_handler_that_returns_them_says_fail) {
  const auto handler = [](const ErrorContext& context) {
    return HandlerResponse::fail({{"failed", std::nullopt, context.node, std::nullopt, 99, {}}});
  };
  Run run({}, {{}, handler, {}});
  BOOST_CHECK_THROW(run.in.pipe_input("b", -1, 6), StreamsException);
  run.in.pipe_input("c", 1, 7);  // the driver collects output with the next record
  BOOST_TEST((run.driver.create_output_topic<S, N>("failed").read_key_value() == KeyValue<S, N>{"check", N()}));
}

BOOST_AUTO_TEST_SUITE_END()
