// SPDX-License-Identifier: Apache-2.0
// Times and durations at the ends of their range. If a sum is too large, the largest number is used. In Kafka Streams
// such a sum overflows.
#define BOOST_TEST_DYN_LINK
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <functional>
#include <ostream>

#include "unit/dsl/join_topologies.hpp"
#include "unit/dsl/windows.hpp"

using namespace millrace;
using namespace millrace::test;

namespace {

namespace data = boost::unit_test::data;

constexpr Timestamp kMax = INT64_MAX;
constexpr Timestamp kQuarter = std::int64_t{1} << 62;

S line(const S& before, Timestamp timestamp) { return before + " @" + std::to_string(timestamp); }
S at(Timestamp timestamp) { return " @" + std::to_string(timestamp); }
S window(Timestamp start, Timestamp end) { return "[" + std::to_string(start) + "," + std::to_string(end) + ")="; }

/// A topology that is made from a time (such as a window size) and a grace period.
struct Operator {
  const char* name;
  bool reads_right;
  std::function<void(StreamsBuilder&, Millis time, Millis grace, StoreMedium)> build;
};
std::ostream& operator<<(std::ostream& out, const Operator& one) { return out << one.name; }

auto counted(StoreMedium medium) { return Materialized::as("c").with_store_type(medium); }

template <class Make>
Operator windowed_count(const char* name, Make make) {
  return {name, true, [make](StreamsBuilder& builder, Millis time, Millis grace, StoreMedium medium) {
            show(builder.stream<S, S>("l").group_by_key().windowed_by(make(time, grace)).count(counted(medium)), "out");
            show(builder.stream<S, S>("r")
                     .group_by_key()
                     .windowed_by(make(time, grace))
                     .count(Materialized::as("s").with_store_type(medium))
                     .suppress(Suppressed::until_window_closes(BufferConfig::unbounded())),
                 "suppressed");
          }};
}

template <class Make>
Operator windowed_count_on_close(const char* name, Make make) {
  return {name, false, [make](StreamsBuilder& builder, Millis time, Millis grace, StoreMedium medium) {
            show(builder.stream<S, S>("l")
                     .group_by_key()
                     .windowed_by(make(time, grace))
                     .emit_strategy(EmitStrategy::on_window_close())
                     .count(counted(medium)),
                 "out");
          }};
}

Operator join_of_streams(const char* name, Kind kind) {
  return {name, true, [kind](StreamsBuilder& builder, Millis time, Millis grace, StoreMedium medium) {
            join_as(kind, builder.stream<S, S>("l"), builder.stream<S, S>("r"),
                    JoinWindows::of_time_difference_and_grace(time, grace), StreamJoined().with_store_type(medium))
                .to("out");
          }};
}

std::vector<Operator> operators() {
  const auto tumbling = [](Millis time, Millis grace) { return TimeWindows::of_size_and_grace(time, grace); };
  const auto hopping = [](Millis time, Millis grace) {
    return TimeWindows::of_size_and_grace(time, grace).advance_by(Millis((time.count() - 1) / 2 + 1));
  };
  const auto sliding = [](Millis time, Millis grace) {
    return SlidingWindows::of_time_difference_and_grace(time, grace);
  };
  const auto session = [](Millis time, Millis grace) {
    return SessionWindows::of_inactivity_gap_and_grace(time, grace);
  };
  return {windowed_count("tumbling", tumbling),
          windowed_count("hopping", hopping),
          windowed_count("sliding", sliding),
          windowed_count("session", session),
          windowed_count_on_close("tumbling, on close", tumbling),
          windowed_count_on_close("hopping, on close", hopping),
          windowed_count_on_close("sliding, on close", sliding),
          windowed_count_on_close("session, on close", session),
          join_of_streams("inner join", Kind::inner),
          join_of_streams("left join", Kind::left),
          join_of_streams("outer join", Kind::outer),
          {"self join", false,
           [](StreamsBuilder& builder, Millis time, Millis grace, StoreMedium medium) {
             const auto stream = builder.stream<S, S>("l");
             stream
                 .join(stream, Plus(), JoinWindows::of_time_difference_and_grace(time, grace),
                       StreamJoined().with_store_type(medium))
                 .to("out");
           }},
          {"join that looks back only", true,
           [](StreamsBuilder& builder, Millis time, Millis grace, StoreMedium medium) {
             builder.stream<S, S>("l")
                 .outer_join(builder.stream<S, S>("r"), Plus(),
                             JoinWindows::of_time_difference_and_grace(time, grace).after(-time),
                             StreamJoined().with_store_type(medium))
                 .to("out");
           }},
          {"join with a versioned table", true,
           [](StreamsBuilder& builder, Millis time, Millis grace, StoreMedium) {
             const auto table = builder.table<S, S>("r", Materialized::as_versioned("v", std::max(time, grace)));
             builder.stream<S, S>("l").join(table, Plus(), Joined().with_grace_period(grace)).to("out");
           }},
          {"suppress until a time limit", false,
           [](StreamsBuilder& builder, Millis time, Millis, StoreMedium) {
             builder.table<S, S>("l", Materialized::as("t"))
                 .suppress(Suppressed::until_time_limit(time, BufferConfig::unbounded()))
                 .to_stream()
                 .to("out");
           }},
          {"punctuation", false, [](StreamsBuilder& builder, Millis time, Millis, StoreMedium) {
             class Ticking final : public Processor<S, S> {
              public:
               explicit Ticking(Millis interval) : interval_(interval) {}
               void init(ProcessorContext<S, S>& context) override {
                 Processor::init(context);
                 for (const auto type : {PunctuationType::stream_time, PunctuationType::wall_clock_time}) {
                   context.schedule(interval_, type, [this](Timestamp now) {
                     this->context().forward({"tick", std::to_string(now), now, {}});
                   });
                   context.schedule(kMax, interval_, type, [](Timestamp) {});
                 }
               }
               void process(Record<S, S>) override {}

              private:
               Millis interval_;
             };
             builder.stream<S, S>("l").process([time] { return std::make_unique<Ticking>(time); }).to("out");
           }}};
}

const auto kMedia = {StoreMedium::rocksdb, StoreMedium::in_memory};

}  // namespace

BOOST_AUTO_TEST_SUITE(ExtremeTimes)

/// Nothing may hang or fail. The undefined-behaviour sanitizer finds sums that overflow.
BOOST_DATA_TEST_CASE(are_accepted_by_each_operator, data::make(operators()), one) {
  for (const Millis time : {1ms, 10ms, Millis(kQuarter), Millis(kMax)}) {
    for (const Millis grace : {0ms, 10ms, Millis(kQuarter), Millis(kMax)}) {
      for (const StoreMedium medium : kMedia) {
        BOOST_TEST_CONTEXT("time " << time.count() << " grace " << grace.count()) {
          StreamsBuilder builder;
          one.build(builder, time, grace, medium);
          Timeline timeline(builder.build(StreamsConfig().set("topology.optimization", "single.store.self.join")),
                            StreamsConfig().set("default.timestamp.extractor", "LogAndSkipOnInvalidTimestamp"));
          for (const Timestamp timestamp : {Timestamp{-1}, Timestamp{0}, Timestamp{1}, Timestamp{15}, kQuarter - 1,
                                            kQuarter, kMax - 1, kMax, kMax, Timestamp{5}, kQuarter, kMax - 1}) {
            (void)timeline.feed(line("l a=x", timestamp));
            if (one.reads_right) (void)timeline.feed(line("r a=y", timestamp));
          }
          timeline.driver().restart();
          (void)timeline.feed(line("l a=x", kMax));
        }
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(are_counted_in_the_last_tumbling_window) {
  constexpr Timestamp kStart = kMax / 10 * 10;
  for (const StoreMedium medium : kMedia) {
    Timeline timeline(windowed([&](const auto& stream) {
      return stream.windowed_by(TimeWindows::of_size_with_no_grace(10ms)).count(counted(medium));
    }));
    check(timeline, {{line("in a=1", kMax - 1), {"out a" + window(kStart, kMax) + "1" + at(kMax - 1)}},
                     {line("in a=1", kMax), {"out a" + window(kStart, kMax) + "2" + at(kMax)}},
                     {"in a=1 @5", {}}});
    BOOST_TEST(drops(timeline.driver()) == "expired-window 1");
  }
}

BOOST_AUTO_TEST_CASE(are_counted_in_the_last_sliding_windows) {
  for (const StoreMedium medium : kMedia) {
    Timeline timeline(windowed([&](const auto& stream) {
      return stream.windowed_by(SlidingWindows::of_time_difference_with_no_grace(5ms)).count(counted(medium));
    }));
    check(timeline,
          {{line("in a=1", kMax - 3), {"out a" + window(kMax - 8, kMax - 3) + "1" + at(kMax - 3)}},
           {line("in a=1", kMax),
            {"out a" + window(kMax - 2, kMax) + "1" + at(kMax), "out a" + window(kMax - 5, kMax) + "2" + at(kMax)}},
           {line("in a=1", kMax),
            {"out a" + window(kMax - 2, kMax) + "2" + at(kMax), "out a" + window(kMax - 5, kMax) + "3" + at(kMax)}},
           {"in a=1 @5", {}}});
  }
}

BOOST_AUTO_TEST_CASE(are_counted_in_the_last_session) {
  for (const StoreMedium medium : kMedia) {
    Timeline timeline(windowed([&](const auto& stream) {
      return stream.windowed_by(SessionWindows::of_inactivity_gap_with_no_grace(5ms)).count(counted(medium));
    }));
    check(timeline, {{line("in a=1", kMax - 3), {"out a" + window(kMax - 3, kMax - 3) + "1" + at(kMax - 3)}},
                     {line("in a=1", kMax),
                      {"out a" + window(kMax - 3, kMax - 3) + "null" + at(kMax - 3),
                       "out a" + window(kMax - 3, kMax) + "2" + at(kMax)}},
                     {"in a=1 @5", {}}});
  }
}

BOOST_AUTO_TEST_CASE(are_joined) {
  for (const StoreMedium medium : kMedia) {
    Timeline timeline(join_topology(Kind::outer, with_grace(5ms, 0ms), StreamJoined().with_store_type(medium)));
    check(timeline, {{line("l a=L", kMax - 9), {}},
                     {line("l b=L", kMax - 3), {"out a=L+null" + at(kMax - 9)}},
                     {line("r b=R", kMax), {"out b=L+R" + at(kMax)}},
                     {line("r c=R", kMax), {}},
                     {line("l c=L", kMax), {"out c=L+R" + at(kMax)}}});
  }
}

BOOST_AUTO_TEST_CASE(make_a_suppressed_table_emit_everything) {
  StreamsBuilder builder;
  show(builder.stream<S, S>("in")
           .group_by_key()
           .windowed_by(TimeWindows::of_size_with_no_grace(10ms))
           .count()
           .suppress(Suppressed::until_window_closes(BufferConfig::unbounded())),
       "out");
  Timeline timeline(builder.build());
  constexpr Timestamp kStart = kMax / 10 * 10;
  check(timeline, {{"in a=1 @5", {}},
                   {line("in a=1", kMax), {"out a[0,10)=1 @5", "out a" + window(kStart, kMax) + "1" + at(kMax)}},
                   {line("in b=1", kMax), {"out b" + window(kStart, kMax) + "1" + at(kMax)}}});
}

BOOST_AUTO_TEST_CASE(call_a_punctuation_once) {
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
  check(timeline, {{"in a=1 @5", {"out tick=5 @5"}},
                   {line("in a=1", kMax), {"out tick=" + std::to_string(kMax) + at(kMax)}},
                   {line("in a=1", kMax), {}},
                   {"in a=1 @7", {}}});
}

BOOST_AUTO_TEST_SUITE_END()
