// SPDX-License-Identifier: Apache-2.0
#define BOOST_TEST_DYN_LINK
#include <boost/test/unit_test.hpp>

#include "unit/dsl/join_topologies.hpp"
#include "unit/dsl/windows.hpp"

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

BOOST_AUTO_TEST_CASE(keeps_stream_time_and_the_slots_of_punctuations) {
  class Ticking final : public Processor<S, S> {
    void init(ProcessorContext<S, S>& context) override {
      Processor::init(context);
      context.schedule(10ms, PunctuationType::stream_time, [this](Timestamp now) {
        this->context().forward({"tick", std::to_string(now), now, {}});
      });
    }
    void process(Record<S, S> record) override {
      context().forward({"time", std::to_string(context().current_stream_time_ms()), record.timestamp, {}});
    }
  };
  StreamsBuilder builder;
  builder.stream<S, S>("in").process([] { return std::make_unique<Ticking>(); }).to("out");
  Timeline timeline(builder.build());
  check(timeline,
        {{"in a=1 @103", {"out time=103 @103", "out tick=103 @103"}}, {"in a=1 @104", {"out time=104 @104"}}});
  timeline.driver().restart();
  check(timeline, {{"in a=1 @101", {"out time=104 @101"}},
                   {"in a=1 @109", {"out time=109 @109"}},
                   {"in a=1 @110", {"out time=110 @110", "out tick=110 @110"}}});
}

BOOST_AUTO_TEST_CASE(keeps_the_time_of_topics_that_match_a_pattern) {
  class Times final : public Processor<S, S> {
    void process(Record<S, S> record) override {
      context().forward({"time", std::to_string(context().current_stream_time_ms()), record.timestamp, {}});
    }
  };
  StreamsBuilder builder;
  builder.stream<S, S>(Pattern{"in.*"}).process([] { return std::make_unique<Times>(); }).to("out");
  Timeline timeline(builder.build());
  check(timeline, {{"in1 a=1 @103", {"out time=103 @103"}}});
  timeline.driver().restart();
  check(timeline, {{"in1 a=1 @101", {"out time=103 @101"}}, {"in2 a=1 @101", {"out time=103 @101"}}});
}

BOOST_AUTO_TEST_CASE(keeps_the_times_of_the_streams_of_a_cogroup_apart) {
  StreamsBuilder builder;
  const auto add = [](const S&, const S& value, const S& all) { return all + value; };
  const auto left = builder.stream<S, S>("l").group_by_key();
  const auto right = builder.stream<S, S>("r").group_by_key();
  show(left.cogroup<S>(add)
           .cogroup(right, add)
           .windowed_by(TimeWindows::of_size_with_no_grace(10ms))
           .aggregate([] { return S(); }, Materialized::as("w").with_retention(1s)),
       "out");
  Timeline timeline(builder.build());
  check(timeline, {{"l a=1 @5", {"out a[0,10)=1 @5"}}, {"l a=2 @15", {"out a[10,20)=2 @15"}}});
  timeline.driver().restart();
  // Only the left stream has seen time 15. So for the right stream, time 6 is not late.
  check(timeline, {{"l a=3 @6", {}}, {"r a=4 @6", {"out a[0,10)=14 @6"}}, {"r a=5 @25", {"out a[20,30)=5 @25"}}});
  timeline.driver().restart();
  check(timeline, {{"r a=6 @16", {}}, {"l a=7 @16", {"out a[10,20)=27 @16"}}});
}

BOOST_AUTO_TEST_CASE(emits_unmatched_records_that_waited_before_it) {
  // Without time difference and grace, Kafka Streams searches for closed windows only if a record has waited since the
  // restart.
  for (const StoreMedium medium : kMedia) {
    Timeline timeline(join_topology(Kind::left, no_grace(0ms), StreamJoined().with_store_type(medium)));
    check(timeline, {{"l a=L @100", {}}});
    timeline.driver().restart();
    check(timeline, {{"r b=R @116", {"out a=L+null @100"}}});
  }
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
