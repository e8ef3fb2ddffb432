// SPDX-License-Identifier: Apache-2.0
// What processors and stores may do between records: in the commit hook, in close(), and in a store's flush().
#define BOOST_TEST_DYN_LINK
#include <boost/test/unit_test.hpp>

#include "millrace/millrace.hpp"
#include "millrace/testing/topology_test_driver.hpp"

using namespace millrace;

namespace {

using S = std::string;

// Long enough to be on the heap, so that a sanitizer sees a read after the end of its lifetime.
const S kLong(100, 'h');

Headers long_headers() { return {{kLong, kLong}}; }

Topology with_store(const std::function<std::unique_ptr<Processor<S, S>>()>& make, StoreBuilder store) {
  Topology topology;
  topology.add_source<S, S>("in", {"in"})
      .add_processor("processor", make, {"in"})
      .add_state_store(std::move(store), {"processor"})
      .add_sink<S, S>("out", "out", {"processor"});
  return topology;
}

struct Seen {
  bool metadata = true;
  Timestamp stream_time = kNoTimestamp;
};

/// A processor that writes to its store in close().
class WritesAtTheEnd final : public Processor<S, S> {
 public:
  explicit WritesAtTheEnd(Seen& seen) : seen_(seen) {}
  void init(ProcessorContext<S, S>& context) override {
    Processor::init(context);
    store_ = &context.get_state_store<KeyValueStore<S, S>>("store");
  }
  void process(Record<S, S> record) override { store_->put(record.key, record.value); }
  void close() override {
    seen_.metadata = context().record_metadata().has_value();
    store_->put("closed", "yes");
  }

 private:
  Seen& seen_;
  KeyValueStore<S, S>* store_ = nullptr;
};

/// A processor that holds records back until the commit.
class Batches final : public Processor<S, S> {
 public:
  void init(ProcessorContext<S, S>& context) override {
    Processor::init(context);
    store_ = &context.get_state_store<KeyValueStore<S, S>>("store");
  }
  void process(Record<S, S> record) override {
    if (record.value == "broken") throw std::runtime_error("broken record");
    waiting_.push_back(std::move(record));
    if (waiting_.back().value == "commit") context().commit();
  }
  void prepare_commit() override {
    BOOST_TEST(!context().record_metadata().has_value());
    const auto batch = std::exchange(waiting_, {});
    if (batch.empty()) return;
    S all;
    for (const auto& record : batch) all += record.value + " ";
    store_->put("last", all);
    context().forward({"batch", all, batch.back().timestamp, {}});
    if (batch.back().value == "fail") throw std::runtime_error("the hook failed");
  }

 private:
  KeyValueStore<S, S>* store_ = nullptr;
  std::vector<Record<S, S>> waiting_;
};

/// A store that writes its changelog when it is flushed.
class LateStore final : public CustomStore {
 public:
  explicit LateStore(StoreChangelog* log) : log_(log) {}
  [[nodiscard]] const S& name() const override { return name_; }
  void put(S value) { value_ = std::move(value); }
  void flush() override {
    if (value_) log_->log("value", *value_, kNoTimestamp, nullptr);
    value_.reset();
  }
  void restore(std::span<const RestoreRecord> records) override {
    for (const RestoreRecord& record : records) restored = S(*record.value);
  }

  S restored;

 private:
  S name_ = "store";
  StoreChangelog* log_;
  std::optional<S> value_;
};

class UsesLateStore final : public Processor<S, S> {
 public:
  void init(ProcessorContext<S, S>& context) override {
    Processor::init(context);
    store_ = &context.get_state_store<LateStore>("store");
    if (!store_->restored.empty()) context.forward({"restored", store_->restored, 0, {}});
  }
  void process(Record<S, S> record) override { store_->put(record.value); }

 private:
  LateStore* store_ = nullptr;
};

/// A store whose flush() writes to another store with a changelog. The engine logs that write as usual.
class WritesWhenFlushed final : public CustomStore {
 public:
  [[nodiscard]] const S& name() const override { return name_; }
  void flush() override {
    if (target != nullptr) target->put("flushed", "yes");
  }
  void restore(std::span<const RestoreRecord>) override {}

  KeyValueStore<S, S>* target = nullptr;

 private:
  S name_ = "flusher";
};

class ConnectsStores final : public Processor<S, S> {
 public:
  void init(ProcessorContext<S, S>& context) override {
    Processor::init(context);
    context.get_state_store<WritesWhenFlushed>("flusher").target =
        &context.get_state_store<KeyValueStore<S, S>>("store");
  }
  void process(Record<S, S>) override {}
};

/// A processor without a hook, from which others derive.
class Passes : public Processor<S, S> {
 public:
  void process(Record<S, S> record) override { context().forward(std::move(record)); }
};

/// Counts the calls of its hook.
template <class Base>
class Counts : public Base {
 public:
  explicit Counts(int& calls) : calls_(calls) {}
  void prepare_commit() override {
    Base::prepare_commit();
    ++calls_;
  }

 private:
  int& calls_;
};

class InheritsHook final : public Counts<Passes> {
 public:
  using Counts::Counts;
};

/// Callers know the hook from the base class only.
class HasPrivateHook final : public Passes {
 public:
  explicit HasPrivateHook(int& calls) : calls_(calls) {}

 private:
  void prepare_commit() override { ++calls_; }

  int& calls_;
};

class PassesFixedKey : public FixedKeyProcessor<S, S> {
 public:
  void process(FixedKeyRecord<S, S> record) override { context().forward(std::move(record)); }
};

/// Whether the hook of a P runs that the supplier returns as a pointer to Made.
template <class Made, class P>
bool hook_runs() {
  int calls = 0;
  StreamsBuilder builder;
  const auto make = [&calls]() -> std::unique_ptr<Made> { return std::make_unique<P>(calls); };
  if constexpr (std::derived_from<Made, FixedKeyProcessor<S, S>>) {
    builder.stream<S, S>("in").process_values(make).to("out");
  } else {
    builder.stream<S, S>("in").process(make).to("out");
  }
  TopologyTestDriver driver(builder.build());
  driver.create_input_topic<S, S>("in").pipe_input("k", "a", 1);
  return calls > 0;
}

/// The value of the key. Empty if there is no such key.
S stored(TopologyTestDriver& driver, const S& key) {
  return driver.get_key_value_store<S, S>("store").get(key).value_or("");
}

}  // namespace

BOOST_AUTO_TEST_SUITE(BetweenRecords)

BOOST_AUTO_TEST_CASE(close_may_write_to_stores_after_the_last_record) {
  Seen seen;
  {
    // A cache copies the current record with each put, so it would read headers and bytes of a record that is gone.
    TopologyTestDriver driver(with_store([&seen] { return std::make_unique<WritesAtTheEnd>(seen); },
                                         Stores::key_value_store<S, S>("store").with_caching_enabled()));
    driver.create_input_topic<S, S>("in").pipe_input("k", "v", 5, long_headers());
  }
  BOOST_TEST(!seen.metadata);
}

BOOST_AUTO_TEST_CASE(close_may_write_to_stores_with_headers) {
  Seen seen;
  StreamsConfig config;
  config.set("dsl.store.format", "HEADERS");
  TopologyTestDriver driver(
      with_store([&seen] { return std::make_unique<WritesAtTheEnd>(seen); }, Stores::key_value_store<S, S>("store")),
      config);
  driver.create_input_topic<S, S>("in").pipe_input("k", "v", 5, long_headers());
}

BOOST_AUTO_TEST_CASE(a_custom_store_may_log_when_it_is_flushed) {
  TopologyTestDriver driver(with_store(
      [] { return std::make_unique<UsesLateStore>(); },
      Stores::custom_store("store", [](StoreChangelog* log, const S&) { return std::make_unique<LateStore>(log); })));
  driver.create_input_topic<S, S>("in").pipe_input("k", "v", 5, long_headers());
}

BOOST_AUTO_TEST_CASE(a_custom_store_may_write_to_other_stores_when_it_is_flushed) {
  Topology topology = with_store([] { return std::make_unique<ConnectsStores>(); },
                                 Stores::key_value_store<S, S>("store").with_caching_enabled());
  topology.add_state_store(
      Stores::custom_store("flusher", [](StoreChangelog*, const S&) { return std::make_unique<WritesWhenFlushed>(); }),
      {"processor"});
  TopologyTestDriver driver(topology);
  driver.create_input_topic<S, S>("in").pipe_input("k", "v", 5, long_headers());
  BOOST_TEST(stored(driver, "flushed") == "yes");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(CommitHook)

BOOST_AUTO_TEST_CASE(runs_before_each_commit_and_its_writes_are_part_of_that_commit) {
  TopologyTestDriver driver(with_store([] { return std::make_unique<Batches>(); },
                                       Stores::key_value_store<S, S>("store", StoreMedium::in_memory)));
  auto in = driver.create_input_topic<S, S>("in");
  auto out = driver.create_output_topic<S, S>("out");
  in.pipe_input("k", "a", 1);
  in.pipe_input("k", "commit", 2);
  S all;
  while (!out.is_empty()) all += out.read_value();
  BOOST_TEST(all == "a commit ");  // the driver commits after each record
  BOOST_TEST(stored(driver, "last") == "commit ");
}

BOOST_AUTO_TEST_CASE(runs_wherever_it_is_declared) {
  BOOST_TEST((hook_runs<Counts<Passes>, Counts<Passes>>()));
  BOOST_TEST((hook_runs<Passes, Counts<Passes>>()));
  BOOST_TEST((hook_runs<Processor<S, S>, Counts<Passes>>()));
  BOOST_TEST((hook_runs<InheritsHook, InheritsHook>()));
  BOOST_TEST((hook_runs<Processor<S, S>, InheritsHook>()));
  BOOST_TEST((hook_runs<HasPrivateHook, HasPrivateHook>()));
  BOOST_TEST((hook_runs<Passes, HasPrivateHook>()));
  BOOST_TEST((hook_runs<PassesFixedKey, Counts<PassesFixedKey>>()));
  BOOST_TEST((hook_runs<FixedKeyProcessor<S, S>, Counts<PassesFixedKey>>()));
}

BOOST_AUTO_TEST_CASE(is_not_expected_of_processors_that_have_none) {
  const auto node = [](auto processor) {
    return detail::ProcessorNode<S, S, S, S>(std::move(processor)).has_commit_hook();
  };
  int calls = 0;
  BOOST_TEST(!node(std::make_unique<Passes>()));
  BOOST_TEST(node(std::unique_ptr<Processor<S, S>>(std::make_unique<Passes>())));  // cannot be told
  BOOST_TEST(node(std::unique_ptr<Passes>(std::make_unique<Counts<Passes>>(calls))));
}

BOOST_AUTO_TEST_CASE(is_a_failure_of_its_processor_if_it_throws) {
  Topology topology = with_store([] { return std::make_unique<Batches>(); },
                                 Stores::key_value_store<S, S>("store", StoreMedium::in_memory));
  TopologyTestDriver failing(topology);
  auto in = failing.create_input_topic<S, S>("in");
  BOOST_CHECK_EXCEPTION(in.pipe_input("k", "fail", 1), StreamsException, [](const StreamsException& error) {
    const S text = error.what();
    return text.find("the hook failed") != S::npos && text.find("node processor") != S::npos;
  });

  StreamsConfig config;
  config.set("processing.exception.handler", "log-and-continue");
  TopologyTestDriver going_on(topology, config);
  going_on.create_input_topic<S, S>("in").pipe_input("k", "fail", 1);
  BOOST_TEST(stored(going_on, "last") == "fail ");
}

BOOST_AUTO_TEST_CASE(runs_upstream_processors_first) {
  Topology topology;
  topology.add_source<S, S>("in", {"in"})
      .add_processor("first", [] { return std::make_unique<Batches>(); }, {"in"})
      .add_processor("second", [] { return std::make_unique<Batches>(); }, {"first"})
      .add_state_store(Stores::key_value_store<S, S>("store", StoreMedium::in_memory), {"first", "second"})
      .add_sink<S, S>("out", "out", {"second"});
  TopologyTestDriver driver(topology);
  driver.create_input_topic<S, S>("in").pipe_input("k", "a", 1);
  auto out = driver.create_output_topic<S, S>("out");
  BOOST_REQUIRE(!out.is_empty());
  BOOST_TEST(out.read_value() == "a  ");  // both in one commit
}

BOOST_AUTO_TEST_SUITE_END()
