// SPDX-License-Identifier: Apache-2.0
#define BOOST_TEST_DYN_LINK
#include <boost/test/unit_test.hpp>
#include <functional>

#include "unit/dsl/timeline.hpp"

using namespace millrace;
using namespace millrace::test;

namespace {

using Context = ProcessorContext<S, S>;

/// A processor whose body is a function of context and record.
class Scripted final : public Processor<S, S> {
 public:
  using Init = std::function<void(Context&)>;
  using Body = std::function<void(Context&, Record<S, S>)>;
  Scripted(Init init, Body body) : init_(std::move(init)), body_(std::move(body)) {}

  void init(Context& context) override {
    Processor::init(context);
    if (init_) init_(context);
  }
  void process(Record<S, S> record) override {
    if (body_) body_(context(), std::move(record));
  }

 private:
  Init init_;
  Body body_;
};

auto scripted(Scripted::Init init, Scripted::Body body) {
  return [init, body] { return std::make_unique<Scripted>(init, body); };
}

void pass_on(Context& context, Record<S, S> record) { context.forward(std::move(record)); }

/// Builds in -> processor -> out.
template <class F>
Topology with_processor(F supplier, const std::vector<S>& stores = {}) {
  StreamsBuilder builder;
  for (const S& store : stores) builder.add_state_store(Stores::key_value_store<S, S>(store));
  builder.stream<S, S>("in").process(supplier, stores).to("out");
  return builder.build();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(Process)

BOOST_AUTO_TEST_CASE(remembers_in_a_store) {
  const auto body = [](Context& context, Record<S, S> record) {
    auto& store = context.get_state_store<KeyValueStore<S, S>>("st");
    const auto before = store.get(record.key);
    store.put(record.key, record.value);
    context.forward(record.with_value(text(before) + ">" + record.value));
  };
  check(with_processor(scripted({}, body), {"st"}), {{"in a=1 @10", {"out a=null>1 @10"}},
                                                     {"in a=2 @5 h=1", {"out a=1>2 @5 h=1"}},
                                                     {"in b=3 @11", {"out b=null>3 @11"}}});
}

BOOST_AUTO_TEST_CASE(shares_a_store_between_processors) {
  const auto body = [](Context& context, Record<S, S> record) {
    auto& store = context.get_state_store<KeyValueStore<S, S>>("st");
    const S all = store.get(record.key).value_or("") + record.value;
    store.put(record.key, all);
    context.forward(record.with_value(all));
  };
  StreamsBuilder builder;
  builder.add_state_store(Stores::key_value_store<S, S>("st"));
  builder.stream<S, S>("a").process(scripted({}, body), {"st"}).to("out-a");
  builder.stream<S, S>("b").process(scripted({}, body), {"st"}).to("out-b");
  check(builder.build(),
        {{"a k=1 @1", {"out-a k=1 @1"}}, {"b k=2 @2", {"out-b k=12 @2"}}, {"a k=3 @3", {"out-a k=123 @3"}}});
}

BOOST_AUTO_TEST_CASE(iterates_over_a_store_in_order_and_removes_entries) {
  const auto body = [](Context& context, Record<S, S> record) {
    auto& store = context.get_state_store<KeyValueStore<S, S>>("st");
    S seen;
    if (record.key == "range") {
      for (const auto& entry : store.range("b", "c")) seen += entry.key + entry.value;
    } else if (record.key == "reverse") {
      for (const auto& entry : store.reverse_all()) seen += entry.key + entry.value;
    } else if (record.key == "remove") {
      seen = text(store.remove(record.value));
    } else if (record.key == "absent") {
      seen = text(store.put_if_absent(record.value, "9"));
    } else {
      store.put(record.key, record.value);
    }
    context.forward(record.with_value(seen));
  };
  check(with_processor(scripted({}, body), {"st"}), {{"in b=2 @1", {"out b= @1"}},
                                                     {"in a=1 @1", {"out a= @1"}},
                                                     {"in c=3 @1", {"out c= @1"}},
                                                     {"in range=x @2", {"out range=b2c3 @2"}},
                                                     {"in reverse=x @3", {"out reverse=c3b2a1 @3"}},
                                                     {"in remove=b @4", {"out remove=2 @4"}},
                                                     {"in remove=b @5", {"out remove=null @5"}},
                                                     {"in absent=a @6", {"out absent=1 @6"}},
                                                     {"in absent=d @7", {"out absent=null @7"}},
                                                     {"in reverse=x @8", {"out reverse=d9c3a1 @8"}}});
}

BOOST_AUTO_TEST_CASE(uses_window_stores) {
  using Windows = WindowStore<S, S>;
  const auto body = [](Context& context, Record<S, S> record) {
    auto& store = context.get_state_store<Windows>("w");
    store.put(record.key, record.value, record.timestamp);
    S seen;
    for (const auto& entry : store.fetch(record.key, record.timestamp - 10, record.timestamp)) {
      seen += std::to_string(entry.key) + entry.value + " ";
    }
    context.forward(record.with_value(seen));
  };
  StreamsBuilder builder;
  builder.add_state_store(Stores::window_store<S, S>("w", 100ms, 10ms));
  builder.stream<S, S>("in").process(scripted({}, body), {"w"}).to("out");
  TopologyTestDriver driver(builder.build());
  auto in = driver.create_input_topic<S, S>("in");
  auto out = driver.create_output_topic<S, S>("out");
  in.pipe_input("a", "x", 5);
  in.pipe_input("a", "y", 15);
  in.pipe_input("a", "z", 16);
  BOOST_TEST(out.read_values_to_list() == (std::vector<S>{"5x ", "5x 15y ", "15y 16z "}),
             boost::test_tools::per_element());
  BOOST_TEST((driver.get_window_store<S, S>("w").fetch("a", 15) == "y"));
}

BOOST_AUTO_TEST_CASE(forwards_any_number_of_records_with_times_and_headers_of_its_own) {
  const auto body = [](Context& context, const Record<S, S>& record) {
    context.forward(record);
    context.forward(record.with_value(S("later")).with_timestamp(record.timestamp + 1000));
    context.forward({"fresh", "no headers", 7, {}});
    auto headers = record.headers;
    headers.add("extra", "added");
    context.forward(record.with_key(S("re-keyed")).with_headers(headers));
  };
  check(with_processor(scripted({}, body)), {{"in a=1 @40 h=1",
                                              {"out a=1 @40 h=1", "out a=later @1040 h=1", "out fresh=no headers @7",
                                               "out re-keyed=1 @40 h=1 extra=added"}}});
}

BOOST_AUTO_TEST_CASE(forwards_to_one_child_by_name) {
  StreamsBuilder builder;
  const auto body = [](Context& context, Record<S, S> record) {
    const S child = record.value;
    context.forward(std::move(record), child);
  };
  const auto stream = builder.stream<S, S>("in").process(scripted({}, body));
  stream.to("left-topic", Produced::as("left"));
  stream.to("right-topic", Produced::as("right"));
  Timeline timeline(builder.build());
  check(timeline, {{"in a=left @1", {"left-topic a=left @1"}}, {"in a=right @2", {"right-topic a=right @2"}}});
  check_contains(error_of<StreamsException>([&] { (void)timeline.feed("in a=middle @3"); }),
                 "processor 'KSTREAM-PROCESSOR-0000000001' forwards a record to 'middle', which does not follow it");
}

BOOST_AUTO_TEST_CASE(knows_where_a_record_came_from) {
  const auto body = [](Context& context, Record<S, S> record) {
    const auto origin = context.record_metadata().value();
    const S place = origin.topic + "/" + std::to_string(origin.partition) + "/" + std::to_string(origin.offset) + " " +
                    context.app_configs().get_string("application.id") + " " + context.task_id().str() + " " +
                    std::to_string(context.current_stream_time_ms()) + " " +
                    std::to_string(context.current_system_time_ms());
    context.forward(std::move(record).with_value(place));
  };
  check(with_processor(scripted({}, body)), {{"in a=1 @40", {"out a=in/0/0 app 0_0 40 1000000 @40"}},
                                             {"in a=1 @30", {"out a=in/0/1 app 0_0 40 1000000 @30"}}});
}

BOOST_AUTO_TEST_CASE(changes_types_and_marks_the_key_as_changed) {
  class Lengths final : public Processor<S, S, std::int32_t, bool> {
    void process(Record<S, S> record) override {
      context().forward(record.with_key(static_cast<std::int32_t>(record.value.size())).with_value(true));
    }
  };
  StreamsBuilder builder;
  builder.stream<S, S>("in")
      .process([] { return std::make_unique<Lengths>(); })
      .group_by_key()
      .count(Materialized::as("c"));
  TopologyTestDriver driver(builder.build());
  driver.create_input_topic<S, S>("in").pipe_input("a", "abc", 1);
  auto& counts = driver.get_timestamped_key_value_store<std::int32_t, std::int64_t>("c");
  BOOST_TEST(counts.get(3)->value == 1);
  BOOST_TEST(driver.produced_topic_names().contains("topology-test-driver-c-repartition"));
}

BOOST_AUTO_TEST_CASE(is_made_and_closed_once_per_task) {
  struct Life {
    int made = 0;
    int closed = 0;
  };
  class Mortal final : public Processor<S, S> {
   public:
    explicit Mortal(std::shared_ptr<Life> life) : life_(std::move(life)) { ++life_->made; }
    void process(Record<S, S>) override {}
    void close() override { ++life_->closed; }

   private:
    std::shared_ptr<Life> life_;
  };
  auto life = std::make_shared<Life>();
  const auto topology = with_processor([life] { return std::make_unique<Mortal>(life); });
  BOOST_TEST(life->made == 0);
  { const TopologyTestDriver first(topology); }
  { const TopologyTestDriver second(topology); }
  BOOST_TEST(life->made == 2);
  BOOST_TEST(life->closed == 2);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(ProcessValues)

BOOST_AUTO_TEST_CASE(keeps_the_key_and_needs_no_repartition) {
  class Numbered final : public FixedKeyProcessor<S, S, std::int32_t> {
    void init(FixedKeyProcessorContext<S, std::int32_t>& context) override {
      FixedKeyProcessor::init(context);
      store_ = &context.get_state_store<KeyValueStore<S, std::int32_t>>("numbers");
    }
    void process(FixedKeyRecord<S, S> record) override {
      const std::int32_t number = store_->get(record.key()).value_or(0) + 1;
      store_->put(record.key(), number);
      context().forward(record.with_value(number).with_timestamp(record.timestamp() + 1));
    }
    KeyValueStore<S, std::int32_t>* store_ = nullptr;
  };
  StreamsBuilder builder;
  builder.add_state_store(Stores::key_value_store<S, std::int32_t>("numbers", StoreMedium::in_memory));
  const auto numbered =
      builder.stream<S, S>("in").process_values([] { return std::make_unique<Numbered>(); }, {"numbers"});
  numbered.map_values([](std::int32_t number) { return std::to_string(number); }).to("out");
  numbered.group_by_key().count(Materialized::as("c"));
  Timeline timeline(builder.build());
  check(timeline, {{"in a=x @1 h=1", {"out a=1 @2 h=1"}}, {"in a=y @5", {"out a=2 @6"}}});
  BOOST_TEST(timeline.internal_topics() == (std::set<S>{"app-c-changelog", "app-numbers-changelog"}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(Punctuation)

namespace {

Scripted::Init every(Millis interval, PunctuationType type, const S& name) {
  return [=](Context& context) {
    context.schedule(interval, type, [&context, name](Timestamp now) {
      context.forward({name, std::to_string(now), now, {}});
    });
  };
}

}  // namespace

BOOST_AUTO_TEST_CASE(by_stream_time_runs_at_multiples_of_its_interval_and_skips_missed_ones) {
  check(with_processor(scripted(every(10ms, PunctuationType::stream_time, "tick"), {})),
        {{"in a=1 @103", {"out tick=103 @103"}},
         {"in a=1 @109", {}},
         {"in a=1 @110", {"out tick=110 @110"}},
         {"in a=1 @104", {}},
         {"in a=1 @145", {"out tick=145 @145"}},
         {"in a=1 @146", {}},
         {"in a=1 @150", {"out tick=150 @150"}}});
}

BOOST_AUTO_TEST_CASE(by_wall_clock_runs_first_after_one_interval_and_once_per_advance) {
  Timeline timeline(with_processor(scripted(every(10ms, PunctuationType::wall_clock_time, "wall"), pass_on)));
  const auto advance = [&](Millis by) {
    timeline.driver().advance_wall_clock_time(by);
    return timeline.take();
  };
  using Lines = std::vector<S>;
  BOOST_TEST((advance(9ms) == Lines{}));
  BOOST_TEST((timeline.feed("in a=1 @999") == Lines{"out a=1 @999"}));
  BOOST_TEST((advance(1ms) == Lines{"out wall=1000010 @1000010"}));
  BOOST_TEST((advance(35ms) == Lines{"out wall=1000045 @1000045"}));
  BOOST_TEST((advance(4ms) == Lines{}));
  BOOST_TEST((advance(1ms) == Lines{"out wall=1000050 @1000050"}));
}

BOOST_AUTO_TEST_CASE(can_cancel_itself) {
  const auto init = [](Context& context) {
    auto schedule = std::make_shared<Cancellable>();
    auto left = std::make_shared<int>(2);
    *schedule = context.schedule(10ms, PunctuationType::stream_time, [&context, schedule, left](Timestamp now) {
      context.forward({"tick", std::to_string(now), now, {}});
      if (--*left == 0) schedule->cancel();
    });
  };
  check(
      with_processor(scripted(init, {})),
      {{"in a=1 @5", {"out tick=5 @5"}}, {"in a=1 @10", {"out tick=10 @10"}}, {"in a=1 @20", {}}, {"in a=1 @30", {}}});
}

BOOST_AUTO_TEST_CASE(may_be_scheduled_by_a_punctuation) {
  const auto init = [](Context& context) {
    context.schedule(1h, PunctuationType::stream_time, [&context](Timestamp) {
      context.schedule(10ms, PunctuationType::stream_time, [&context](Timestamp now) {
        context.forward({"inner", std::to_string(now), now, {}});
      });
    });
  };
  check(with_processor(scripted(init, {})), {{"in a=1 @5", {"out inner=5 @5"}}, {"in a=1 @6", {}}});
}

BOOST_AUTO_TEST_CASE(has_no_record_metadata) {
  const auto init = [](Context& context) {
    context.schedule(10ms, PunctuationType::stream_time, [&context](Timestamp now) {
      context.forward({"origin", context.record_metadata() ? "some" : "none", now, {}});
    });
  };
  check(with_processor(scripted(init, {})), {{"in a=1 @5 h=1", {"out origin=none @5"}}});
}

BOOST_AUTO_TEST_CASE(empties_a_store) {
  const auto init = [](Context& context) {
    context.schedule(100ms, PunctuationType::stream_time, [&context](Timestamp now) {
      auto& store = context.get_state_store<KeyValueStore<S, S>>("st");
      std::vector<S> keys;
      for (const auto& entry : store.all()) {
        context.forward({entry.key, entry.value, now, {}});
        keys.push_back(entry.key);
      }
      for (const S& key : keys) store.remove(key);
    });
  };
  const auto body = [](Context& context, const Record<S, S>& record) {
    context.get_state_store<KeyValueStore<S, S>>("st").put(record.key, record.value);
  };
  check(with_processor(scripted(init, body), {"st"}),
        {{"in a=1 @1000", {"out a=1 @1000"}},
         {"in b=2 @1050", {}},
         {"in a=3 @1099", {}},
         {"in c=4 @1100", {"out a=3 @1100", "out b=2 @1100", "out c=4 @1100"}},
         {"in a=5 @1020", {}},
         {"in a=6 @1450", {"out a=6 @1450"}}});
}

BOOST_AUTO_TEST_CASE(needs_an_interval_of_at_least_a_millisecond) {
  StreamsBuilder builder;
  builder.stream<S, S>("in").process(scripted(every(0ms, PunctuationType::stream_time, "tick"), {}), {},
                                     Named::as("ticker"));
  const auto topology = builder.build();
  check_contains(error_of([&] { const TopologyTestDriver driver(topology); }),
                 "processor 'ticker' schedules a punctuation every 0 ms");
}

BOOST_AUTO_TEST_SUITE_END()
