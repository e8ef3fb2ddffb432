// SPDX-License-Identifier: Apache-2.0
// Functions of streams that take the context of the record as their last argument.
#define BOOST_TEST_DYN_LINK
#include <boost/test/unit_test.hpp>
#include <memory>
#include <sstream>

#include "unit/dsl/timeline.hpp"

using namespace millrace;
using namespace millrace::test;

namespace {

/// What the context says, for example `in-0@0 10 h=1`.
S described(const RecordContext& context) {
  S line = context.topic + "-" + std::to_string(context.partition) + "@" + std::to_string(context.offset) + ":" +
           std::to_string(context.timestamp);
  for (const auto& header : context.headers) line += ":" + header.key + "=" + text(header.value);
  return line;
}

template <class K, class V, class F>
Topology from_in(F build) {
  StreamsBuilder builder;
  build(builder.stream<K, V>("in"));
  return builder.build();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(RecordContexts)

BOOST_AUTO_TEST_CASE(are_given_to_the_functions_of_all_stateless_operators) {
  const auto seen = std::make_shared<std::vector<S>>();
  const auto topology = from_in<S, S>([&](const auto& in) {
    in.map([](const S& key, const S&, const RecordContext& c) { return std::pair(key + "1", described(c)); }).to("1");
    in.map_values([](const S&, const RecordContext& c) { return described(c); }).to("2");
    in.flat_map([](const S& key, S value, const RecordContext& c) {
        return std::vector{std::pair(key, std::move(value) + described(c))};
      }).to("3");
    in.flat_map_values([](const S&, const RecordContext& c) { return std::vector{described(c), S("x")}; }).to("4");
    in.select_key([](const S&, const RecordContext& c) { return described(c); }).to("5");
    in.filter([](const S&, const RecordContext& c) { return c.timestamp > 10; }).to("6");
    in.filter_not([](const S&, const S&, RecordContext c) { return c.timestamp > 10; }).to("7");
    in.peek([seen](const S& value, const RecordContext& c) { seen->push_back(value + " " + described(c)); }).to("8");
    in.for_each([seen](const S&, const S&, const RecordContext& c) { seen->push_back(described(c)); });
    in.split()
        .branch([](const S&, const RecordContext& c) { return c.timestamp > 10; },
                Branched::with_consumer<S, S>([](const KStream<S, S>& late) { late.to("9-late"); }))
        .default_branch(Branched::with_consumer<S, S>([](const KStream<S, S>& early) { early.to("9-early"); }));
  });
  check(topology, {{"in a=1 @10 h=1",
                    {"1 a1=in-0@0:10:h=1 @10 h=1", "2 a=in-0@0:10:h=1 @10 h=1", "3 a=1in-0@0:10:h=1 @10 h=1",
                     "4 a=in-0@0:10:h=1 @10 h=1", "4 a=x @10 h=1", "5 in-0@0:10:h=1=1 @10 h=1", "7 a=1 @10 h=1",
                     "8 a=1 @10 h=1", "9-early a=1 @10 h=1"}},
                   {"in a=2 @11",
                    {"1 a1=in-0@1:11 @11", "2 a=in-0@1:11 @11", "3 a=2in-0@1:11 @11", "4 a=in-0@1:11 @11", "4 a=x @11",
                     "5 in-0@1:11=2 @11", "6 a=2 @11", "8 a=2 @11", "9-late a=2 @11"}}});
  BOOST_TEST(*seen == (std::vector<S>{"1 in-0@0:10:h=1", "in-0@0:10:h=1", "2 in-0@1:11", "in-0@1:11"}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(are_those_of_the_record_at_the_operator) {
  class Later final : public Processor<S, S, S, S> {
    void process(Record<S, S> record) override {
      record.timestamp += 100;
      record.headers.add("new", "1");
      context().forward(std::move(record));
    }
  };
  const auto topology = from_in<S, S>([](const auto& in) {
    in.process([] { return std::make_unique<Later>(); })
        .map_values([](const S&, const RecordContext& c) { return described(c); })
        .to("out");
  });
  check(topology, {{"in a=1 @10 h=1", {"out a=in-0@0:110:h=1:new=1 @110 h=1 new=1"}}});
}

BOOST_AUTO_TEST_CASE(are_given_to_functions_that_skip_nulls) {
  const auto topology = from_in<N, N>([](const auto& in) {
    in.map_values([](const S& value, const RecordContext& c) { return value + described(c); }).to("1");
    in.filter([](const S&, const RecordContext& c) { return c.timestamp > 10; }).to("2");
    in.flat_map_values([](const N&, const S&, const RecordContext& c) { return std::vector{described(c)}; }).to("3");
    in.map_values([](const N& value, const RecordContext& c) { return text(value) + described(c); }).to("4");
  });
  check(topology, {{"in a=1 @10", {"1 a=1in-0@0:10 @10", "3 a=in-0@0:10 @10", "4 a=1in-0@0:10 @10"}},
                   {"in a=null @11", {"1 a=null @11", "2 a=null @11", "3 a=null @11", "4 a=nullin-0@1:11 @11"}}});
}

BOOST_AUTO_TEST_CASE(may_outlive_the_call_as_a_copy_of_a_field) {
  const auto topology = from_in<S, S>([](const auto& in) {
    in.map_values([](const S&, const RecordContext& c) -> const S& { return c.topic; }).to("out");
  });
  check(topology, {{"in a=1 @10", {"out a=in @10"}}});
}

BOOST_AUTO_TEST_CASE(are_given_to_selectors_of_groupings_and_of_global_tables) {
  StreamsBuilder builder;
  const auto names = builder.global_table<S, S>("names");
  const auto in = builder.stream<S, S>("in");
  in.join(
        names, [](const S&, const RecordContext& c) { return std::to_string(c.timestamp); },
        [](const S& value, const S& name) { return value + name; })
      .to("joined");
  in.group_by([](const S&, const RecordContext& c) { return "t" + std::to_string(c.timestamp / 10); })
      .count()
      .to("counts");
  check(builder.build(), {{"names 10=ten @1", {}},
                          {"in a=1 @10", {"counts t1=" + S("\0\0\0\0\0\0\0\1", 8) + " @10", "joined a=1ten @10"}},
                          {"in a=2 @11", {"counts t1=" + S("\0\0\0\0\0\0\0\2", 8) + " @11"}}});
}

BOOST_AUTO_TEST_CASE(are_given_to_the_text_of_print) {
  std::ostringstream shown;
  auto* const before = std::cout.rdbuf(shown.rdbuf());
  {
    Timeline timeline(from_in<S, S>([](const auto& in) {
      in.print(Printed::to_sys_out().with_label("p"),
               [](const S& value, const RecordContext& c) { return value + " " + described(c); });
    }));
    (void)timeline.feed("in a=1 @10");
  }
  std::cout.rdbuf(before);
  BOOST_TEST(shown.str() == "[p]: 1 in-0@0:10\n");
}

BOOST_AUTO_TEST_SUITE_END()
