// SPDX-License-Identifier: Apache-2.0
// Global tables, and tables whose source topic is also their changelog.
#define BOOST_TEST_DYN_LINK
#include <algorithm>
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "integration/runtime/world.hpp"
#include "millrace/dsl/streams_builder.hpp"
#include "millrace/serde/primitives.hpp"

namespace millrace::runtime_test {
namespace {

namespace data = boost::unit_test::data;
using S = std::string;

const auto kGuarantees = data::make({"at_least_once", "exactly_once_v2"});

std::vector<S> values(const std::vector<Row>& rows) {
  std::vector<S> result;
  for (const Row& row : rows) result.push_back(row.value.value_or("null"));
  std::ranges::sort(result);
  return result;
}

struct Tables : World {
  S in = topic("in", 2);
  S names = topic("names", 3, {{"cleanup.policy", "compact"}});
  S out = topic("out");
  S id = unique("app");
  TempDir state;

  void lose_state() const {
    for (const auto& entry : std::filesystem::directory_iterator(state.path())) {
      std::filesystem::remove_all(entry.path());
    }
  }
};

/// Joins each value with its name in a global table.
Topology with_global_table(const Tables& world, StoreMedium medium) {
  StreamsBuilder builder;
  const auto names = builder.global_table<S, S>(world.names, Materialized::as("names").with_store_type(medium));
  builder.stream<S, S>(world.in)
      .left_join(
          names, [](const S&, const S& value) { return value; },
          [](const S& value, const S* name) { return value + "=" + (name == nullptr ? "?" : *name); })
      .to(world.out);
  return builder.build();
}

BOOST_FIXTURE_TEST_SUITE(TablesSuite, Tables)

BOOST_DATA_TEST_CASE(global_tables_are_complete_before_the_first_record, kGuarantees, guarantee) {
  write(names, {{"1", "one"}, {"2", "two"}, {"3", "three"}, {"4", "four"}});
  write(in, {{"a", "1"}, {"b", "2"}, {"c", "3"}, {"d", "4"}, {"e", "5"}});
  App app(*this, with_global_table(*this, StoreMedium::rocksdb),
          config(id, guarantee, state.path()).set("num.stream.threads", "2"));
  app.run_until_running();
  BOOST_TEST(values(read_count(out, 5)) == (std::vector<S>{"1=one", "2=two", "3=three", "4=four", "5=?"}),
             boost::test_tools::per_element());
  // Later updates of the global table arrive while the application runs.
  write(names, {{"5", "five"}, {"1", {}}});
  std::size_t written = 5;
  const auto last = [&](const S& key) {
    write(in, {{"x", key}});
    const auto rows = read_count(out, ++written);
    return rows.back().value.value_or("null");
  };
  wait_until("the update is seen", [&] { return last("5") == "5=five"; });
  wait_until("the deletion is seen", [&] { return last("1") == "1=?"; });
  BOOST_CHECK(app.streams.close(kPatience));
  BOOST_CHECK(app.failures().empty());
}

BOOST_DATA_TEST_CASE(global_tables_survive_a_restart, data::make({true, false}), persistent) {
  write(names, {{"1", "one"}, {"2", "two"}});
  std::vector<S> expected;
  for (const S value : {"1", "2", "3"}) {
    App app(*this, with_global_table(*this, persistent ? StoreMedium::rocksdb : StoreMedium::in_memory),
            config(id, "exactly_once_v2", state.path()));
    app.run_until_running();
    write(in, {{"k", value}});
    expected.push_back(value + "=" + (value == "1" ? "one" : value == "2" ? "two" : "three"));
    BOOST_TEST(values(read_count(out, expected.size())) == expected, boost::test_tools::per_element());
    BOOST_CHECK(app.streams.close(kPatience));
    if (value == "2") write(names, {{"3", "three"}});  // while it is down
  }
}

BOOST_AUTO_TEST_CASE(global_tables_need_no_streams) {
  StreamsBuilder builder;
  (void)builder.global_table<S, S>(names, Materialized::as("names"));
  App app(*this, builder.build(), config(id, "exactly_once_v2", state.path()).set("num.stream.threads", "2"));
  app.run_until_running();
  BOOST_CHECK(app.streams.close(kPatience));
  BOOST_TEST(app.states() == (std::vector<S>{"REBALANCING", "RUNNING", "PENDING_SHUTDOWN", "NOT_RUNNING"}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(global_tables_without_their_topic_are_refused) {
  StreamsBuilder builder;
  (void)builder.global_table<S, S>("no-such-topic", Materialized::as("names"));
  builder.stream<S, S>(in).to(out);
  App app(*this, builder.build(), config(id, "at_least_once", state.path()));
  BOOST_CHECK_EXCEPTION(app.start(), TopologyException, [](const TopologyException& error) {
    return S(error.what()).find("'no-such-topic'") != S::npos;
  });
}

BOOST_AUTO_TEST_CASE(unreadable_global_tables_end_the_application) {
  StreamsBuilder builder;
  (void)builder.global_table<S, std::int64_t>(names, Materialized::as("numbers"));
  builder.stream<S, S>(in).to(out);
  App app(*this, builder.build(), config(id, "at_least_once", state.path()));
  app.run_until_running();
  write(names, {{"1", "not eight bytes"}});
  BOOST_CHECK(app.streams.wait_for(kPatience));
  BOOST_CHECK(app.streams.state() == Streams::State::error);
  BOOST_CHECK_MESSAGE(app.streams.error().find(names) != S::npos, app.streams.error());
}

BOOST_DATA_TEST_CASE(can_use_their_source_topic_as_changelog, kGuarantees, guarantee) {
  const S table = topic("table", 2, {{"cleanup.policy", "compact"}});
  const auto settings = [&] {
    return config(id, guarantee, state.path()).set("topology.optimization", "reuse.ktable.source.topics");
  };
  StreamsBuilder builder;
  const auto names_table = builder.table<S, S>(table, Materialized::as("names"));
  builder.stream<S, S>(in)
      .left_join(names_table,
                 [](const S& value, const S* name) { return value + "=" + (name == nullptr ? "?" : *name); })
      .to(out);
  const Topology topology = builder.build(settings());
  write(table, {{"a", "A"}, {"b", "B"}, {"c", "C"}});
  const auto run = [&](const std::vector<Input>& inputs, std::size_t total) {
    App app(*this, topology, settings().set("max.task.idle.ms", "500"));
    app.run_until_running();
    write(in, inputs);
    const auto rows = read_count(out, total);
    BOOST_CHECK(app.streams.close(kPatience));
    BOOST_CHECK(app.failures().empty());
    return values(rows);
  };
  BOOST_TEST(run({{"a", "1", 2000}, {"d", "2", 2000}}, 2) == (std::vector<S>{"1=A", "2=?"}),
             boost::test_tools::per_element());
  for (const auto& existing : admin->list_topics(kPatience)) {
    BOOST_TEST(existing.name.find(id + "-names-changelog") == S::npos, existing.name);
  }
  lose_state();
  write(table, {{"a", "AA", 1500}, {"d", "D", 1500}});
  BOOST_TEST(run({{"a", "3", 2001}, {"b", "4", 2001}, {"d", "5", 2001}}, 5) ==
                 (std::vector<S>{"1=A", "2=?", "3=AA", "4=B", "5=D"}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace millrace::runtime_test
