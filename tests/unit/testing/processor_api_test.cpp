// SPDX-License-Identifier: Apache-2.0
// Topologies built by hand with Topology::add_source and so on.
#define BOOST_TEST_DYN_LINK
#include <boost/test/unit_test.hpp>

#include "millrace/millrace.hpp"
#include "millrace/testing/topology_test_driver.hpp"

using namespace millrace;

namespace {

using S = std::string;
using L = std::int64_t;

template <class F>
S error_of(F action) {
  try {
    action();
  } catch (const TopologyException& error) {
    return error.what();
  }
  return {};
}

/// Counts words. Every tenth count goes to the child "round" only, the others go to all children.
class Count final : public Processor<S, S, S, L> {
 public:
  void init(ProcessorContext<S, L>& context) override {
    Processor::init(context);
    counts_ = &context.get_state_store<KeyValueStore<S, L>>("counts");
  }
  void process(Record<S, S> record) override {
    const L count = counts_->get(record.value).value_or(0) + 1;
    counts_->put(record.value, count);
    Record<S, L> result{record.value, count, record.timestamp, record.headers};
    if (count % 10 == 0) {
      context().forward(std::move(result), "round");
    } else {
      context().forward(std::move(result));
    }
  }

 private:
  KeyValueStore<S, L>* counts_ = nullptr;
};

struct Double final : FixedKeyProcessor<S, L> {
  void process(FixedKeyRecord<S, L> record) override { context().forward(record.with_value(2 * record.value())); }
};

auto count() {
  return [] { return std::make_unique<Count>(); };
}

Topology counting() {
  Topology topology;
  topology.add_source<S, S>("in", {"words"})
      .add_processor("count", count(), {"in"})
      .add_state_store(Stores::key_value_store<S, L>("counts", StoreMedium::in_memory), {"count"})
      .add_processor("double", [] { return std::make_unique<Double>(); }, {"count"})
      .add_sink<S, L>("all", "doubled", {"double"})
      .add_sink<S, L>("round", "tens", {"count"});
  return topology;
}

struct Upper final : Processor<S, S> {
  void process(Record<S, S> record) override {
    for (char& c : record.value) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    context().forward(std::move(record));
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(ProcessorApi)

BOOST_AUTO_TEST_CASE(is_described_as_kafka_streams_does) {
  BOOST_TEST(counting().describe() ==
             "Topologies:\n"
             "   Sub-topology: 0\n"
             "    Source: in (topics: [words])\n"
             "      --> count\n"
             "    Processor: count (stores: [counts])\n"
             "      --> double, round\n"
             "      <-- in\n"
             "    Processor: double (stores: [])\n"
             "      --> all\n"
             "      <-- count\n"
             "    Sink: all (topic: doubled)\n"
             "      <-- double\n"
             "    Sink: round (topic: tens)\n"
             "      <-- count\n\n");
}

BOOST_AUTO_TEST_CASE(runs_with_stores_and_named_children) {
  TopologyTestDriver driver(counting());
  auto in = driver.create_input_topic<S, S>("words");
  auto doubled = driver.create_output_topic<S, L>("doubled");
  auto tens = driver.create_output_topic<S, L>("tens");
  for (int i = 0; i < 10; ++i) in.pipe_input("k", "x");
  BOOST_TEST(doubled.read_values_to_list() == (std::vector<L>{2, 4, 6, 8, 10, 12, 14, 16, 18}),
             boost::test_tools::per_element());
  const auto all_tens = tens.read_values_to_list();
  BOOST_TEST(all_tens.size() == 10U);
  BOOST_TEST(all_tens.back() == 10);
  auto& counts = driver.get_key_value_store<S, L>("counts");
  BOOST_TEST(counts.get("x").value() == 10);
}

BOOST_AUTO_TEST_CASE(can_extend_a_dsl_topology) {
  StreamsBuilder builder;
  builder.stream<S, S>("in").filter([](const S& value) { return value != "no"; }, Named::as("kept"));
  const Topology original = builder.build();
  Topology topology = original;
  topology.add_processor("upper", [] { return std::make_unique<Upper>(); }, {"kept"})
      .add_sink<S, S>("out", "out", {"upper"});
  TopologyTestDriver driver(topology);
  driver.create_input_topic<S, S>("in").pipe_key_value_list({{"k", "a"}, {"k", "no"}, {"k", "b"}});
  const auto values = driver.create_output_topic<S, S>("out").read_values_to_list();
  BOOST_TEST(values == (std::vector<S>{"A", "B"}), boost::test_tools::per_element());
  // The original topology must not change.
  BOOST_TEST(original.describe().find("upper") == S::npos);
}

BOOST_AUTO_TEST_CASE(chooses_topics_and_partitions_per_record) {
  Topology topology;
  topology.add_source<S, S>("in", {"in"})
      .add_sink<S, S>("out", TopicNameExtractor<S, S>([](const S& key, const S&, const RecordMetadata& from) {
                        return from.topic + key;
                      }),
                      {"in"});
  TopologyTestDriver driver(topology);
  driver.create_input_topic<S, S>("in").pipe_input("-a", "1");
  auto chosen = driver.create_output_topic<S, S>("in-a");
  BOOST_TEST(chosen.read_value() == "1");
}

BOOST_AUTO_TEST_CASE(reads_global_stores_in_any_processor) {
  struct Fill final : Processor<S, S> {
    void init(ProcessorContext<S, S>& context) override {
      store = &context.get_state_store<KeyValueStore<S, S>>("names");
    }
    void process(Record<S, S> record) override { store->put(record.key, record.value); }
    KeyValueStore<S, S>* store = nullptr;
  };
  struct Look final : Processor<S, S> {
    void init(ProcessorContext<S, S>& context) override {
      Processor::init(context);
      store = &context.get_state_store<KeyValueStore<S, S>>("names");
    }
    void process(Record<S, S> record) override {
      record.value = store->get(record.value).value_or("?");
      context().forward(std::move(record));
    }
    KeyValueStore<S, S>* store = nullptr;
  };
  Topology topology;
  topology
      .add_global_store<S, S>(Stores::key_value_store<S, S>("names", StoreMedium::in_memory), "names-in", "names",
                              "fill", [] { return std::make_unique<Fill>(); })
      .add_source<S, S>("in", {"in"})
      .add_processor("look", [] { return std::make_unique<Look>(); }, {"in"})
      .add_sink<S, S>("out", "out", {"look"});
  TopologyTestDriver driver(topology);
  driver.create_input_topic<S, S>("names").pipe_input("1", "one");
  driver.create_input_topic<S, S>("in").pipe_key_value_list({{"k", "1"}, {"k", "2"}});
  const auto values = driver.create_output_topic<S, S>("out").read_values_to_list();
  BOOST_TEST(values == (std::vector<S>{"one", "?"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(names_the_faulty_part_of_a_topology) {
  const auto upper = [] { return std::make_unique<Upper>(); };
  Topology topology;
  topology.add_source<S, S>("in", {"in"});
  const auto check = [](const S& error, const S& part) {
    BOOST_TEST(error.find(part) != S::npos, "'" << error << "' should say " << part);
  };
  check(error_of([&] { topology.add_source<S, S>("in", {"other"}); }), "'in'");
  check(error_of([&] { topology.add_source<S, S>("again", {"in"}); }), "'in'");
  check(error_of([&] { topology.add_source<S, S>("none", {}); }), "'none'");
  check(error_of([&] { topology.add_processor("p", upper, {}); }), "'p'");
  check(error_of([&] { topology.add_processor("p", upper, {"nowhere"}); }), "'nowhere'");
  check(error_of([&] { topology.add_processor("p", upper, {"in"}, {"no-store"}); }), "'no-store'");
  check(error_of([&] { topology.add_sink<S, L>("s", "out", {"in"}); }), "other key or value types");
  check(error_of([&] { topology.connect_processor_and_state_stores("nobody", {}); }), "'nobody'");
  check(error_of([&] { topology.add_sink<S, S>("s", "out", {}); }), "sink 's' is not connected");
  check(error_of([&] { topology.add_processor("", upper, {"in"}); }), "a node needs a name");
  check(error_of([&] { topology.add_state_store(Stores::key_value_store<S, S>("")); }), "a state store needs a name");
  topology.add_sink<S, S>("s", "out", {"in"});
  check(error_of([&] { topology.add_processor("behind", upper, {"s"}); }), "'s', which is a sink");
  topology.add_state_store(Stores::key_value_store<S, S>("store"));
  check(error_of([&] { topology.connect_processor_and_state_stores("in", {"store"}); }), "'in': it is a source");
  check(error_of([&] { (void)AutoOffsetReset::by_duration(Millis(-1)); }), "by_duration of -1 ms");
}

BOOST_AUTO_TEST_SUITE_END()
