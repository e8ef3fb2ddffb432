#define BOOST_TEST_DYN_LINK
#include <boost/test/unit_test.hpp>

#include "unit/dsl/timeline.hpp"

using namespace millrace;
using namespace millrace::test;

namespace {

StreamsConfig config(const std::map<S, S>& settings) {
  StreamsConfig result;
  result.set("application.id", "app");
  for (const auto& [key, value] : settings) result.set(key, value);
  return result;
}

const S kDeserialization = "deserialization.exception.handler";
const S kProcessing = "processing.exception.handler";
const S kProduction = "production.exception.handler";
const S kCache = "statestore.cache.max.bytes";
const S kDeadLetters = "errors.dead.letter.queue.topic.name";
const S kContinue = "log-and-continue";

/// `in` holds integers; a negative one fails in node `check`, 13 cannot be written.
struct UnluckySerde : Serde<std::int32_t> {
  void serialize(const std::int32_t& value, std::string& out) const {
    if (value == 13) throw SerializationException("13 is unlucky");
    Serde<std::int32_t>::serialize(value, out);
  }
};

Topology topology() {
  StreamsBuilder builder;
  builder.stream<S, std::int32_t>("in", Consumed::as("source"))
      .map_values(
          [](std::int32_t value) {
            if (value < 0) throw std::invalid_argument("negative: " + std::to_string(value));
            return value;
          },
          Named::as("check"))
      .to("out", Produced::as("sink").with_value_serde(UnluckySerde()));
  return builder.build();
}

struct Run {
  explicit Run(std::initializer_list<std::pair<const S, S>> settings, const ExceptionHandlers& handlers = {})
      : driver(topology(), config(settings), 0, handlers) {}

  TopologyTestDriver driver;
  TestInputTopic<S, std::int32_t> in = driver.create_input_topic<S, std::int32_t>("in");
  TestOutputTopic<S, std::int32_t> out = driver.create_output_topic<S, std::int32_t>("out");
  TestOutputTopic<N, std::optional<Bytes>> dead = driver.create_output_topic<N, std::optional<Bytes>>("dead");
};

const std::optional<Bytes> kMinusOne = Bytes(S("\xff\xff\xff\xff"));

S header(const Headers& headers, const S& name) {
  const auto* found = headers.last("__streams.errors." + name);
  return found == nullptr ? "absent" : text(found->value);
}

/// Notes about which node it was asked. `asked` outlives it.
ExceptionHandler note(std::vector<S>& asked, const S& kind, HandlerResponse response) {
  return [&asked, kind, response](const ErrorContext& context) {
    asked.push_back(kind + " " + context.node);
    return response;
  };
}

}  // namespace

BOOST_AUTO_TEST_SUITE(ErrorHandling)

BOOST_AUTO_TEST_CASE(a_record_that_cannot_be_read_stops_the_application_by_default) {
  Run run({});
  const auto error = error_of<StreamsException>([&] { run.in.pipe_raw("a", "abc", 1); });
  check_contains(error, "deserialization failed: record in-0 offset 0 at node source (task 0_0)");
  check_contains(error, "expected 4 bytes, found 3");
}

BOOST_AUTO_TEST_CASE(a_null_where_the_type_has_none_cannot_be_read) {
  Run run({});
  check_contains(error_of<StreamsException>([&] { run.in.pipe_raw("a", std::nullopt, 1); }), "std::optional");
}

BOOST_AUTO_TEST_CASE(a_production_handler_is_shown_what_a_serde_could_not_write) {
  S seen;
  ExceptionHandlers handlers;
  handlers.production = [&](const ErrorContext& error) {
    const UnwrittenRecord& record = error.output.value();
    const bool is_key = record.unserialized == SerializationOrigin::key;
    seen += (is_key ? "key of " : "value of ") + record.topic + "-" + std::to_string(record.partition.value_or(-1)) +
            " " + S(record.key.value_or("null")) + "=" + S(record.value.value_or("null")) + "@" +
            std::to_string(record.timestamp) + " h=" + text(record.headers->last("h")->value) + "\n";
    return HandlerResponse::resume();
  };
  StreamsBuilder builder;
  const auto two_of_them = [](const S&, const S&, std::int32_t, std::int32_t) { return std::set<std::int32_t>{2, 5}; };
  const auto numbers = builder.stream<std::int32_t, std::int32_t>("in");
  numbers.map([](std::int32_t key, std::int32_t value) {
           return KeyValue{std::to_string(key), value};
         })
      .to("values", Produced().with_value_serde(UnluckySerde()).with_stream_partitioner(two_of_them));
  numbers.map([](std::int32_t key, std::int32_t value) {
           return KeyValue{key, std::to_string(value)};
         })
      .to("keys", Produced().with_key_serde(UnluckySerde()));
  TopologyTestDriver driver(builder.build(), config({}), 0, handlers);
  driver.create_input_topic<std::int32_t, std::int32_t>("in").pipe_input(13, 13, 7, {{"h", "1"}});
  BOOST_TEST(seen ==
             "value of values-2 13=null@7 h=1\n"
             "value of values-5 13=null@7 h=1\n"
             "key of keys--1 null=null@7 h=1\n");
}

BOOST_AUTO_TEST_CASE(a_record_that_cannot_be_read_is_skipped_and_counted) {
  Run run({{kDeserialization, kContinue}});
  run.in.pipe_raw("a", "abc", 1);
  run.in.pipe_raw(std::nullopt, "\0\0\0\1", 1);
  run.in.pipe_input("a", 7, 2);
  BOOST_TEST(run.out.read_value() == 7);
  BOOST_TEST(run.out.is_empty());
  BOOST_TEST(drops(run.driver) == "deserialization-error 2");
}

BOOST_AUTO_TEST_CASE(java_s_class_names_work_as_well) {
  Run run({{kDeserialization, "org.apache.kafka.streams.errors.LogAndContinueExceptionHandler"}});
  run.in.pipe_raw("a", "abc", 1);
  BOOST_TEST(drops(run.driver) == "deserialization-error 1");
}

BOOST_AUTO_TEST_CASE(a_function_that_throws_stops_the_application_by_default) {
  Run run({});
  check_contains(error_of<StreamsException>([&] { run.in.pipe_input("a", -1, 1); }),
                 "processing failed: record in-0 offset 0 at node check (task 0_0): negative: -1");
}

BOOST_AUTO_TEST_CASE(a_record_that_a_function_throws_at_is_skipped_and_counted) {
  Run run({{kProcessing, kContinue}});
  run.in.pipe_input("a", -1, 1);
  run.in.pipe_input("a", 1, 2);
  BOOST_TEST(run.out.read_value() == 1);
  BOOST_TEST(drops(run.driver) == "processing-error 1");
}

BOOST_AUTO_TEST_CASE(other_branches_still_get_a_record_that_one_failed_on) {
  StreamsBuilder builder;
  const auto in = builder.stream<S, S>("in");
  in.to("before");
  in.filter([](const S&) -> bool { throw std::runtime_error("always"); }).to("never");
  in.to("after");
  Timeline timeline(builder.build(), config({{kProcessing, kContinue}}));
  check(timeline, {{"in a=1 @1", {"after a=1 @1", "before a=1 @1"}}});
}

BOOST_AUTO_TEST_CASE(a_record_that_cannot_be_written_stops_the_application_by_default) {
  Run run({});
  check_contains(error_of<StreamsException>([&] { run.in.pipe_input("a", 13, 1); }),
                 "serialization failed: record in-0 offset 0 at node sink (task 0_0) for topic out: 13 is unlucky");
}

BOOST_AUTO_TEST_CASE(a_record_that_cannot_be_written_is_skipped_and_counted) {
  Run run({{kProduction, kContinue}});
  run.in.pipe_input("a", 13, 1);
  run.in.pipe_input("a", 14, 1);
  BOOST_TEST(run.out.read_value() == 14);
  BOOST_TEST(drops(run.driver) == "serialization-error 1");
}

BOOST_AUTO_TEST_CASE(what_a_partitioner_drops_need_not_be_fit_to_be_written) {
  const auto drop = [](const S&, const S&, std::int32_t, std::int32_t) { return std::set<std::int32_t>(); };
  StreamsBuilder builder;
  builder.stream<S, std::int32_t>("in").to("out",
                                           Produced().with_value_serde(UnluckySerde()).with_stream_partitioner(drop));
  TopologyTestDriver driver(builder.build());
  BOOST_CHECK_NO_THROW((driver.create_input_topic<S, std::int32_t>("in").pipe_input("a", 13)));
  BOOST_TEST((driver.create_output_topic<S, std::int32_t>("out").is_empty()));
}

BOOST_AUTO_TEST_CASE(one_policy_does_not_cover_the_others_errors) {
  Run run({{kDeserialization, kContinue}, {kProduction, kContinue}});
  BOOST_CHECK_THROW(run.in.pipe_input("a", -1, 1), StreamsException);
  Run other({{kDeserialization, kContinue}});
  BOOST_CHECK_THROW(other.in.pipe_input("a", 13, 1), StreamsException);
}

BOOST_AUTO_TEST_CASE(a_record_that_cannot_be_written_is_then_a_failure_of_the_node_before_the_sink) {
  std::vector<S> asked;
  StreamsBuilder builder;
  const auto checked = builder.stream<S, std::int32_t>("in").peek([](std::int32_t) {}, Named::as("check"));
  checked.to("first");
  checked.to("out", Produced::as("sink").with_value_serde(UnluckySerde()));
  checked.to("last");
  TopologyTestDriver driver(
      builder.build(), config({}), 0,
      {{}, note(asked, "run", HandlerResponse::resume()), note(asked, "write", HandlerResponse::fail())});
  auto in = driver.create_input_topic<S, std::int32_t>("in");
  in.pipe_input("a", 13);
  in.pipe_input("a", 14);
  BOOST_TEST(asked == (std::vector<S>{"write sink", "run check"}), boost::test_tools::per_element());
  const auto values = [&](const S& topic) {
    return driver.create_output_topic<S, std::int32_t>(topic).read_values_to_list();
  };
  BOOST_TEST(values("first") == (std::vector<std::int32_t>{13, 14}), boost::test_tools::per_element());
  BOOST_TEST(values("out") == (std::vector<std::int32_t>{14}), boost::test_tools::per_element());
  // Behind the sink that failed, in the order of the children.
  BOOST_TEST(values("last") == (std::vector<std::int32_t>{14}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(in_a_chain_of_operators_each_answers_for_itself) {
  std::vector<S> asked;
  const auto unless = [](std::int32_t bad) {
    return [bad](std::int32_t value) {
      if (value == bad) throw std::runtime_error("bad");
      return true;
    };
  };
  StreamsBuilder builder;
  const auto start = builder.stream<S, std::int32_t>("in").filter(unless(1), Named::as("one"));
  start.filter(unless(2), Named::as("two"))
      .map_values([](std::int32_t value) { return value; }, Named::as("same"))
      .filter(unless(3), Named::as("three"))
      .to("out", Produced::as("sink").with_value_serde(UnluckySerde()));
  const auto deep = start.filter(unless(0), Named::as("deep")).filter(unless(0), Named::as("deeper"));
  deep.to("deep-first");
  deep.to("deep-out", Produced::as("deep-sink").with_value_serde(UnluckySerde()));
  deep.to("deep-last");
  start.to("beside");
  const Topology topology = builder.build();
  TopologyTestDriver driver(
      topology, config({}), 0,
      {{}, note(asked, "run", HandlerResponse::resume()), note(asked, "write", HandlerResponse::fail())});
  auto in = driver.create_input_topic<S, std::int32_t>("in");
  for (const std::int32_t value : {1, 2, 3, 4, 13}) in.pipe_input("a", value);
  BOOST_TEST(asked == (std::vector<S>{"run one", "run two", "run three", "write sink", "run three", "write deep-sink",
                                      "run deeper"}),
             boost::test_tools::per_element());
  const auto values = [&](const S& topic) {
    return driver.create_output_topic<S, std::int32_t>(topic).read_values_to_list();
  };
  BOOST_TEST(values("out") == (std::vector<std::int32_t>{4}), boost::test_tools::per_element());
  BOOST_TEST(values("deep-first") == (std::vector<std::int32_t>{2, 3, 4, 13}), boost::test_tools::per_element());
  BOOST_TEST(values("deep-out") == (std::vector<std::int32_t>{2, 3, 4}), boost::test_tools::per_element());
  BOOST_TEST(values("deep-last") == (std::vector<std::int32_t>{2, 3, 4}), boost::test_tools::per_element());
  BOOST_TEST(values("beside") == (std::vector<std::int32_t>{2, 3, 4, 13}), boost::test_tools::per_element());

  TopologyTestDriver strict(topology, config({}));
  auto other = strict.create_input_topic<S, std::int32_t>("in");
  check_contains(error_of<StreamsException>([&] { other.pipe_input("a", 3); }), "node three");
}

BOOST_AUTO_TEST_CASE(so_is_one_for_which_no_topic_or_partition_can_be_chosen) {
  const auto fail = [](const auto&...) -> std::set<std::int32_t> { throw std::runtime_error("no partition"); };
  StreamsBuilder builder;
  const auto checked = builder.stream<S, S>("in").peek([](const S&) {}, Named::as("check"));
  checked.to([](const S&, const S&, const RecordContext&) -> S { throw std::runtime_error("no topic"); });
  builder.stream<S, S>("other")
      .filter([](const S&) { return true; }, Named::as("sift"))
      .to("out", Produced().with_stream_partitioner(fail));
  std::vector<S> asked;
  TopologyTestDriver driver(builder.build(), config({}), 0,
                            {{},
                             [&](const ErrorContext& context) {
                               asked.push_back(context.node + ": " + context.error);
                               return HandlerResponse::resume();
                             },
                             {}});
  driver.create_input_topic<S, S>("in").pipe_input("a", "1");
  driver.create_input_topic<S, S>("other").pipe_input("a", "1");
  BOOST_TEST(asked == (std::vector<S>{"check: no topic", "sift: no partition"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_sink_right_behind_a_source_has_no_processing_handler) {
  StreamsBuilder builder;
  builder.stream<S, std::int32_t>("in").to("out", Produced().with_value_serde(UnluckySerde()));
  TopologyTestDriver driver(builder.build(), config({{kProcessing, kContinue}}));
  auto in = driver.create_input_topic<S, std::int32_t>("in");
  check_contains(error_of<StreamsException>([&] { in.pipe_input("a", 13); }), "13 is unlucky");
}

BOOST_AUTO_TEST_CASE(a_handler_that_fails_stops_the_application) {
  const auto fail = [](const ErrorContext&) -> HandlerResponse { throw std::runtime_error("no idea"); };
  const auto go_on = [](const ErrorContext&) { return HandlerResponse::resume(); };
  Run reading({}, {fail, go_on, go_on});
  check_contains(error_of<StreamsException>([&] { reading.in.pipe_raw("a", "abc", 1); }), "no idea");
  Run running({}, {go_on, fail, go_on});
  check_contains(error_of<StreamsException>([&] { running.in.pipe_input("a", -1, 1); }), "negative: -1");
  Run writing({}, {go_on, go_on, fail});
  check_contains(error_of<StreamsException>([&] { writing.in.pipe_input("a", 13, 1); }), "no idea");
}

BOOST_AUTO_TEST_CASE(a_choice_of_topic_knows_the_record_and_where_it_came_from) {
  StreamsBuilder builder;
  builder.stream<S, S>("in").to([](const S& key, const S& value, const RecordContext& context) {
    return key + value + context.topic + std::to_string(context.partition) + std::to_string(context.offset) +
           std::to_string(context.timestamp) + context.headers.begin()->key + S(*context.source_raw_key) +
           S(*context.source_raw_value);
  });
  TopologyTestDriver driver(builder.build(), config({}));
  driver.create_input_topic<S, S>("in").pipe_input("a", "1", 7, {{"own", "1"}});
  BOOST_TEST((driver.create_output_topic<S, S>("a1in007owna1").read_value() == "1"));
}

BOOST_AUTO_TEST_CASE(behind_a_cache_the_record_as_it_was_read_is_there_only_if_somebody_may_need_it) {
  StreamsBuilder builder;
  builder.table<S, S>("in", Materialized::as("rows"))
      .to_stream()
      .to([](const S&, const N&, const RecordContext& context) {
        return context.source_raw_value ? "raw-" + S(*context.source_raw_value) : S("none");
      });
  const Topology topology = builder.build();
  const ExceptionHandler skip = [](const ErrorContext&) { return HandlerResponse::resume(); };
  const std::vector<std::pair<StreamsConfig, ExceptionHandlers>> wanted{
      {config({{kDeadLetters, "dead"}}), {}}, {config({}), {skip, {}, {}}}, {config({}), {{}, {}, skip}}};
  for (const auto& [settings, handlers] : wanted) {
    TopologyTestDriver driver(topology, StreamsConfig(settings).set(kCache, "10485760"), 0, handlers);
    driver.create_input_topic<S, S>("in").pipe_input("a", "1", 7);
    BOOST_TEST(driver.produced_topic_names().contains("raw-1"));
  }
  TopologyTestDriver driver(topology, config({}).set(kCache, "10485760"));
  driver.create_input_topic<S, S>("in").pipe_input("a", "1", 7);
  BOOST_TEST(driver.produced_topic_names().contains("none"));
}

BOOST_AUTO_TEST_CASE(a_punctuation_that_throws_is_covered_by_the_processing_policy) {
  class Failing final : public Processor<S, S> {
    void init(ProcessorContext<S, S>& context) override {
      context.schedule(10ms, PunctuationType::stream_time, [](Timestamp) { throw std::runtime_error("no luck"); });
    }
    void process(Record<S, S>) override {}
  };
  StreamsBuilder builder;
  builder.stream<S, S>("in").process([] { return std::make_unique<Failing>(); }, Named::as("failing"));
  const auto topology = builder.build();
  TopologyTestDriver stopping(topology, config({}));
  check_contains(error_of<StreamsException>([&] { stopping.create_input_topic<S, S>("in").pipe_input("a", "1", 1); }),
                 "processing failed: at node failing (task 0_0): no luck");
  TopologyTestDriver going_on(topology, config({{kProcessing, kContinue}}));
  going_on.create_input_topic<S, S>("in").pipe_input("a", "1", 1);
  BOOST_TEST(drops(going_on) == "processing-error 1");
}

BOOST_AUTO_TEST_CASE(handlers_in_code_see_where_and_decide) {
  std::vector<S> seen;
  const auto handler = [&](const S& kind, HandlerResponse response) {
    return [&seen, kind, response](const ErrorContext& context) {
      seen.push_back(kind + " " + context.topic + "-" + std::to_string(context.partition) + "@" +
                     std::to_string(context.offset) + " ts" + std::to_string(context.timestamp) + " " + context.node +
                     " " + context.task_id.str() + " key " + text(context.raw_key ? N(S(*context.raw_key)) : N()) +
                     " to '" + (context.output ? context.output->topic : "") + "': " + context.error);
      return response;
    };
  };
  Run run({}, {handler("read", HandlerResponse::resume()), handler("run", HandlerResponse::resume()),
               handler("write", HandlerResponse::fail())});
  run.in.pipe_raw("a", "abc", 5);
  run.in.pipe_input("b", -1, 6);
  run.in.pipe_input("c", 13, 7);
  BOOST_TEST(seen.size() == 4U);
  check_contains(seen[0], "read in-0@0 ts5 source 0_0 key a to '': ");
  BOOST_TEST(seen[1] == "run in-0@1 ts6 check 0_0 key b to '': negative: -1");
  BOOST_TEST(seen[2] == "write in-0@2 ts7 sink 0_0 key c to 'out': 13 is unlucky");
  check_contains(seen[3], "run in-0@2 ts7 check 0_0 key c to '': serialization failed");
}

BOOST_AUTO_TEST_CASE(handlers_in_code_can_look_at_what_was_thrown) {
  bool seen = false;
  Run run({}, {{},
               [&](const ErrorContext& context) {
                 try {
                   std::rethrow_exception(context.thrown);
                 } catch (const std::invalid_argument&) {
                   seen = true;
                 }
                 return HandlerResponse::resume();
               },
               {}});
  run.in.pipe_input("a", -1, 1);
  BOOST_TEST(seen);
}

BOOST_AUTO_TEST_CASE(a_record_keeps_its_place_after_a_value_of_it_could_not_be_looked_up) {
  struct Failing final : ValueTransformerWithKey<S, S, S> {
    std::optional<S> transform(const S&, const S*) override { throw std::runtime_error("cannot transform"); }
  };
  StreamsBuilder builder;
  const auto stream = builder.stream<S, S>("in");
  const auto table = stream.to_table();
  // When the table's change comes to the join, that asks for the transformed value.
  table.transform_values([] { return std::make_unique<Failing>(); }).join(table, [](const S& a, const S& b) {
    return a + b;
  });
  stream.to([](const S&, const S&, const RecordMetadata& origin) { return "copy-of-" + origin.topic; });
  TopologyTestDriver driver(builder.build(), config({{kProcessing, kContinue}}));
  driver.create_input_topic<S, S>("in").pipe_input("a", "1", 5);
  BOOST_TEST((driver.create_output_topic<S, S>("copy-of-in").read_key_value() == KeyValue<S, S>{"a", "1"}));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(DeadLetters)

BOOST_AUTO_TEST_CASE(are_the_record_as_it_was_read_with_headers_that_say_what_happened) {
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

BOOST_AUTO_TEST_CASE(of_a_punctuation_name_no_topic) {
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

BOOST_AUTO_TEST_CASE(are_the_record_as_it_was_read_also_after_something_of_it_was_sent) {
  StreamsBuilder builder;
  const auto stream = builder.stream<S, S>("in");
  stream.to("copy");
  stream.for_each([](const S&, const S&) { throw std::runtime_error("too late"); });
  TopologyTestDriver driver(builder.build(), config({{kProcessing, kContinue}, {kDeadLetters, "dead"}}));
  driver.create_input_topic<S, S>("in").pipe_input("a", "1", 5);
  BOOST_TEST((driver.create_output_topic<S, S>("dead").read_key_value() == KeyValue<S, S>{"a", "1"}));
}

BOOST_AUTO_TEST_CASE(of_a_record_that_suppress_held_back_are_the_record_as_it_was_read) {
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
  // What a changelog brings back has lost them, as in Java.
  driver.restart();
  driver.create_input_topic<S, S>("in").pipe_input("c", "3", 30);
  const auto restored = dead.read_record();
  BOOST_TEST(text(restored.key) == "null");
  BOOST_TEST(text(restored.value) == "null");
  BOOST_TEST(restored.timestamp == 15);
}

BOOST_AUTO_TEST_CASE(of_a_record_that_a_cache_held_back_are_the_record_as_it_was_read) {
  StreamsBuilder builder;
  builder.table<S, S>("in", Materialized::as("rows")).to_stream().for_each([](const S& key, const N&) {
    throw std::runtime_error("cannot take " + key);
  });
  TopologyTestDriver driver(builder.build(),
                            config({{kProcessing, kContinue}, {kDeadLetters, "dead"}}).set(kCache, "10485760"));
  driver.create_input_topic<S, S>("in").pipe_input("a", "1", 5);
  BOOST_TEST((driver.create_output_topic<S, S>("dead").read_key_value() == KeyValue<S, S>{"a", "1"}));
}

BOOST_AUTO_TEST_CASE(a_failed_look_up_leaves_its_siblings_the_record) {
  // The transformer sees no record of its own when a join looks the table up; the join's sibling does.
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
  // Of the table's own row, of the join, and of its sibling.
  BOOST_TEST(letters == (std::vector<S>{"row@3", "1@5", "1@5"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(keep_the_headers_of_a_record_that_a_processor_had_taken_over) {
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

BOOST_AUTO_TEST_CASE(of_what_a_sink_cannot_write_keep_the_headers_that_the_node_before_it_passed_on) {
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
  // One of the production handler and one of the processing handler each.
  for (const S own : {"1", "1", "2", "2"}) BOOST_TEST(text(dead.read_record().headers.last("own")->value) == own);
  BOOST_TEST(dead.is_empty());
}

BOOST_AUTO_TEST_CASE(are_written_also_for_the_record_that_stops_the_application) {
  Run run({{kDeadLetters, "dead"}});
  BOOST_CHECK_THROW(run.in.pipe_raw("a", "abc", 5), StreamsException);
  // The record counts as sent before the task fails, as in Java.
  run.driver.advance_wall_clock_time(1ms);
  run.in.pipe_input("b", 1, 6);
  BOOST_TEST(run.dead.queue_size() == 1U);
}

BOOST_AUTO_TEST_CASE(are_written_for_what_a_handler_in_code_skips) {
  Run run({{kDeadLetters, "dead"}}, {{}, [](const ErrorContext&) { return HandlerResponse::resume(); }, {}});
  run.in.pipe_input("b", -1, 6);
  const auto letter = run.dead.read_record();
  BOOST_TEST(text(letter.key) == "b");
  BOOST_TEST((letter.value == kMinusOne));
  BOOST_TEST(header(letter.headers, "message") == "negative: -1");
}

BOOST_AUTO_TEST_CASE(of_a_handler_take_the_place_of_the_usual_one) {
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

BOOST_AUTO_TEST_CASE(of_a_handler_are_written_when_it_says_fail_too) {
  const auto handler = [](const ErrorContext& context) {
    return HandlerResponse::fail({{"failed", std::nullopt, context.node, std::nullopt, 99, {}}});
  };
  Run run({}, {{}, handler, {}});
  BOOST_CHECK_THROW(run.in.pipe_input("b", -1, 6), StreamsException);
  run.in.pipe_input("c", 1, 7);  // the driver shows what was written with the next record
  BOOST_TEST((run.driver.create_output_topic<S, N>("failed").read_key_value() == KeyValue<S, N>{"check", N()}));
}

BOOST_AUTO_TEST_SUITE_END()
