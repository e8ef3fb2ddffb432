// SPDX-License-Identifier: Apache-2.0
#define BOOST_TEST_DYN_LINK
#include <boost/test/unit_test.hpp>

#include "unit/dsl/timeline.hpp"

using namespace millrace;
using namespace millrace::test;

namespace {

auto text_of_both() {
  return [](const S& left, const S* right) { return left + "," + text(right); };
}
auto before_colon() {
  return [](const S& value) { return value.substr(0, value.find(':')); };
}

template <class F>
Topology topology_of(F program) {
  StreamsBuilder builder;
  program(builder);
  return builder.build();
}

/// The error of building the topology or starting its first task.
template <class F>
S error_in(F program) {
  return error_of([&] { const TopologyTestDriver driver(topology_of(program)); });
}

}  // namespace

BOOST_AUTO_TEST_SUITE(Tables)

BOOST_AUTO_TEST_CASE(have_a_store_only_if_named_or_needed) {
  const auto stores = [](auto program) {
    TopologyTestDriver driver(topology_of(program));
    return driver.get_all_state_store_names();
  };
  const std::vector<S> none;
  const std::vector<S> source{"in-STATE-STORE-0000000000"};
  const std::vector<S> named{"named"};
  const auto all = [](const S&) { return true; };
  BOOST_TEST(stores([](StreamsBuilder& b) { b.table<S, S>("in").to_stream().to("out"); }) == none);
  BOOST_TEST(stores([&](StreamsBuilder& b) { b.table<S, S>("in").filter(all).to_stream().to("out"); }) == none);
  BOOST_TEST(stores([](StreamsBuilder& b) { b.table<S, S>("in", Materialized::as("named")); }) == named);
  BOOST_TEST(stores([&](StreamsBuilder& b) { b.table<S, S>("in").filter(all, Materialized::as("named")); }) == named);
  BOOST_TEST(stores([&](StreamsBuilder& b) {
               const auto t = b.table<S, S>("in").filter(all);
               b.stream<S, S>("s").left_join(t, text_of_both()).to("out");
             }) == source);
}

BOOST_AUTO_TEST_CASE(follow_default_dsl_store_for_topics_and_aggregations_only) {
  TopologyTestDriver driver(topology_of([](StreamsBuilder& b) {
                              const auto l = b.table<S, S>("l", Materialized::as("left"));
                              const auto r = b.table<S, S>("r", Materialized::as("right"));
                              l.join(r, before_colon(), [](const S& x, const S& y) { return x + y; })
                                  .to_stream()
                                  .group_by_key()
                                  .count(Materialized::as("counted"));
                              l.filter([](const S&) { return true; }, Materialized::as("filtered"));
                            }),
                            StreamsConfig().set("default.dsl.store", "in_memory"));
  std::vector<S> in_memory;
  std::vector<S> in_rocksdb;
  for (const S& name : driver.get_all_state_store_names()) {
    (driver.get_state_store(name).persistent() ? in_rocksdb : in_memory).push_back(name);
  }
  BOOST_TEST(in_memory == (std::vector<S>{"counted", "left", "right"}));
  const S subscriptions = "KTABLE-FK-JOIN-SUBSCRIPTION-STATE-STORE-";
  BOOST_REQUIRE_EQUAL(in_rocksdb.size(), 2);
  BOOST_TEST(in_rocksdb[0].substr(0, subscriptions.size()) == subscriptions);
  BOOST_TEST(in_rocksdb[1] == "filtered");
}

BOOST_AUTO_TEST_CASE(return_their_queryable_store_name) {
  StreamsBuilder b;
  const auto t = b.table<S, S>("in");
  BOOST_TEST(t.queryable_store_name() == "");
  const auto named = b.table<S, S>("other", Materialized::as("named"));
  BOOST_TEST(named.queryable_store_name() == "named");
  BOOST_TEST(t.map_values([](const S& v) { return v.size(); }).queryable_store_name() == "");
  const auto kept = t.map_values([](const S& v) { return static_cast<std::int64_t>(v.size()); }, Materialized::as("m"));
  BOOST_TEST(kept.queryable_store_name() == "m");
}

BOOST_AUTO_TEST_CASE(keep_values_with_their_timestamps) {
  TopologyTestDriver driver(topology_of([](StreamsBuilder& b) { b.table<S, S>("in", Materialized::as("t")); }));
  auto in = driver.create_input_topic<N, N>("in");
  in.pipe_input("a", "1", 10);
  in.pipe_input("a", "2", 5);
  in.pipe_input(std::nullopt, "3", 20);
  auto& store = driver.get_timestamped_key_value_store<S, S>("t");
  BOOST_TEST((store.get("a") == ValueAndTimestamp<S>{"2", 5}));
  BOOST_TEST(drops(driver) == "null-key 1");
  in.pipe_input("a", std::nullopt, 7);
  BOOST_TEST(!store.get("a").has_value());
}

BOOST_AUTO_TEST_CASE(need_a_value_serde_for_a_store) {
  // Not a plain struct: the fields of one would be found, and so its serde.
  struct Opaque {
    explicit Opaque(S given) : text(std::move(given)) {}
    S text;
  };
  const auto wrap = [](const S& v) { return Opaque{v}; };
  // Values that are only forwarded need no serde.
  BOOST_TEST(error_in([&](StreamsBuilder& b) {
               b.table<S, S>("in")
                   .map_values(wrap)
                   .filter([](const Opaque& v) { return !v.text.empty(); })
                   .map_values([](const Opaque& v) { return v.text; })
                   .to_stream()
                   .to("out");
             }) == "");
  check_contains(error_in([&](StreamsBuilder& b) {
                   b.stream<S, S>("in")
                       .map_values(wrap)
                       .to_table(Named::as("opaque"))
                       .group_by([](const S& k, const Opaque&) {
                         return KeyValue<S, S>{k, k};
                       })
                       .count();
                 }),
                 "table 'opaque' must be kept in a store");
  check_contains(error_in([&](StreamsBuilder& b) {
                   b.table<S, S>("in").map_values(wrap).suppress(
                       Suppressed::until_time_limit(1ms, BufferConfig::unbounded()).with_name("held"));
                 }),
                 "'held' must log what it holds back");
}

BOOST_AUTO_TEST_CASE(cannot_read_one_topic_twice) {
  check_contains(error_in([](StreamsBuilder& b) {
                   b.table<S, S>("in");
                   b.stream<S, S>("in").to("out");
                 }),
                 "topic 'in' is read by source 'KSTREAM-SOURCE-0000000001' and again by");
}

BOOST_AUTO_TEST_CASE(cannot_join_tables_of_another_builder) {
  check_contains(error_in([](StreamsBuilder& b) {
                   StreamsBuilder other;
                   b.stream<S, S>("s").left_join(other.table<S, S>("t"), text_of_both()).to("out");
                 }),
                 "belong to two StreamsBuilders");
  check_contains(error_in([](StreamsBuilder& b) {
                   StreamsBuilder other;
                   b.stream<S, S>("s")
                       .left_join(
                           other.global_table<S, S>("t"), [](const S& v) { return v; }, text_of_both())
                       .to("out");
                 }),
                 "belong to two StreamsBuilders");
}

BOOST_AUTO_TEST_CASE(global_stores_need_not_be_connected) {
  check_contains(error_in([](StreamsBuilder& b) {
                   b.global_table<S, S>("t", Materialized::as("everywhere"));
                   class Idle final : public Processor<S, S> {
                     void process(Record<S, S>) override {}
                   };
                   b.stream<S, S>("in").process([] { return std::make_unique<Idle>(); }, {"everywhere"});
                 }),
                 "need not be connected to global store 'everywhere'");
}

BOOST_AUTO_TEST_CASE(ignore_timestamp_extractors_in_global_tables) {
  StreamsBuilder builder;
  (void)builder.global_table<S, S>(
      "in", Consumed().with_timestamp_extractor([](const Record<N, N>&, Timestamp) -> Timestamp { return 7; }),
      Materialized::as("kept"));
  Timeline timeline(builder.build());
  (void)timeline.feed("in a=x @40");
  BOOST_TEST(
      (timeline.driver().get_timestamped_key_value_store<S, S>("kept").get("a") == ValueAndTimestamp<S>{"x", 40}));
}

BOOST_AUTO_TEST_CASE(need_no_name_in_the_materialized_of_a_global_table) {
  check(topology_of([](StreamsBuilder& b) {
          const auto everywhere = b.global_table<S, S>("t", Materialized::as(StoreMedium::in_memory));
          b.stream<S, S>("s")
              .left_join(
                  everywhere, [](const S& key, const S&) { return key; }, text_of_both())
              .to("out");
        }),
        {{"t a=1 @1", {}}, {"s a=x @2", {"out a=x,1 @2"}}, {"s b=y @3", {"out b=y,null @3"}}});
}

BOOST_AUTO_TEST_CASE(refuse_negative_durations) {
  check_contains(error_of([] { (void)Joined::as("j").with_grace_period(-1ms); }), "Joined 'j'");
  check_contains(error_of([] { (void)Suppressed::until_time_limit(-1ms, BufferConfig::unbounded()); }), "Suppressed");
  check_contains(error_of([] { (void)Materialized::as_versioned("v", -1ms); }), "versioned store 'v'");
  check_contains(error_of([] { (void)Materialized::as_versioned("v", 1ms, 0ms); }), "versioned store 'v'");
  check_contains(error_of([] { (void)Materialized().with_retention(-1ms); }), "Materialized");
}

BOOST_AUTO_TEST_CASE(need_names_that_are_valid_topic_names) {
  for (const char* wrong : {"", ".", "..", "not a name!", "a/b", "\xc3\xbc"}) {
    BOOST_CHECK_THROW((void)Named::as(wrong), TopologyException);
    BOOST_CHECK_THROW((void)Materialized::as(wrong), TopologyException);
    BOOST_CHECK_THROW((void)Materialized().with_store_name(wrong), TopologyException);
    BOOST_CHECK_THROW((void)Materialized::as_versioned(wrong, 1s), TopologyException);
    BOOST_CHECK_THROW((void)StreamJoined::as(wrong), TopologyException);
    BOOST_CHECK_THROW((void)StreamJoined().with_this_store(wrong), TopologyException);
    BOOST_CHECK_THROW((void)StreamJoined().with_other_store(wrong), TopologyException);
  }
  BOOST_CHECK_THROW((void)Named::as(S(250, 'x')), TopologyException);
  check_contains(error_of([] { (void)StreamJoined::as("a b"); }),
                 "the store name of StreamJoined 'a b' has characters");
  BOOST_TEST(Named::as(S(249, 'x')).name().size() == 249U);
  check_contains(error_in([](StreamsBuilder& b) {
                   b.table<S, S>("in").group_by(
                       [](const S& k, const S& v) {
                         return KeyValue<S, S>{v, k};
                       },
                       Grouped::as("not a name!"));
                 }),
                 "the name 'not a name!' has characters other than");
}

BOOST_AUTO_TEST_CASE(must_be_versioned_for_a_join_with_grace) {
  const S error = error_in([](StreamsBuilder& b) {
    const auto t = b.table<S, S>("t");
    b.stream<S, S>("s").left_join(t, text_of_both(), Joined::as("waits").with_grace_period(1ms));
  });
  check_contains(error, "'waits'");
  check_contains(error, "not versioned");
}

BOOST_AUTO_TEST_CASE(cannot_be_versioned_and_suppressed_or_global) {
  const auto limit = Suppressed::until_time_limit(1ms, BufferConfig::unbounded());
  check_contains(error_in([&](StreamsBuilder& b) {
                   b.table<S, S>("t", Materialized::as_versioned("v", 1s))
                       .filter([](const S&) { return true; })
                       .suppress(limit.with_name("held"));
                 }),
                 "'held': a versioned table, or one made from one, cannot be suppressed");
  check_contains(error_in([](StreamsBuilder& b) { b.global_table<S, S>("t", Materialized::as_versioned("v", 1s)); }),
                 "global table of topic 't': a global table cannot be versioned");
}

BOOST_AUTO_TEST_CASE(need_windows_for_until_window_closes) {
  check_contains(
      error_in([](StreamsBuilder& b) {
        b.table<S, S>("t").suppress(Suppressed::until_window_closes(BufferConfig::unbounded()).with_name("held"));
      }),
      "'held' waits until windows close, but its table is not windowed");
}

BOOST_AUTO_TEST_CASE(fail_the_task_if_a_suppress_buffer_overflows) {
  Timeline timeline(topology_of([](StreamsBuilder& b) {
    b.table<S, S>("in")
        .suppress(
            Suppressed::until_time_limit(1h, BufferConfig::max_records(1).shut_down_when_full()).with_name("held"))
        .to_stream()
        .to("out");
  }));
  check(timeline, {{"in a=1 @1", {}}, {"in a=2 @2", {}}});
  check_contains(error_of<StreamsException>([&] { timeline.feed("in b=3 @3"); }), "'held' holds back 2 records");
}

BOOST_AUTO_TEST_CASE(keep_suppressed_changes_across_a_restart) {
  Timeline timeline(topology_of([](StreamsBuilder& b) {
    b.table<S, S>("in").suppress(Suppressed::until_time_limit(10ms, BufferConfig::unbounded())).to_stream().to("out");
  }));
  check(timeline, {{"in a=1 @1 h=x", {}}, {"in b=2 @2", {}}, {"in a=3 @4 h=y", {}}});
  timeline.driver().restart();
  check(timeline, {{"in c=4 @11", {"out a=3 @4 h=y"}}});
  timeline.driver().restart();
  check(timeline, {{"in c=5 @12", {"out b=2 @2"}}, {"in d=6 @21", {"out c=5 @12"}}});
}

BOOST_AUTO_TEST_CASE(keep_waiting_stream_records_across_a_restart) {
  Timeline timeline(topology_of([](StreamsBuilder& b) {
    const auto t = b.table<S, S>("t", Materialized::as_versioned("v", 1s));
    b.stream<S, S>("s").left_join(t, text_of_both(), Joined().with_grace_period(10ms)).to("out");
  }));
  check(timeline, {{"t a=old @90", {}}, {"s a=1 @100", {}}, {"s a=2 @100", {}}});
  timeline.driver().restart();
  check(timeline, {{"t a=new @95", {}}, {"s a=3 @105", {}}, {"s b=4 @110", {"out a=1,new @100", "out a=2,new @100"}}});
  timeline.driver().restart();
  check(timeline, {{"s a=5 @94", {"out a=5,old @94"}}, {"s b=6 @115", {"out a=3,new @105"}}});
}

BOOST_AUTO_TEST_CASE(keep_subscriptions_across_a_restart) {
  Timeline timeline(topology_of([](StreamsBuilder& b) {
    const auto l = b.table<S, S>("l");
    l.left_join(b.table<S, S>("r"), before_colon(), text_of_both()).to_stream().to("out");
  }));
  check(timeline, {{"l k=f:1 @1", {"out k=f:1,null @1"}}});
  timeline.driver().restart();
  check(timeline, {{"r f=a @2", {"out k=f:1,a @2"}}, {"l k=g:2 @3", {"out k=g:2,null @3"}}});
  timeline.driver().restart();
  check(timeline, {{"r f=b @4", {}}, {"r g=c @5", {"out k=g:2,c @5"}}});
}

BOOST_AUTO_TEST_CASE(show_headers_to_partitioners_of_foreign_key_joins) {
  auto calls = std::make_shared<std::vector<S>>();
  const auto note = [calls](const S& side) {
    return [calls, side](const S&, const S& key, const Headers& headers, std::int32_t) -> std::optional<std::int32_t> {
      calls->push_back(side + " " + key + " " + (headers.empty() ? "" : headers.begin()->key));
      return std::nullopt;
    };
  };
  Timeline timeline(topology_of([&](StreamsBuilder& b) {
    const auto joined = TableJoined().with_partitioner(note("left")).with_other_partitioner(note("right"));
    b.table<S, S>("l").left_join(b.table<S, S>("r"), before_colon(), text_of_both(), joined).to_stream().to("out");
  }));
  check(timeline, {{"l k=f:1 @1 h=x", {"out k=f:1,null @1 h=x"}}});
  BOOST_TEST(*calls == (std::vector<S>{"right f h", "left k h"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(find_only_exact_foreign_keys) {
  // One foreign key is a prefix of another, and some are neighbours in the order of bytes.
  Timeline timeline(topology_of([](StreamsBuilder& b) {
    const auto l = b.table<S, S>("l");
    l.join(b.table<S, S>("r"), before_colon(), [](const S& x, const S& y) { return x + "," + y; })
        .to_stream()
        .to("out");
  }));
  check(timeline, {{"l 1=f:x @1", {}},
                   {"l 2=ff:x @1", {}},
                   {"l 3=g:x @1", {}},
                   {"l 4=e:x @1", {}},
                   {"r f=a @2", {"out 1=f:x,a @2"}},
                   {"r ff=b @2", {"out 2=ff:x,b @2"}},
                   {"r e=c @2", {"out 4=e:x,c @2"}}});
}

BOOST_AUTO_TEST_SUITE_END()
