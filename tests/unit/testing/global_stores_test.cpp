// SPDX-License-Identifier: Apache-2.0
// Global stores: filled from all partitions of a topic, and readable by every processor.
#define BOOST_TEST_DYN_LINK
#include <boost/test/unit_test.hpp>
#include <functional>

#include "millrace/millrace.hpp"
#include "millrace/testing/topology_test_driver.hpp"

using namespace millrace;
using namespace std::chrono_literals;

namespace {

using S = std::string;

/// A processor that calls a function with its store: to put a record, or to read and forward an answer.
template <class Store>
struct With final : Processor<S, S> {
  using Use = std::function<void(Store& store, const Record<S, S>& record, ProcessorContext<S, S>& context)>;
  explicit With(Use a_use) : use(std::move(a_use)) {}
  void init(ProcessorContext<S, S>& context) override {
    Processor::init(context);
    store = &context.get_state_store<Store>("store");
  }
  void process(Record<S, S> record) override { use(*store, record, context()); }

  Use use;
  Store* store = nullptr;
};

/// Builds a topology in which `global` fills the store through `fill`. `in` goes to the processor "look", which calls
/// `look`.
template <class Store>
Topology topology(StoreBuilder store, typename With<Store>::Use fill, typename With<Store>::Use look) {
  const auto filling = [fill] { return std::make_unique<With<Store>>(fill); };
  const auto looking = [look] { return std::make_unique<With<Store>>(look); };
  Topology result;
  result.add_global_store<S, S>(std::move(store), "source", "global", "fill", filling);
  result.add_source<S, S>("in", {"in"});
  result.add_processor("look", looking, {"in"});
  result.add_sink<S, S>("out", "out", {"look"});
  return result;
}

StreamsConfig config(const std::map<S, S>& settings) {
  StreamsConfig result;
  result.set("application.id", "app");
  for (const auto& [key, value] : settings) result.set(key, value);
  return result;
}

/// The answer of `look` to the record a=1 at 20, when the store has a=x at 10 and b=y at 15.
S answer(Topology topology) {
  TopologyTestDriver driver(std::move(topology));
  auto global = driver.create_input_topic<S, S>("global");
  global.pipe_input("a", "x", 10);
  global.pipe_input("b", "y", 15);
  driver.create_input_topic<S, S>("in").pipe_input("a", "1", 20);
  return driver.create_output_topic<S, S>("out").read_value();
}

template <class F>
S error_of(F action) {
  try {
    action();
  } catch (const std::exception& error) {
    return error.what();
  }
  return {};
}

void check_contains(const S& text, const S& part) {
  BOOST_TEST(text.find(part) != S::npos, "'" << text << "' should say " << part);
}

using KeyValues = KeyValueStore<S, S>;
using Windows = WindowStore<S, S>;
using Sessions = SessionStore<S, S>;

const auto kPut = [](KeyValues& store, const auto& record, auto&) { store.put(record.key, record.value); };

}  // namespace

BOOST_AUTO_TEST_SUITE(GlobalStores)

BOOST_AUTO_TEST_CASE(are_written_by_their_own_processor_only) {
  const auto store = Stores::key_value_store<S, S>("store", StoreMedium::in_memory);
  for (const With<KeyValues>::Use& write : std::vector<With<KeyValues>::Use>{
           [](KeyValues&to, const auto&record, auto&) { to.put(record.key, "mine"); },
           [](KeyValues&to, const auto&record, auto&) { (void)to.put_if_absent(record.key, "mine"); },
           [](KeyValues&to, const auto&, auto&) { (void)to.put_if_absent("old", "mine"); },
           [](KeyValues&to, const auto&, auto&) { (void)to.remove("old"); }}) {
    TopologyTestDriver driver(topology<KeyValues>(store, kPut, write));
    driver.create_input_topic<S, S>("global").pipe_input("old", "x", 10);
    const S error = error_of([&] { driver.create_input_topic<S, S>("in").pipe_input("new", "1", 20); });
    check_contains(error, "'look'");
    check_contains(error, "'store'");
    check_contains(error, "cannot write");
    auto& kept = driver.get_key_value_store<S, S>("store");
    BOOST_TEST(!kept.get("new"));
    BOOST_TEST((kept.get("old") == "x"));
  }
}

BOOST_AUTO_TEST_CASE(hold_windows_that_only_their_processor_writes) {
  const auto store = Stores::window_store<S, S>("store", 1h, 10ms);
  const auto fill = [](Windows& to, const auto& record, auto&) { to.put(record.key, record.value, record.timestamp); };
  const auto look = [](Windows& from, const auto& record, auto& context) {
    S all = from.fetch(record.key, 10).value_or("?");
    for (const auto& entry : from.fetch(record.key, 0, 100)) all += " " + entry.value;
    for (const auto& entry : from.fetch(std::nullopt, std::nullopt, 0, 100)) all += " " + entry.value;
    all += error_of([&] { from.put("a", "mine", 10); }).empty() ? " written" : " refused";
    context.forward(record.with_value(all));
  };
  BOOST_TEST(answer(topology<Windows>(store, fill, look)) == "x x x y refused");
}

BOOST_AUTO_TEST_CASE(hold_sessions_that_only_their_processor_writes) {
  const auto store = Stores::session_store<S, S>("store", 1h);
  const auto fill = [](Sessions& to, const auto& record, auto&) {
    to.put(Windowed<S>{record.key, {record.timestamp, record.timestamp}}, &record.value);
  };
  const auto look = [](Sessions& from, const auto& record, auto& context) {
    S all = from.fetch_session(record.key, 10, 10).value_or("?");
    for (const auto& entry : from.find_sessions(record.key, 0, 100)) all += " " + entry.value;
    all += error_of([&] { from.remove(Windowed<S>{"a", {10, 10}}); }).empty() ? " removed" : " refused";
    context.forward(record.with_value(all));
  };
  BOOST_TEST(answer(topology<Sessions>(store, fill, look)) == "x x refused");
}

BOOST_AUTO_TEST_CASE(hold_versions_and_timestamps) {
  using Versions = VersionedKeyValueStore<S, S>;
  const auto old = [](Versions& from, const auto& record, auto& context) {
    const auto found = from.get(record.key, 12);
    context.forward(record.with_value(found ? found->value + "@" + std::to_string(found->timestamp) : "?"));
  };
  const auto put = [](Versions& to, const auto& record, auto&) { to.put(record.key, &record.value, record.timestamp); };
  BOOST_TEST(answer(topology<Versions>(Stores::persistent_versioned_key_value_store<S, S>("store", 1h), put, old)) ==
             "x@10");

  using Timestamped = TimestampedKeyValueStore<S, S>;
  const auto stamped = [](Timestamped& from, const auto& record, auto& context) {
    const auto found = from.get(record.key);
    context.forward(record.with_value(found ? found->value + "@" + std::to_string(found->timestamp) : "?"));
  };
  const auto keep = [](Timestamped& to, const auto& record, auto&) {
    to.put(record.key, ValueAndTimestamp<S>{record.value, record.timestamp});
  };
  BOOST_TEST(answer(topology<Timestamped>(Stores::timestamped_key_value_store<S, S>("store"), keep, stamped)) ==
             "x@10");
}

// A deletion that stayed in the global store's cache would take room from other stores, because all caches of the
// driver share one budget.
BOOST_AUTO_TEST_CASE(flush_deletions_from_their_cache) {
  StreamsBuilder builder;
  builder.global_table<S, S>("global");
  builder.stream<S, S>("in")
      .flat_map_values([](const S& value) {
        return std::vector<S>{value, value};
      })
      .group_by_key()
      .count()
      .to_stream()
      .to("out");
  TopologyTestDriver driver(builder.build(), config({{"statestore.cache.max.bytes", "700"}}));
  auto global = driver.create_input_topic<S, std::optional<S>>("global");
  for (const S key : {"a", "b", "c"}) global.pipe_input(key, std::nullopt, 10);
  driver.create_input_topic<S, S>("in").pipe_input("k", "x", 20);
  auto out = driver.create_output_topic<S, std::int64_t>("out");
  BOOST_TEST(out.read_value() == 2);
  BOOST_TEST(out.is_empty());
}

BOOST_AUTO_TEST_CASE(use_the_processing_handler_only_if_configured) {
  const auto fail = [](KeyValues&, const auto& record, auto&) {
    throw std::runtime_error("cannot take " + record.key);
  };
  const auto store = Stores::key_value_store<S, S>("store", StoreMedium::in_memory);
  const auto pipe = [&](const std::map<S, S>& settings) {
    TopologyTestDriver driver(topology<KeyValues>(store, fail, kPut), config(settings));
    return error_of([&] { driver.create_input_topic<S, S>("global").pipe_input("a", "x", 10); });
  };
  check_contains(pipe({{"processing.exception.handler", "log-and-continue"}}), "cannot take a");
  BOOST_TEST(pipe({{"processing.exception.handler", "log-and-continue"},
                   {"processing.exception.handler.global.enabled", "true"}}) == "");
}

BOOST_AUTO_TEST_CASE(have_no_dead_letters) {
  const auto store = Stores::key_value_store<S, S>("store", StoreMedium::in_memory);
  const auto fail = [](KeyValues&, const auto&, auto&) { throw std::runtime_error("no"); };
  TopologyTestDriver driver(topology<KeyValues>(store, fail, [](KeyValues&, const auto&, auto&) {}),
                            config({{"processing.exception.handler", "log-and-continue"},
                                    {"processing.exception.handler.global.enabled", "true"},
                                    {"deserialization.exception.handler", "log-and-continue"},
                                    {"errors.dead.letter.queue.topic.name", "dead"}}));
  driver.create_input_topic<S, S>("global").pipe_input("a", "x", 10);
  driver.create_input_topic<S, S>("global").pipe_raw("a", "\xff", 10);  // not UTF-8
  driver.create_input_topic<S, S>("in").pipe_input("b", "1", 20);       // commits what was written before
  BOOST_TEST(driver.dropped_records() == 2u);
  BOOST_TEST(driver.dropped_records(DropReason::processing_error) == 1u);
  BOOST_TEST(driver.dropped_records(DropReason::deserialization_error) == 1u);
  BOOST_TEST(driver.produced_topic_names().empty());
}

BOOST_AUTO_TEST_SUITE_END()
