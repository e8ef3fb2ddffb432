// SPDX-License-Identifier: Apache-2.0
#define BOOST_TEST_DYN_LINK
#include <boost/test/unit_test.hpp>
#include <span>

#include "unit/dsl/timeline.hpp"

using namespace millrace;
using namespace millrace::test;

namespace {

/// Builds a topology that reads `in` as nullable strings.
template <class F>
Topology from_in(F build) {
  StreamsBuilder builder;
  build(builder.stream<N, N>("in"));
  return builder.build();
}

const std::vector<S> kNothing;

}  // namespace

BOOST_AUTO_TEST_SUITE(Filter)

BOOST_AUTO_TEST_CASE(keeps_matching_records_and_filter_not_keeps_the_others) {
  const auto topology = from_in([](const auto& in) {
    const auto is_a = [](const N& key, const N&) { return key == "a"; };
    in.filter(is_a).to("kept");
    in.filter_not(is_a).to("rest");
  });
  check(topology, {{"in a=1 @10", {"kept a=1 @10"}},
                   {"in b=2 @5 h=1", {"rest b=2 @5 h=1"}},
                   {"in null=3 @6", {"rest null=3 @6"}},
                   {"in a=null @7", {"kept a=null @7"}}});
}

BOOST_AUTO_TEST_CASE(can_test_the_value_alone) {
  check(from_in([](const auto& in) { in.filter([](const N& value) { return value == "1"; }).to("out"); }),
        {{"in a=1 @1", {"out a=1 @1"}}, {"in a=2 @2", kNothing}});
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(Map)

BOOST_AUTO_TEST_CASE(replaces_key_and_value_and_keeps_timestamp_and_headers) {
  check(from_in([](const auto& in) {
          in.map([](const N& key, const N& value) { return KeyValue<N, N>{value, key}; }).to("out");
        }),
        {{"in a=1 @10 h=1 h=2", {"out 1=a @10 h=1 h=2"}}, {"in null=1 @11", {"out 1=null @11"}}});
}

BOOST_AUTO_TEST_CASE(takes_a_std_pair_and_a_function_of_the_value) {
  check(from_in([](const auto& in) {
          in.map([](const N& value) { return std::pair(text(value), text(value) + "!"); }).to("out");
        }),
        {{"in a=1 @10", {"out 1=1! @10"}}});
}

BOOST_AUTO_TEST_CASE(of_values_keeps_the_key) {
  check(from_in([](const auto& in) {
          in.map_values([](const N& value) { return text(value) + "!"; }).to("by-value");
          in.map_values([](const N& key, const N& value) { return text(key) + ":" + text(value); }).to("by-key");
          in.map_values([](const N&) { return N(); }).to("nulls");
        }),
        {{"in a=1 @10 h=1", {"by-key a=a:1 @10 h=1", "by-value a=1! @10 h=1", "nulls a=null @10 h=1"}},
         {"in null=null @2", {"by-key null=null:null @2", "by-value null=null! @2", "nulls null=null @2"}}});
}

BOOST_AUTO_TEST_CASE(of_values_may_move_the_value) {
  check(from_in([](const auto& in) {
          // The record is moved into a parameter taken by value. The other branch must still see the whole value.
          in.map_values([](N value) { return value; }).to("moved");
          in.to("whole");
        }),
        {{"in a=a-text-that-is-too-long-for-the-small-string-buffer @1",
          {"moved a=a-text-that-is-too-long-for-the-small-string-buffer @1",
           "whole a=a-text-that-is-too-long-for-the-small-string-buffer @1"}}});
}

BOOST_AUTO_TEST_CASE(may_change_types_along_the_way) {
  StreamsBuilder builder;
  builder.stream<S, S>("in")
      .map_values([](const S& value) { return std::stol(value); })
      .filter([](std::int64_t value) { return value > 1; })
      .map([](const S& key, std::int64_t value) {
        return KeyValue{value, key};
      })
      .map([](std::int64_t key, const S& value) {
        return KeyValue{value, std::to_string(key * 2)};
      })
      .to("out");
  check(builder.build(), {{"in a=1 @1", {}}, {"in a=21 @2", {"out a=42 @2"}}});
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(FlatMap)

namespace {

std::vector<S> words(const N& value) {
  std::istringstream in(value ? *value : "");
  std::vector<S> result;
  for (S word; std::getline(in, word, ',');) result.push_back(word);
  return result;
}

}  // namespace

BOOST_AUTO_TEST_CASE(gives_any_number_of_records_with_the_input_s_timestamp_and_headers) {
  check(from_in([](const auto& in) {
          in.flat_map([](const N& key, const N& value) {
              std::vector<std::pair<S, N>> pairs;
              for (const auto& word : words(value)) pairs.emplace_back(word, key);
              return pairs;
            }).to("out");
        }),
        {{"in a=x,y @3 h=1", {"out x=a @3 h=1", "out y=a @3 h=1"}}, {"in a=null @4", kNothing}});
}

BOOST_AUTO_TEST_CASE(of_values_keeps_the_key) {
  check(from_in([](const auto& in) { in.flat_map_values(words).to("out"); }),
        {{"in a=x,y @3 h=1", {"out a=x @3 h=1", "out a=y @3 h=1"}}, {"in null=z @4", {"out null=z @4"}}});
}

BOOST_AUTO_TEST_CASE(does_not_move_from_a_referenced_range) {
  auto shown = std::make_shared<std::vector<S>>(std::vector<S>{"a value of more than sixteen bytes"});
  auto pairs = std::make_shared<std::vector<std::pair<S, S>>>();
  pairs->emplace_back("a key of more than sixteen bytes", shown->front());
  const auto topology = from_in([&](const auto& in) {
    in.flat_map_values([shown](const N&) -> const std::vector<S>& { return *shown; }).to("const");
    in.flat_map_values([shown](const N&) -> std::vector<S>& { return *shown; }).to("reference");
    in.flat_map_values([shown](const N&) { return std::span<S>(*shown); }).to("view");
    in.flat_map([pairs](const N&) -> std::vector<std::pair<S, S>>& { return *pairs; }).to("pairs");
  });
  TopologyTestDriver driver(topology);
  auto in = driver.create_input_topic<N, N>("in");
  in.pipe_input("a", "1", 1);
  in.pipe_input("a", "2", 2);
  for (const char* topic : {"const", "reference", "view", "pairs"}) {
    auto out = driver.create_output_topic<S, S>(topic);
    BOOST_TEST(out.read_values_to_list() == (std::vector<S>{shown->front(), shown->front()}),
               boost::test_tools::per_element());
  }
  BOOST_TEST(shown->front() == "a value of more than sixteen bytes");
}

BOOST_AUTO_TEST_CASE(of_values_may_return_any_range) {
  check(
      from_in([](const auto& in) {
        in.flat_map_values([](const N& key, const N& value) { return std::set<S>{text(value), text(key)}; }).to("out");
      }),
      {{"in b=a @1", {"out b=a @1", "out b=b @1"}}});
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(SelectKey)

BOOST_AUTO_TEST_CASE(replaces_the_key) {
  check(from_in([](const auto& in) {
          in.select_key([](const N& value) { return value; }).to("by-value");
          in.select_key([](const N& key, const N& value) { return text(key) + text(value); }).to("by-both");
          in.select_key([](const N&) { return N(); }).to("no-key");
        }),
        {{"in a=1 @9 h=1", {"by-both a1=1 @9 h=1", "by-value 1=1 @9 h=1", "no-key null=1 @9 h=1"}}});
}

BOOST_AUTO_TEST_CASE(gives_a_key_to_an_unkeyed_stream) {
  StreamsBuilder builder;
  builder.stream<Unkeyed, S>("in").select_key([](const S& value) { return value.substr(0, 1); }).to("out");
  check(builder.build(), {{"in whatever=xy @9", {"out x=xy @9"}}, {"in null=yz @8", {"out y=yz @8"}}});
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(Peek)

BOOST_AUTO_TEST_CASE(sees_each_record_and_passes_it_on) {
  auto seen = std::make_shared<std::vector<S>>();
  const auto topology = from_in([seen](const auto& in) {
    in.peek([seen](const N& key, const N& value) { seen->push_back(text(key) + text(value)); }).to("out");
  });
  check(topology, {{"in a=1 @1", {"out a=1 @1"}}, {"in null=2 @1", {"out null=2 @1"}}});
  BOOST_TEST(*seen == (std::vector<S>{"a1", "null2"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(ends_a_stream_with_for_each) {
  auto seen = std::make_shared<std::vector<S>>();
  const auto topology =
      from_in([seen](const auto& in) { in.for_each([seen](const N& value) { seen->push_back(text(value)); }); });
  check(topology, {{"in a=1 @1", {}}, {"in a=2 @1", {}}});
  BOOST_TEST(*seen == (std::vector<S>{"1", "2"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(Merge)

BOOST_AUTO_TEST_CASE(passes_the_records_of_both_streams_in_order_of_arrival) {
  StreamsBuilder builder;
  const auto b = builder.stream<N, N>("b").map_values([](const N& value) { return N(text(value) + "!"); });
  builder.stream<N, N>("a").merge(b).to("out");
  check(builder.build(),
        {{"a k=1 @10", {"out k=1 @10"}}, {"b k=2 @5 h=1", {"out k=2! @5 h=1"}}, {"a k=3 @7", {"out k=3 @7"}}});
}

BOOST_AUTO_TEST_CASE(of_a_stream_with_itself_passes_each_record_once) {
  // As in Java, a node is connected to a parent only once.
  check(from_in([](const auto& in) { in.merge(in).to("out"); }), {{"in a=1 @1", {"out a=1 @1"}}});
}

BOOST_AUTO_TEST_CASE(of_a_rekeyed_stream_must_be_repartitioned_before_grouping) {
  StreamsBuilder builder;
  const auto rekeyed = builder.stream<N, N>("a").select_key([](const N& value) { return value; });
  builder.stream<N, N>("b").merge(rekeyed).group_by_key().count(Materialized::as("c"));
  Timeline timeline(builder.build());
  check(timeline, {{"a k=1 @1", {}}, {"b k=1 @1", {}}});
  BOOST_TEST(timeline.internal_topics() == (std::set<S>{"app-c-changelog", "app-c-repartition"}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(FanOut)

BOOST_AUTO_TEST_CASE(children_run_depth_first_in_the_order_of_their_creation) {
  check(from_in([](const auto& in) {
          const auto append = [](const S& end) { return [end](const N& value) { return N(text(value) + end); }; };
          in.map_values(append("1")).to("out");
          in.to("out");
          in.map_values(append("2")).map_values(append("3")).to("out");
        }),
        {{"in a=x @1", {"out a=x1 @1", "out a=x @1", "out a=x23 @1"}}});
}

BOOST_AUTO_TEST_CASE(one_child_s_changes_do_not_reach_the_others) {
  check(from_in([](const auto& in) {
          for (const char* topic : {"a", "b", "c"}) {
            in.map([](N key, N value) { return KeyValue<N, N>{std::move(value), std::move(key)}; }).to(topic);
          }
        }),
        {{"in key-of-more-than-sixteen-bytes=value-of-more-than-sixteen-bytes @1 h=1",
          {"a value-of-more-than-sixteen-bytes=key-of-more-than-sixteen-bytes @1 h=1",
           "b value-of-more-than-sixteen-bytes=key-of-more-than-sixteen-bytes @1 h=1",
           "c value-of-more-than-sixteen-bytes=key-of-more-than-sixteen-bytes @1 h=1"}}});
}

BOOST_AUTO_TEST_SUITE_END()
