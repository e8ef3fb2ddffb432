// SPDX-License-Identifier: Apache-2.0
// What a processor can do with its context.
#define BOOST_TEST_DYN_LINK
#include <boost/test/unit_test.hpp>
#include <fstream>
#include <functional>

#include "millrace/millrace.hpp"
#include "millrace/testing/topology_test_driver.hpp"

using namespace millrace;
using namespace std::chrono_literals;

namespace {

using S = std::string;
using Context = ProcessorContext<S, S>;

/// A processor that runs one function in init() and another for each record.
struct Free final : Processor<S, S> {
  std::function<void(Context&)> start;
  std::function<void(Context&, Record<S, S>)> take;

  void init(Context& context) override {
    Processor::init(context);
    if (start) start(context);
  }
  void process(Record<S, S> record) override {
    if (take) take(context(), std::move(record));
  }
};

/// A test driver with a topology `in` -> processor -> `out`. `now` is the wall clock at the start.
struct Run {
  explicit Run(std::function<void(Context&)> start, std::function<void(Context&, Record<S, S>)> take = nullptr,
               Timestamp now = 1'000)
      : driver(topology(std::move(start), std::move(take)), {}, now) {}

  static Topology topology(std::function<void(Context&)> start, std::function<void(Context&, Record<S, S>)> take) {
    Topology result;
    result.add_source<S, S>("in", {"in"})
        .add_processor("free",
                       [start, take] {
                         auto made = std::make_unique<Free>();
                         made->start = start;
                         made->take = take;
                         return made;
                       },
                       {"in"})
        .add_sink<S, S>("out", "out", {"free"});
    return result;
  }

  TopologyTestDriver driver;
  TestInputTopic<S, S> in = driver.create_input_topic<S, S>("in");
  TestOutputTopic<S, S> out = driver.create_output_topic<S, S>("out");
};

template <class F>
S error_of(F action) {
  try {
    action();
  } catch (const StreamsException& error) {
    return error.what();
  }
  return {};
}

void check_contains(const S& text, const S& part) {
  BOOST_TEST(text.find(part) != S::npos, "'" << text << "' should say " << part);
}

using Times = std::vector<Timestamp>;

}  // namespace

BOOST_AUTO_TEST_SUITE(ProcessorContexts)

BOOST_AUTO_TEST_CASE(schedule_on_a_grid_through_a_start_time) {
  Times ran;
  Run run([&](Context& context) {
    (void)context.schedule(Timestamp(107), 10ms, PunctuationType::stream_time,
                           [&](Timestamp now) { ran.push_back(now); });
  });
  for (const Timestamp now : {100, 106, 107, 116, 117, 145, 146, 147}) run.in.pipe_input("a", "1", now);
  BOOST_TEST(ran == (Times{107, 117, 145, 147}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(move_a_past_start_time_to_the_next_slot) {
  Times ran;
  Run run([&](Context& context) {  // it is 1000 now
    (void)context.schedule(Timestamp(7), 10ms, PunctuationType::wall_clock_time,
                           [&](Timestamp now) { ran.push_back(now); });
  });
  for (int i = 0; i < 20; ++i) run.driver.advance_wall_clock_time(1ms);
  BOOST_TEST(ran == (Times{1'007, 1'017}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(wait_for_a_start_time_in_the_future) {
  Times ran;
  Run run([&](Context& context) {
    (void)context.schedule(Timestamp(1'005), 10ms, PunctuationType::wall_clock_time,
                           [&](Timestamp now) { ran.push_back(now); });
  });
  for (int i = 0; i < 16; ++i) run.driver.advance_wall_clock_time(1ms);
  BOOST_TEST(ran == (Times{1'005, 1'015}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(refuse_a_start_time_before_the_epoch) {
  const auto start = [](Context& context) {
    (void)context.schedule(Timestamp(-1), 10ms, PunctuationType::stream_time, [](Timestamp) {});
  };
  check_contains(error_of([&] { const Run run(start); }), "'free'");
}

BOOST_AUTO_TEST_CASE(know_the_application_and_its_directory) {
  S application;
  std::filesystem::path directory;
  {
    const Run run([&](Context& context) {
      application = context.application_id();
      directory = context.state_dir();
      std::ofstream(directory / "mine") << "x";
    });
    BOOST_TEST(application == "topology-test-driver");
    BOOST_TEST(std::filesystem::exists(directory / "mine"));
  }
  BOOST_TEST(!std::filesystem::exists(directory));
}

BOOST_AUTO_TEST_CASE(refuse_to_forward_a_record_before_the_epoch) {
  Run run(nullptr, [](Context& context, Record<S, S> record) {
    const auto old = record.with_timestamp(-1);
    if (record.value == "named") {
      context.forward(old, "out");
    } else {
      context.forward(old);
    }
  });
  for (const char* value : {"all", "named"}) {
    const S error = error_of([&] { run.in.pipe_input("a", value, 10); });
    check_contains(error, "'free'");
    check_contains(error, "-1");
  }
  BOOST_TEST(run.out.is_empty());
}

BOOST_AUTO_TEST_CASE(give_each_child_headers_of_its_own) {
  const auto child = [](std::string& seen) {
    return [&seen] {
      auto made = std::make_unique<Free>();
      made->take = [&seen](Context&, Record<S, S> record) {
        for (const Header& header : record.headers) seen += header.key;
        record.headers.add("mine", "1");
      };
      return made;
    };
  };
  S first;
  S second;
  Topology topology;
  topology.add_source<S, S>("in", {"in"})
      .add_processor("first", child(first), {"in"})
      .add_processor("second", child(second), {"in"});
  TopologyTestDriver driver(topology);
  driver.create_input_topic<S, S>("in").pipe_input("a", "1", 10, {{"own", "1"}});
  BOOST_TEST(first == "own");
  BOOST_TEST(second == "own");
}

BOOST_AUTO_TEST_CASE(receive_no_record_before_the_epoch_from_the_driver) {
  Run run(nullptr);
  check_contains(error_of([&] { run.in.pipe_input("a", "1", -1); }), "'in'");
  BOOST_TEST(run.driver.dropped_records() == 0u);
  // pipe_raw() accepts a negative timestamp. Then default.timestamp.extractor decides.
  check_contains(error_of([&] { run.in.pipe_raw("a", "1", -1); }), "default.timestamp.extractor");
}

BOOST_AUTO_TEST_SUITE_END()
