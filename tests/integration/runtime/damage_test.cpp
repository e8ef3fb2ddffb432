// SPDX-License-Identifier: Apache-2.0
// Damage to RocksDB's files that is found while an application runs.
#define BOOST_TEST_DYN_LINK
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <cstdio>
#include <map>
#include <set>

#include "integration/runtime/world.hpp"
#include "millrace/millrace.hpp"
#include "millrace/serde/primitives.hpp"
#include "support/captured_stderr.hpp"
#include "support/damaged_tables.hpp"

namespace millrace::runtime_test {
namespace {

namespace data = boost::unit_test::data;
using S = std::string;

const auto kGuarantees = data::make({"at_least_once", "exactly_once_v2"});

constexpr int kRows = 3'000;

/// A long key, so that a store with such keys has many blocks.
S key(int i) {
  S text;
  for (unsigned x = static_cast<unsigned>(i) + 1; text.size() < 40; x = x * 1664525u + 1013904223u) {
    text += std::to_string(x);
  }
  return text + "-" + std::to_string(i);
}
std::vector<Input> rows(const S& value) {
  std::vector<Input> records;
  for (int i = 0; i < kRows; ++i) records.push_back({key(i), value});
  return records;
}

/// For each record with the key "walk", iterates over all rows of the store "rows" and counts them.
template <class Store>
class Walk final : public Processor<S, S, S, S> {
 public:
  void process(Record<S, S> record) override {
    auto& store = context().template get_state_store<Store>("rows");
    if (record.key != "walk") {
      if constexpr (std::is_same_v<Store, KeyValueStore<S, S>>) store.put(record.key, record.value);
      return;
    }
    int count = 0;
    for (const auto& row : store.all()) count += row.key.empty() ? 0 : 1;
    context().forward(record.with_value(std::to_string(count)));
  }
};

struct Damaged : World {
  S in = topic("in");
  S names = topic("names", 1, {{"cleanup.policy", "compact"}});
  S out = topic("out");
  S id = unique("app");
  TempDir state;

  /// Iterates over the rows of a global table.
  [[nodiscard]] Topology walking_global_table() const {
    StreamsBuilder builder;
    builder.global_table<S, S>(names, Materialized::as("rows"));
    builder.stream<S, S>(in).process([] { return std::make_unique<Walk<TimestampedKeyValueStore<S, S>>>(); }).to(out);
    return builder.build();
  }
  /// Runs the application until `out` has `results` records. Returns its log.
  S run(const Topology& topology, const S& guarantee, const std::vector<Input>& records, std::size_t results) {
    const CapturedStderr said;
    App app(*this, topology, config(id, guarantee, state.path()));
    app.run_until_running();
    write(in, records);
    if (results > 0) {
      (void)read_count(out, results);
    } else {
      wait_until("the records", [&] { return app.streams.counters().processed_records >= records.size(); });
    }
    BOOST_CHECK(app.streams.close(kPatience));
    BOOST_CHECK(app.failures().empty());
    return said.text();
  }
  void damage(const S& part) const {
    int tables = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(state.path())) {
      if (entry.is_directory() && entry.path().filename() == part) tables += damage_tables(entry.path());
    }
    BOOST_REQUIRE_GE(tables, 1);
  }
  static void check_said(const S& said, const S& what) {
    BOOST_CHECK_MESSAGE(said.find(what) != S::npos, "not said: " << what);
  }
};

BOOST_FIXTURE_TEST_SUITE(LateDamage, Damaged)

BOOST_DATA_TEST_CASE(found_by_a_lookup_rebuilds_the_task_from_its_changelog, kGuarantees, guarantee) {
  const Topology topology = counting(in, out);
  (void)run(topology, guarantee, rows("1"), kRows);
  damage("0_0");
  const S said = run(topology, guarantee, rows("2"), 2 * kRows);
  check_said(said, "block checksum mismatch");
  check_said(said, "the state of task 0_0 is damaged: it is deleted, and restored from its changelogs");
  const auto counted = counts(read(out));
  BOOST_CHECK_EQUAL(counted.size(), static_cast<std::size_t>(kRows));
  const bool exactly = S(guarantee) == "exactly_once_v2";
  for (const auto& [row, numbers] : counted) {
    // Under at least once, the changelog may have counts that were written after the last commit. So a count may be
    // higher than 2.
    BOOST_CHECK(exactly ? numbers == (std::vector<std::int64_t>{1, 2}) : numbers.back() >= 2);
  }
  // The next start finds no damage.
  BOOST_CHECK(run(topology, guarantee, {{key(0), "3"}}, 2 * kRows + 1).find("damaged") == S::npos);
}

BOOST_DATA_TEST_CASE(found_by_a_walk_rebuilds_the_task_from_its_changelog, kGuarantees, guarantee) {
  StreamsBuilder builder;
  builder.add_state_store(Stores::key_value_store<S, S>("rows"));
  builder.stream<S, S>(in).process([] { return std::make_unique<Walk<KeyValueStore<S, S>>>(); }, {"rows"}).to(out);
  const Topology topology = builder.build();
  (void)run(topology, guarantee, rows("1"), 0);
  damage("0_0");
  const S said = run(topology, guarantee, {{"walk", ""}}, 1);
  check_said(said, "the state of task 0_0 is damaged");
  BOOST_CHECK_EQUAL(read(out).back().value.value_or("null"), std::to_string(kRows));
}

BOOST_DATA_TEST_CASE(of_a_global_store_found_by_a_join_reads_its_topic_again, kGuarantees, guarantee) {
  StreamsBuilder builder;
  const auto table = builder.global_table<S, S>(names, Materialized::as("names"));
  builder.stream<S, S>(in)
      .left_join(
          table, [](const S& key, const S&) { return key; },
          [](const S& value, const S* name) { return value + "=" + (name == nullptr ? "?" : *name); })
      .to(out);
  const Topology topology = builder.build();
  write(names, rows("name"));
  (void)run(topology, guarantee, {{key(0), "1"}}, 1);
  damage("global");
  const S said = run(topology, guarantee, rows("2"), kRows + 1);
  check_said(said, "The global stores in");
  check_said(said, "are damaged: they are deleted and read from the beginning of their topics");
  std::set<S> results;
  for (const Row& row : read(out)) results.insert(row.value.value_or("null"));
  BOOST_CHECK(results == (std::set<S>{"1=name", "2=name"}));
  BOOST_CHECK(run(topology, guarantee, {{key(0), "3"}}, 0).find("damaged") == S::npos);
}

BOOST_DATA_TEST_CASE(of_a_global_store_found_by_a_walk_reads_its_topic_again, kGuarantees, guarantee) {
  const Topology topology = walking_global_table();
  write(names, rows("name"));
  (void)run(topology, guarantee, {{"walk", ""}}, 1);
  damage("global");
  (void)run(topology, guarantee, {{"walk", ""}}, 2);
  for (const Row& row : read(out)) BOOST_CHECK_EQUAL(row.value.value_or("null"), std::to_string(kRows));
}

BOOST_DATA_TEST_CASE(of_a_global_store_found_at_its_start_reads_its_topic_again, kGuarantees, guarantee) {
  const Topology topology = walking_global_table();
  write(names, rows("name"));
  (void)run(topology, guarantee, {{"walk", ""}}, 1);
  damage("global");
  // The node of a table reads the old row before it writes a new one. So this processor finds the damage.
  write(names, rows("other name"));
  const S said = run(topology, guarantee, {{"walk", ""}}, 2);
  check_said(said, "are damaged: they are deleted and read from the beginning of their topics");
  BOOST_CHECK_EQUAL(read(out).back().value.value_or("null"), std::to_string(kRows));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace millrace::runtime_test
