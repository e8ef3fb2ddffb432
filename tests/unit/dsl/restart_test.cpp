#define BOOST_TEST_DYN_LINK
#include <boost/test/unit_test.hpp>

#include "unit/dsl/join_topologies.hpp"

using namespace millrace;
using namespace millrace::test;

namespace {

const auto kMedia = {StoreMedium::rocksdb, StoreMedium::in_memory};

}  // namespace

BOOST_AUTO_TEST_SUITE(Restart)

BOOST_AUTO_TEST_CASE(keeps_aggregates) {
  for (const StoreMedium medium : kMedia) {
    StreamsBuilder builder;
    builder.stream<S, S>("in")
        .group_by_key()
        .reduce([](const S& all, const S& value) { return all + value; }, Materialized::as("r").with_store_type(medium))
        .to_stream()
        .to("out");
    Timeline timeline(builder.build());
    check(timeline, {{"in a=1 @5", {"out a=1 @5"}}, {"in b=1 @6", {"out b=1 @6"}}});
    timeline.driver().restart();
    check(timeline, {{"in a=2 @3", {"out a=12 @5"}}});
    timeline.driver().restart();
    check(timeline, {{"in a=3 @7", {"out a=123 @7"}}, {"in b=2 @8", {"out b=12 @8"}}});
  }
}

BOOST_AUTO_TEST_CASE(keeps_the_records_that_wait_for_a_match) {
  for (const StoreMedium medium : kMedia) {
    Timeline timeline(join_topology(Kind::inner, no_grace(10ms), StreamJoined().with_store_type(medium)));
    check(timeline, {{"l a=L1 @100", {}}, {"l a=L2 @101", {}}});
    timeline.driver().restart();
    check(timeline, {{"r a=R @105", {"out a=L1+R @105", "out a=L2+R @105"}}});
  }
}

BOOST_AUTO_TEST_CASE(emits_unmatched_records_that_waited_before) {
  for (const StoreMedium medium : kMedia) {
    Timeline timeline(join_topology(Kind::outer, with_grace(10ms, 5ms), StreamJoined().with_store_type(medium)));
    check(timeline, {{"l a=L @100", {}}});
    timeline.driver().restart();
    check(timeline, {{"r b=R @116", {"out a=L+null @100"}}});
    timeline.driver().restart();
    check(timeline, {{"l c=L @131", {}}, {"l d=L @132", {"out b=null+R @116"}}});
  }
}

BOOST_AUTO_TEST_CASE(keeps_all_records_of_one_key_and_time_that_wait_for_a_versioned_table) {
  StreamsBuilder builder;
  const auto stream = builder.stream<S, S>("l");
  const auto table = builder.table<S, S>("r", Materialized::as_versioned("history", 1s));
  stream.join(table, Plus(), Joined().with_grace_period(10ms)).to("out");
  Timeline timeline(builder.build());
  check(timeline, {{"r a=R @100", {}}, {"l a=L1 @100", {}}});
  timeline.driver().restart();
  check(timeline, {{"l a=L2 @100", {}}, {"l b=L @110", {"out a=L1+R @100", "out a=L2+R @100"}}});
}

BOOST_AUTO_TEST_CASE(empties_join_windows_kept_in_memory_by_default_dsl_store) {
  const auto matches_after_restart = [](const S& store) {
    Timeline timeline(join_topology(Kind::inner, no_grace(10ms), StreamJoined().with_logging_disabled()),
                      StreamsConfig().set("default.dsl.store", store));
    check(timeline, {{"l a=L @100", {}}});
    timeline.driver().restart();
    return timeline.feed("r a=R @105");
  };
  BOOST_TEST((matches_after_restart("rocksDB") == std::vector<S>{"out a=L+R @105"}));
  BOOST_TEST(matches_after_restart("in_memory").empty());
}

BOOST_AUTO_TEST_CASE(resets_stream_time_and_punctuations) {
  class Ticking final : public Processor<S, S> {
    void init(ProcessorContext<S, S>& context) override {
      Processor::init(context);
      context.schedule(10ms, PunctuationType::stream_time, [this](Timestamp now) {
        this->context().forward({"tick", std::to_string(now), now, {}});
      });
    }
    void process(Record<S, S>) override {}
  };
  StreamsBuilder builder;
  builder.stream<S, S>("in").process([] { return std::make_unique<Ticking>(); }).to("out");
  Timeline timeline(builder.build());
  check(timeline, {{"in a=1 @103", {"out tick=103 @103"}}, {"in a=1 @104", {}}});
  timeline.driver().restart();
  check(timeline, {{"in a=1 @104", {"out tick=104 @104"}}});
}

BOOST_AUTO_TEST_CASE(empties_stores_that_are_neither_durable_nor_logged) {
  StreamsBuilder builder;
  builder.stream<S, S>("in")
      .group_by_key()
      .reduce([](const S& all, const S& value) { return all + value; },
              Materialized::as("r").with_store_type(StoreMedium::in_memory).with_logging_disabled())
      .to_stream()
      .to("out");
  Timeline timeline(builder.build());
  check(timeline, {{"in a=1 @5", {"out a=1 @5"}}});
  timeline.driver().restart();
  check(timeline, {{"in a=2 @6", {"out a=2 @6"}}});
}

BOOST_AUTO_TEST_SUITE_END()
