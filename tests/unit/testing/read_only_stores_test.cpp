// SPDX-License-Identifier: Apache-2.0
// Read-only stores: filled from a topic that is also their changelog.
#define BOOST_TEST_DYN_LINK
#include <boost/test/unit_test.hpp>
#include <cctype>

#include "millrace/millrace.hpp"
#include "millrace/testing/topology_test_driver.hpp"

using namespace millrace;

namespace {

using S = std::string;

class WithStore : public Processor<S, S> {
 public:
  void init(ProcessorContext<S, S>& context) override {
    Processor::init(context);
    store_ = &context.get_state_store<KeyValueStore<S, S>>("prices");
  }

 protected:
  KeyValueStore<S, S>& store() { return *store_; }

 private:
  KeyValueStore<S, S>* store_ = nullptr;
};

struct Fill final : WithStore {
  void process(Record<S, S> record) override { store().put(record.key, record.value); }
};

struct LookUp final : WithStore {
  void process(Record<S, S> record) override {
    context().forward(record.with_value(record.value + " at " + store().get(record.key).value_or("no price")));
  }
};

/// Builds a topology in which `prices` fills the store, and each order in `orders` is answered with its price.
Topology topology(StoreMedium medium) {
  Topology result;
  result
      .add_read_only_state_store<S, S>(Stores::key_value_store<S, S>("prices", medium), "prices-in", "prices", "fill",
                                       [] { return std::make_unique<Fill>(); })
      .add_source<S, S>("orders-in", {"orders"})
      .add_processor("look-up", [] { return std::make_unique<LookUp>(); }, {"orders-in"})
      .connect_processor_and_state_stores("look-up", {"prices"})
      .add_sink<S, S>("out", "priced", {"look-up"});
  return result;
}

S ask(TopologyTestDriver& driver, const S& key) {
  driver.create_input_topic<S, S>("orders").pipe_input(key, "one");
  return driver.create_output_topic<S, S>("priced").read_value();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(ReadOnlyStores)

BOOST_AUTO_TEST_CASE(are_read_by_processors_that_are_connected_to_them) {
  TopologyTestDriver driver(topology(StoreMedium::in_memory));
  BOOST_TEST(ask(driver, "tea") == "one at no price");
  driver.create_input_topic<S, S>("prices").pipe_input("tea", "3");
  BOOST_TEST(ask(driver, "tea") == "one at 3");
}

BOOST_AUTO_TEST_CASE(use_their_topic_as_changelog) {
  for (const StoreMedium medium : {StoreMedium::in_memory, StoreMedium::rocksdb}) {
    TopologyTestDriver driver(topology(medium));
    driver.create_input_topic<S, S>("prices").pipe_input("tea", "3");
    driver.restart();
    BOOST_TEST(ask(driver, "tea") == "one at 3");
    BOOST_TEST(driver.produced_topic_names().size() == 1U);
  }
}

/// Puts each record into the store, in upper case, and forwards it. Ignores records from "test".
struct FillInUpperCase final : WithStore {
  void process(Record<S, S> record) override {
    if (record.value == "test") return;
    for (char& letter : record.value) letter = static_cast<char>(std::toupper(letter));
    store().put(record.key, record.value);
    context().forward(record);
  }
};

BOOST_AUTO_TEST_CASE(are_restored_by_the_processor_that_fills_them) {
  Topology upper;
  upper
      .add_read_only_state_store<S, S>(Stores::key_value_store<S, S>("prices", StoreMedium::in_memory), "prices-in",
                                       "prices", "fill", [] { return std::make_unique<FillInUpperCase>(); })
      .add_sink<S, S>("changes", "changes", {"fill"});
  TopologyTestDriver driver(upper, StreamsConfig().set("application.id", "app"));
  auto in = driver.create_input_topic<S, S>("prices");
  auto changes = driver.create_output_topic<S, S>("changes");
  in.pipe_input("tea", "three");
  in.pipe_input("ink", "test");
  BOOST_TEST(changes.read_values_to_list().size() == 1U);
  driver.restart();
  auto& store = driver.get_key_value_store<S, S>("prices");
  BOOST_TEST(store.get("tea").value_or("none") == "THREE");
  BOOST_TEST(store.get("ink").value_or("none") == "none");
  // What was forwarded before is not forwarded again.
  BOOST_TEST(changes.is_empty());
}

// If a restore ran the processor, the processor would change the other store a second time.
BOOST_AUTO_TEST_CASE(are_restored_without_their_processor_if_it_uses_other_stores) {
  Topology counting;
  counting
      .add_read_only_state_store<S, S>(Stores::key_value_store<S, S>("prices", StoreMedium::in_memory), "prices-in",
                                       "prices", "fill", [] { return std::make_unique<FillInUpperCase>(); })
      .add_state_store(Stores::key_value_store<S, S>("other", StoreMedium::in_memory), {"fill"});
  TopologyTestDriver driver(counting, StreamsConfig().set("application.id", "app"));
  driver.create_input_topic<S, S>("prices").pipe_input("tea", "three");
  driver.restart();
  BOOST_TEST((driver.get_key_value_store<S, S>("prices").get("tea").value_or("none")) == "three");
}

BOOST_AUTO_TEST_CASE(need_a_topic_that_no_other_source_reads) {
  Topology twice = topology(StoreMedium::in_memory);
  BOOST_CHECK_THROW((twice.add_source<S, S>("again", {"prices"})), TopologyException);
}

BOOST_AUTO_TEST_CASE(are_described_as_stores_of_their_updating_processor) {
  Topology alone;
  alone.add_read_only_state_store<S, S>(Stores::key_value_store<S, S>("prices"), "prices-in", "prices", "fill",
                                        [] { return std::make_unique<Fill>(); });
  BOOST_TEST(alone.describe() ==
             "Topologies:\n"
             "   Sub-topology: 0\n"
             "    Source: prices-in (topics: [prices])\n"
             "      --> fill\n"
             "    Processor: fill (stores: [prices])\n"
             "      --> none\n"
             "      <-- prices-in\n\n");
}

BOOST_AUTO_TEST_SUITE_END()
