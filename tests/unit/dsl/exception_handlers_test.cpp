// SPDX-License-Identifier: Apache-2.0
#define BOOST_TEST_DYN_LINK
#include <boost/test/unit_test.hpp>

#include "unit/dsl/error_handling.hpp"

// Exception handlers in code, and what a record context tells about the record behind an error.

using namespace millrace;
using namespace millrace::test;

namespace {

/// A handler that adds `kind` and the name of the failing node to `asked`. `asked` must outlive the handler.
ExceptionHandler note(std::vector<S>& asked, const S& kind, HandlerResponse response) {
  return [&asked, kind, response](const ErrorContext& context) {
    asked.push_back(kind + " " + context.node);
    return response;
  };
}

}  // namespace

BOOST_AUTO_TEST_SUITE(HandlersInCode)

BOOST_AUTO_TEST_CASE(see_the_place_of_an_error_and_decide) {
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

BOOST_AUTO_TEST_CASE(can_rethrow_the_exception) {
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

BOOST_AUTO_TEST_CASE(see_the_record_that_a_serde_could_not_write) {
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

BOOST_AUTO_TEST_CASE(are_asked_about_the_node_before_a_sink_that_failed) {
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
  // This child comes after the sink that failed.
  BOOST_TEST(values("last") == (std::vector<std::int32_t>{14}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(are_asked_about_the_node_before_a_sink_without_topic_or_partition) {
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

BOOST_AUTO_TEST_CASE(are_asked_about_the_failing_operator_of_a_chain) {
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

BOOST_AUTO_TEST_CASE(stop_the_application_if_they_throw) {
  const auto fail = [](const ErrorContext&) -> HandlerResponse { throw std::runtime_error("no idea"); };
  const auto go_on = [](const ErrorContext&) { return HandlerResponse::resume(); };
  Run reading({}, {fail, go_on, go_on});
  check_contains(error_of<StreamsException>([&] { reading.in.pipe_raw("a", "abc", 1); }), "no idea");
  Run running({}, {go_on, fail, go_on});
  check_contains(error_of<StreamsException>([&] { running.in.pipe_input("a", -1, 1); }), "negative: -1");
  Run writing({}, {go_on, go_on, fail});
  check_contains(error_of<StreamsException>([&] { writing.in.pipe_input("a", 13, 1); }), "no idea");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(RecordContexts)

BOOST_AUTO_TEST_CASE(show_a_topic_name_extractor_the_record_and_its_origin) {
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

BOOST_AUTO_TEST_CASE(keep_the_source_record_behind_a_cache_only_if_needed) {
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

BOOST_AUTO_TEST_CASE(keep_the_origin_of_a_record_after_a_failed_table_lookup) {
  struct Failing final : ValueTransformerWithKey<S, S, S> {
    std::optional<S> transform(const S&, const S*) override { throw std::runtime_error("cannot transform"); }
  };
  StreamsBuilder builder;
  const auto stream = builder.stream<S, S>("in");
  const auto table = stream.to_table();
  // When the table changes, the join asks for the transformed value, and that fails.
  table.transform_values([] { return std::make_unique<Failing>(); }).join(table, [](const S& a, const S& b) {
    return a + b;
  });
  stream.to([](const S&, const S&, const RecordMetadata& origin) { return "copy-of-" + origin.topic; });
  TopologyTestDriver driver(builder.build(), config({{kProcessing, kContinue}}));
  driver.create_input_topic<S, S>("in").pipe_input("a", "1", 5);
  BOOST_TEST((driver.create_output_topic<S, S>("copy-of-in").read_key_value() == KeyValue<S, S>{"a", "1"}));
}

BOOST_AUTO_TEST_SUITE_END()
