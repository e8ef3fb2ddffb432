// SPDX-License-Identifier: Apache-2.0
// Stores that have lost their data, and whose changelog lacks the data or does not exist.
#define BOOST_TEST_DYN_LINK
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <map>

#include "integration/runtime/world.hpp"
#include "millrace/millrace.hpp"
#include "millrace/serde/primitives.hpp"
#include "support/captured_stderr.hpp"

namespace millrace::runtime_test {
namespace {

namespace data = boost::unit_test::data;
using S = std::string;

const auto kGuarantees = data::make({"at_least_once", "exactly_once_v2"});

/// The settings of a table's store.
struct Kept {
  const char* optimization = "none";  // topology.optimization
  bool versioned = false;
  bool logging = true;
  StoreMedium medium = StoreMedium::rocksdb;
};

/// An application that joins the stream `in` with the table of the topic `tab`.
struct Joined : World {
  S in = topic("in");
  S tab = topic("tab", 1, {{"cleanup.policy", "compact"}});
  S out = topic("out");
  S id = unique("app");
  TempDir state;
  std::size_t joined = 0;

  [[nodiscard]] Topology topology(const Kept& kept, const StreamsConfig& config) const {
    StreamsBuilder builder;
    auto materialized =
        kept.versioned ? Materialized::as_versioned("t", std::chrono::hours(24)) : Materialized::as("t");
    if (!kept.versioned) materialized = std::move(materialized).with_store_type(kept.medium);
    if (!kept.logging) materialized = std::move(materialized).with_logging_disabled();
    builder.stream<S, S>(in)
        .left_join(builder.table<S, S>(tab, materialized),
                   [](const S& value, const S* row) { return value + "/" + (row != nullptr ? *row : "NONE"); })
        .to(out);
    return builder.build(config);
  }

  /// Runs the application until it has joined one more record, which has the key "k4". Returns the result.
  S join(const Kept& kept, const S& guarantee, const S& value, const std::vector<Input>& rows = {}) {
    auto settings = config(id, guarantee, state.path()).set("topology.optimization", kept.optimization);
    App app(*this, topology(kept, settings), settings);
    app.run_until_running();
    if (!rows.empty()) {
      write(tab, rows);
      wait_until("the rows", [&] { return app.streams.counters().processed_records >= rows.size(); });
    }
    write(in, {{"k4", value, 2'000}});
    const auto results = read_count(out, ++joined);
    BOOST_CHECK(app.streams.close(kPatience));
    BOOST_CHECK(app.failures().empty());
    return results.back().value.value_or("null");
  }
  void lose_state() const {
    for (const auto& entry : std::filesystem::directory_iterator(state.path())) {
      std::filesystem::remove_all(entry.path());
    }
  }

  const std::vector<Input> rows{
      {"k1", "t1", 1'000}, {"k4", "old", 1'000}, {"k5", "t5", 1'000}, {"k4", "t4", 1'500}, {"k5", {}, 1'600}};
};

BOOST_FIXTURE_TEST_SUITE(TablesThatLostTheirStore, Joined)

BOOST_DATA_TEST_CASE(have_their_rows_if_the_topic_was_the_changelog_before, kGuarantees* data::make({false, true}),
                     guarantee, lost) {
  BOOST_TEST(join({.optimization = "all"}, guarantee, "a4", rows) == "a4/t4");
  if (lost) lose_state();
  BOOST_TEST(join({}, guarantee, "b4") == "b4/t4");
  std::map<S, std::optional<S>> logged;
  for (const Row& row : read(id + "-t-changelog")) logged[row.key.value_or("null")] = row.value;
  BOOST_TEST(logged.at("k1").value_or("null") == "t1");
  BOOST_TEST(logged.at("k4").value_or("null") == "t4");
  BOOST_TEST(logged["k5"].value_or("null") == "null");
  lose_state();
  BOOST_TEST(join({}, guarantee, "c4") == "c4/t4");
}

BOOST_DATA_TEST_CASE(have_their_rows_if_they_become_versioned, kGuarantees* data::make({"none", "all"}), guarantee,
                     optimization) {
  BOOST_TEST(join({.optimization = optimization}, guarantee, "a4", rows) == "a4/t4");
  const Kept versioned{.optimization = optimization, .versioned = true};
  BOOST_TEST(join(versioned, guarantee, "b4") == "b4/t4");
}

BOOST_DATA_TEST_CASE(have_their_rows_if_the_topic_becomes_the_changelog, kGuarantees, guarantee) {
  BOOST_TEST(join({}, guarantee, "a4", rows) == "a4/t4");
  BOOST_TEST(join({.optimization = "all"}, guarantee, "b4") == "b4/t4");
}

BOOST_DATA_TEST_CASE(have_their_rows_without_a_changelog,
                     kGuarantees* data::make({"rocksdb", "in_memory", "versioned"}), guarantee, store) {
  const Kept kept{.versioned = S(store) == "versioned",
                  .logging = false,
                  .medium = S(store) == "in_memory" ? StoreMedium::in_memory : StoreMedium::rocksdb};
  BOOST_TEST(join(kept, guarantee, "a4", rows) == "a4/t4");
  BOOST_TEST(join(kept, guarantee, "b4") == "b4/t4");
  lose_state();
  BOOST_TEST(join(kept, guarantee, "c4") == "c4/t4");
}

BOOST_DATA_TEST_CASE(have_their_rows_if_the_changelog_was_deleted, kGuarantees* data::make({false, true}), guarantee,
                     in_memory) {
  const Kept kept{.medium = in_memory ? StoreMedium::in_memory : StoreMedium::rocksdb};
  BOOST_TEST(join(kept, guarantee, "a4", rows) == "a4/t4");
  admin->delete_topic(id + "-t-changelog", kPatience);
  BOOST_TEST(join(kept, guarantee, "b4") == "b4/t4");
  lose_state();
  BOOST_TEST(join(kept, guarantee, "c4") == "c4/t4");
}

BOOST_DATA_TEST_CASE(do_not_have_rows_from_before_their_beginning, kGuarantees, guarantee) {
  write(tab, rows);
  const auto settings = config(id, guarantee, state.path()).set("consumer.auto.offset.reset", "latest");
  App app(*this, topology({}, settings), settings);
  app.run_until_running();
  write(in, {{"k4", "a4", 2'000}});
  BOOST_TEST(read_count(out, 1).back().value.value_or("null") == "a4/NONE");
}

// The changelog is older than the time in which the topic was the changelog. In this time rows were deleted, and the
// old changelog still has them.
BOOST_DATA_TEST_CASE(do_not_get_rows_back_from_an_older_changelog, kGuarantees, guarantee) {
  BOOST_TEST(join({}, guarantee, "a4", rows) == "a4/t4");
  BOOST_TEST(join({.optimization = "all"}, guarantee, "b4", {{"k4", {}, 1'700}}) == "b4/NONE");
  BOOST_TEST(join({}, guarantee, "c4") == "c4/NONE");
  lose_state();
  BOOST_TEST(join({}, guarantee, "d4") == "d4/NONE");
}

BOOST_AUTO_TEST_SUITE_END()

/// Counts records per key in a store without a changelog.
class CountUnlogged final : public Processor<S, S, S, S> {
 public:
  void process(Record<S, S> record) override {
    auto& store = context().get_state_store<KeyValueStore<S, std::int64_t>>("seen");
    const std::int64_t count = store.get(record.key).value_or(0) + 1;
    store.put(record.key, count);
    context().forward(record.with_value(std::to_string(count)));
  }
};

/// Counts records per key in a window store without a changelog. All windows begin at 0.
class CountUnloggedInWindows final : public Processor<S, S, S, S> {
 public:
  void process(Record<S, S> record) override {
    auto& store = context().get_state_store<WindowStore<S, std::int64_t>>("seen");
    const std::int64_t count = store.fetch(record.key, 0).value_or(0) + 1;
    store.put(record.key, count, 0);
    context().forward(record.with_value(std::to_string(count)));
  }
};

struct Unlogged : World {
  S in = topic("in");
  S out = topic("out");
  S id = unique("app");
  TempDir state;
  TempDir elsewhere;
  std::size_t counted = 0;

  template <class P>
  [[nodiscard]] Topology topology(StoreBuilder store) const {
    StreamsBuilder builder;
    builder.add_state_store(std::move(store.with_logging_disabled()));
    builder.stream<S, S>(in).process([] { return std::make_unique<P>(); }, {"seen"}).to(out);
    return builder.build();
  }
  [[nodiscard]] Topology key_value(StoreMedium medium = StoreMedium::rocksdb) const {
    return topology<CountUnlogged>(Stores::key_value_store<S, std::int64_t>("seen", medium));
  }

  struct Result {
    S count;  ///< of key "a", after one more record
    S said;
  };
  Result run(const Topology& topology, const S& guarantee, const TempDir& directory) {
    const CapturedStderr said;
    App app(*this, topology, config(id, guarantee, directory.path()));
    app.run_until_running();
    write(in, {{"a", "v", 1'000}});
    const auto results = read_count(out, ++counted);
    BOOST_CHECK(app.streams.close(kPatience));
    BOOST_CHECK(app.failures().empty());
    return {results.back().value.value_or("null"), said.text()};
  }
  void check_begins_empty(const Result& result) const {
    BOOST_TEST(result.count == "1");
    BOOST_TEST(result.said.find("store 'seen' of task 0_0 begins empty, and has no changelog from which it could be "
                                "restored. The task continues at offset " +
                                std::to_string(counted - 1) + " of " + in + "-0") != S::npos);
    BOOST_TEST(result.said.find("restored from scratch") == S::npos);
  }
  static bool complains(const Result& result) { return result.said.find("store 'seen'") != S::npos; }
};

BOOST_FIXTURE_TEST_SUITE(StoresWithoutChangelog, Unlogged)

BOOST_DATA_TEST_CASE(say_nothing_as_long_as_they_have_their_data, kGuarantees, guarantee) {
  for (int i = 1; i <= 3; ++i) {
    const Result result = run(key_value(), guarantee, state);
    BOOST_TEST(result.count == std::to_string(i));
    BOOST_TEST(!complains(result));
  }
}

BOOST_DATA_TEST_CASE(say_that_they_begin_empty_after_the_directory_is_lost, kGuarantees, guarantee) {
  (void)run(key_value(), guarantee, state);
  check_begins_empty(run(key_value(), guarantee, elsewhere));
  BOOST_TEST(!complains(run(key_value(), guarantee, elsewhere)));
}

BOOST_DATA_TEST_CASE(say_that_they_begin_empty_in_memory, kGuarantees, guarantee) {
  const Topology topology = key_value(StoreMedium::in_memory);
  (void)run(topology, guarantee, state);
  check_begins_empty(run(topology, guarantee, state));
}

BOOST_DATA_TEST_CASE(say_that_they_begin_empty_if_they_are_of_another_kind, kGuarantees, guarantee) {
  (void)run(key_value(), guarantee, state);
  check_begins_empty(
      run(topology<CountUnloggedInWindows>(Stores::window_store<S, std::int64_t>("seen", Millis(60'000), Millis(1000))),
          guarantee, state));
}

BOOST_DATA_TEST_CASE(say_that_they_lack_what_was_processed_elsewhere, kGuarantees, guarantee) {
  (void)run(key_value(), guarantee, state);
  (void)run(key_value(), guarantee, elsewhere);
  const Result back = run(key_value(), guarantee, state);
  BOOST_TEST(back.count == "2");
  BOOST_TEST(back.said.find("store 'seen' of task 0_0 has the records up to offset 1 of " + in + "-0") != S::npos);
  BOOST_TEST(!complains(run(key_value(), guarantee, state)));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace millrace::runtime_test
