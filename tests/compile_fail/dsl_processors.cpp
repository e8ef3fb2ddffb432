// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <vector>

#include "dsl_streams.hpp"
#include "millrace/processor/processor.hpp"
#include "millrace/processor/topology.hpp"

// Processors that do not fit the stream.

using std::string;

struct Words final : millrace::Processor<string, string> {
  void process(millrace::Record<string, string>) override {}
};
struct Numbers final : millrace::Processor<string, int> {
  void process(millrace::Record<string, int>) override {}
};
struct FixedWords final : millrace::FixedKeyProcessor<string, string> {
  void process(millrace::FixedKeyRecord<string, string>) override {}
};

struct Lengths final : millrace::Processor<string, string, string, int> {
  void init(millrace::ProcessorContext<string, int>& context) override {
    Processor::init(context);
#ifdef MILLRACE_MISUSE_punctuation_that_takes_text
    context.schedule(millrace::Millis(1), millrace::PunctuationType::stream_time, [](const string&){});
#else
    context.schedule(millrace::Millis(1), millrace::PunctuationType::stream_time, [](millrace::Timestamp) {});
#endif
#ifdef MILLRACE_MISUSE_punctuation_from_a_start_that_takes_text
    context.schedule(millrace::Timestamp(0), millrace::Millis(1), millrace::PunctuationType::stream_time,
                     [](const string&){});
#else
    context.schedule(millrace::Timestamp(0), millrace::Millis(1), millrace::PunctuationType::stream_time,
                     [](millrace::Timestamp) {});
#endif
  }
  void process(millrace::Record<string, string> record) override {
#ifdef MILLRACE_MISUSE_forwards_what_it_takes
    context().forward(record);
#else
    context().forward(record.with_value(1));
    context().forward(record.with_value(1), "child");
#endif
  }
};
struct FixedLengths final : millrace::FixedKeyProcessor<string, string, int> {
  void process(millrace::FixedKeyRecord<string, string> record) override {
#ifdef MILLRACE_MISUSE_forwards_another_value_to_a_child
    context().forward(record, "child");
#else
    context().forward(record.with_value(1));
    context().forward(record.with_value(1), "child");
#endif
  }
};

/// A supplier with connected stores.
template <class Store>
struct SuppliesWords {
  [[nodiscard]] std::vector<Store> stores() const { return {}; }
  std::unique_ptr<Words> operator()() const { return std::make_unique<Words>(); }
};

void processors() {
  (void)Lengths();
  (void)FixedLengths();
#ifdef MILLRACE_MISUSE_processor_of_another_type
  keyed().process([] { return std::make_unique<Numbers>(); }).to("out");
#else
  keyed().process([] { return std::make_unique<Words>(); }).to("out");
#endif

#ifdef MILLRACE_MISUSE_processor_itself_instead_of_a_function
  keyed().process(std::make_unique<Words>()).to("out");
#else
  keyed().process([] { return std::make_unique<Words>(); }).to("out");
#endif

  millrace::Topology topology;
  topology.add_source<string, string>("in", {"topic"});
#ifdef MILLRACE_MISUSE_add_processor_itself
  topology.add_processor("words", Words(), {"in"});
#else
  topology.add_processor("words", [] { return std::make_unique<Words>(); }, {"in"});
#endif

  const auto store = millrace::Stores::key_value_store<string, string>("store");
#ifdef MILLRACE_MISUSE_global_store_of_another_type
  builder.add_global_store<string, string>(store, "topic", millrace::Consumed(),
                                           [] { return std::make_unique<Numbers>(); });
#else
  builder.add_global_store<string, string>(store, "topic", millrace::Consumed(),
                                           [] { return std::make_unique<Words>(); });
#endif
#ifdef MILLRACE_MISUSE_global_store_of_a_topology_without_processor
  topology.add_global_store<string, string>(store, "source", "topic", "processor", [] { return 1; });
#else
  topology.add_global_store<string, string>(store, "source", "topic", "processor",
                                            [] { return std::make_unique<Words>(); });
#endif

#ifdef MILLRACE_MISUSE_supplier_with_stores_by_value
  keyed().process(SuppliesWords<millrace::StoreBuilder>()).to("out");
#else
  keyed().process(SuppliesWords<std::shared_ptr<millrace::StoreBuilder> >()).to("out");
#endif

#ifdef MILLRACE_MISUSE_processor_that_may_change_the_key
  keyed().process_values([] { return std::make_unique<Words>(); }).to("out");
#else
  keyed().process_values([] { return std::make_unique<FixedWords>(); }).to("out");
#endif
}
