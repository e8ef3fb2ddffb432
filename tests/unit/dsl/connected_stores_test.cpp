// SPDX-License-Identifier: Apache-2.0
#define BOOST_TEST_DYN_LINK
#include <boost/test/unit_test.hpp>

#include "unit/dsl/timeline.hpp"

using namespace millrace;
using namespace millrace::test;

namespace {

using SharedStore = std::shared_ptr<const StoreBuilder>;

SharedStore store_of_texts(const S& name) {
  return std::make_shared<const StoreBuilder>(Stores::key_value_store<S, S>(name));
}

/// Forwards the old value of the key in the store and the new value, and stores the new value.
class Remember final : public Processor<S, S> {
 public:
  explicit Remember(S store) : store_(std::move(store)) {}
  void process(Record<S, S> record) override {
    auto& store = context().get_state_store<KeyValueStore<S, S>>(store_);
    const auto before = store.get(record.key);
    store.put(record.key, record.value);
    context().forward(record.with_value(text(before) + ">" + record.value));
  }

 private:
  S store_;
};
class RememberValue final : public FixedKeyProcessor<S, S> {
 public:
  explicit RememberValue(S store) : store_(std::move(store)) {}
  void process(FixedKeyRecord<S, S> record) override {
    auto& store = context().get_state_store<KeyValueStore<S, S>>(store_);
    const auto before = store.get(record.key());
    store.put(record.key(), record.value());
    context().forward(record.with_value(text(before) + ">" + record.value()));
  }

 private:
  S store_;
};

/// A supplier with a connected store.
template <class P>
struct Supplier {
  SharedStore store;

  [[nodiscard]] std::vector<SharedStore> stores() const { return {store}; }
  std::unique_ptr<P> operator()() const { return std::make_unique<P>(store->name()); }
};

template <class P>
auto bare(const S& store) {
  return [store] { return std::make_unique<P>(store); };
}

}  // namespace

BOOST_AUTO_TEST_SUITE(ConnectedStores)

BOOST_AUTO_TEST_CASE(come_with_the_supplier_of_a_processor) {
  StreamsBuilder by_hand;
  by_hand.add_state_store(Stores::key_value_store<S, S>("st"));
  by_hand.stream<S, S>("in").process(bare<Remember>("st"), {"st"}).to("out");
  StreamsBuilder builder;
  builder.stream<S, S>("in").process(Supplier<Remember>{store_of_texts("st")}).to("out");
  const auto topology = builder.build();
  BOOST_TEST(topology.describe() == by_hand.build().describe());
  check(topology, {{"in a=1 @1", {"out a=null>1 @1"}}, {"in a=2 @2", {"out a=1>2 @2"}}});
}

BOOST_AUTO_TEST_CASE(come_with_the_supplier_of_a_fixed_key_processor) {
  StreamsBuilder builder;
  builder.stream<S, S>("in")
      .process_values(Supplier<RememberValue>{store_of_texts("st")}, Named::as("keeps"))
      .to("out");
  check(builder.build(), {{"in a=1 @1", {"out a=null>1 @1"}}, {"in a=2 @2", {"out a=1>2 @2"}}});
}

BOOST_AUTO_TEST_CASE(are_shared_by_suppliers_that_return_the_same_builder) {
  const auto store = store_of_texts("st");
  StreamsBuilder builder;
  builder.stream<S, S>("one").process(Supplier<Remember>{store}).to("out");
  builder.stream<S, S>("two").process_values(Supplier<RememberValue>{store}).to("out");
  check(builder.build(), {{"one a=1 @1", {"out a=null>1 @1"}}, {"two a=2 @2", {"out a=1>2 @2"}}});
}

BOOST_AUTO_TEST_CASE(need_distinct_names) {
  StreamsBuilder builder;
  builder.stream<S, S>("one").process(Supplier<Remember>{store_of_texts("st")}).to("out");
  builder.stream<S, S>("two").process(Supplier<Remember>{store_of_texts("st")}).to("out");
  check_contains(error_of<TopologyException>([&] { (void)builder.build(); }), "there are two state stores named 'st'");
}

BOOST_AUTO_TEST_CASE(combine_with_stores_given_by_name) {
  StreamsBuilder builder;
  builder.add_state_store(Stores::key_value_store<S, S>("other"));
  builder.stream<S, S>("in").process(Supplier<Remember>{store_of_texts("st")}, {"other"}, Named::as("p")).to("out");
  check_contains(builder.build().describe(), "Processor: p (stores: [st, other])");
}

BOOST_AUTO_TEST_CASE(come_with_processors_of_a_topology_built_by_hand) {
  Topology topology;
  topology.add_source<S, S>("source", {"in"})
      .add_processor("keeps", Supplier<Remember>{store_of_texts("st")}, {"source"})
      .add_sink<S, S>("sink", "out", {"keeps"});
  check(topology, {{"in a=1 @1", {"out a=null>1 @1"}}, {"in a=2 @2", {"out a=1>2 @2"}}});
}

BOOST_AUTO_TEST_SUITE_END()
