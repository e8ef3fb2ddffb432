// SPDX-License-Identifier: Apache-2.0
// Topics that are deleted and created again under the same name, and offsets that a group has lost. The new topic is
// longer than the old one where possible, so the offset alone shows nothing.
#define BOOST_TEST_DYN_LINK
#include <algorithm>
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <memory>

#include "integration/runtime/world.hpp"
#include "millrace/millrace.hpp"
#include "support/captured_stderr.hpp"

namespace millrace::runtime_test {
namespace {

namespace data = boost::unit_test::data;
using S = std::string;

const auto kGuarantees = data::make({"at_least_once", "exactly_once_v2"});

/// Counts the records of 10 keys.
struct Counting : World {
  S in = topic("in");
  S out = topic("out");
  S id = unique("app");
  S changelog = id + "-counts-changelog";
  TempDir state;
  int total = 0;  ///< records that must be counted

  [[nodiscard]] std::unique_ptr<App> start(const S& guarantee) const {
    auto app = std::make_unique<App>(*this, counting(in, out),
                                     config(id, guarantee, state.path()).set("metadata.max.age.ms", "500"));
    app->run_until_running();
    return app;
  }
  void stop(App& app) const {
    BOOST_TEST(app.streams.close(kPatience));
    BOOST_TEST(app.failures().empty());
  }
  /// Waits until all records were counted. Under at least once, a record may have several results.
  void wait_until_all_counted() const {
    wait_until(std::to_string(total) + " records were counted", [&] { return counted() >= total; });
  }
  /// Writes `count` records, and waits until they were counted.
  void feed(int count) {
    write(in, keyed(count, 10));
    total += count;
    wait_until_all_counted();
  }
  void wait_until_committed(std::int64_t offset) const {
    wait_until("the commit of offset " + std::to_string(offset), [&] {
      const auto offsets = admin->group_offsets(id, kPatience);
      return offsets.contains({in, 0}) && offsets.at({in, 0}).offset == offset;
    });
  }
  /// Starts the application, feeds it, and stops it.
  void run(const S& guarantee, int count) {
    const auto app = start(guarantee);
    feed(count);
    stop(*app);
  }
  /// The counts of all keys together.
  [[nodiscard]] std::int64_t counted() const {
    std::int64_t sum = 0;
    for (const auto& [key, values] : counts(read(out))) sum += std::ranges::max(values);
    return sum;
  }
  void make_anew(const S& name, const std::map<S, S>& configs = {}) const {
    admin->delete_topic(name, kPatience);
    wait_until("the topic is gone", [&] { return !admin->describe_topic(name, kPatience).has_value(); });
    create(name, 1, configs);
  }
  void lose_state() const {
    for (const auto& entry : std::filesystem::directory_iterator(state.path())) {
      std::filesystem::remove_all(entry.path());
    }
  }
};

BOOST_FIXTURE_TEST_SUITE(MadeAnew, Counting)

BOOST_DATA_TEST_CASE(a_changelog_is_written_again_from_a_complete_store, kGuarantees, guarantee) {
  run(guarantee, 100);
  make_anew(changelog, {{"cleanup.policy", "compact"}});
  {
    const CapturedStderr said;
    run(guarantee, 10);
    BOOST_TEST(said.text().find("the store is complete, and is written to the new changelog") != S::npos);
  }
  BOOST_TEST(counted() == 110);
  lose_state();
  run(guarantee, 10);
  BOOST_TEST(counted() == 120);
}

// As before, but the new changelog has as many records as the old one, so the store's offset lies within it.
BOOST_DATA_TEST_CASE(a_changelog_that_is_as_long_as_the_old_one_is_noticed, kGuarantees, guarantee) {
  run(guarantee, 100);
  make_anew(changelog, {{"cleanup.policy", "compact"}});
  write(changelog, std::vector<Input>(200, {"k0", S("\0\0\0\0\0\0\0\1", 8)}));
  run(guarantee, 10);
  BOOST_TEST(counted() == 110);
  lose_state();
  run(guarantee, 10);
  BOOST_TEST(counted() == 120);
}

// Nothing is lost if the store was empty. So a member without local state may continue.
BOOST_DATA_TEST_CASE(an_empty_changelog_of_an_empty_store_is_accepted, kGuarantees, guarantee) {
  StreamsBuilder builder;
  builder.table<S, S>(in, Materialized::as("counts")).to_stream().to(out);
  const Topology topology = builder.build();
  const auto run = [&](const std::vector<Input>& records, std::size_t results) {
    App app(*this, topology, config(id, guarantee, state.path()));
    app.run_until_running();
    write(in, records);
    (void)read_count(out, results);
    stop(app);
  };
  run({{"a", "1"}, {"a", {}}}, 2);
  make_anew(changelog, {{"cleanup.policy", "compact"}});
  run({}, 2);
  lose_state();
  run({{"b", "1"}}, 3);
}

// The task of the new version has another lead topic, and so another claim on the committed offsets.
BOOST_DATA_TEST_CASE(a_changelog_is_written_again_by_another_version, kGuarantees, guarantee) {
  run(guarantee, 100);
  make_anew(changelog, {{"cleanup.policy", "compact"}});
  StreamsBuilder builder;
  builder.stream<S, S>(std::vector<S>{in, topic("also")})
      .group_by_key()
      .count(Materialized::as("counts"))
      .to_stream()
      .to(out);
  const Topology topology = builder.build();
  {
    App app(*this, topology, config(id, guarantee, state.path()));
    app.run_until_running();
    feed(10);
    stop(app);
  }
  BOOST_TEST(counted() == 110);
  lose_state();
  App app(*this, topology, config(id, guarantee, state.path()));
  app.run_until_running();
  feed(10);
  stop(app);
  BOOST_TEST(counted() == 120);
}

BOOST_DATA_TEST_CASE(a_changelog_is_written_again_while_the_application_runs, kGuarantees, guarantee) {
  const auto app = start(guarantee);
  feed(100);
  wait_until_committed(100);
  admin->delete_topic(changelog, kPatience);
  feed(10);
  wait_until_committed(110);
  stop(*app);
  BOOST_TEST(counted() == 110);
  lose_state();
  run(guarantee, 10);
  BOOST_TEST(counted() == 120);
}

BOOST_DATA_TEST_CASE(an_incomplete_store_without_its_changelog_is_refused, kGuarantees, guarantee) {
  run(guarantee, 100);
  const TempDir elsewhere;
  const auto of_other = config(id, guarantee, elsewhere.path());
  {
    // Another member processes the task, with a directory of its own.
    App other(*this, counting(in, out), of_other);
    other.run_until_running();
    feed(100);
    BOOST_TEST(other.streams.close(kPatience));
  }
  make_anew(changelog, {{"cleanup.policy", "compact"}});
  App app(*this, counting(in, out), config(id, guarantee, state.path()));
  app.start();
  wait_until("ERROR", [&] { return app.streams.state() == Streams::State::error; });
  const S error = app.streams.error();
  BOOST_TEST(error.find("store 'counts' of task 0_0 has lost records: its changelog " + changelog + "-0") != S::npos);
  BOOST_TEST(error.find("--reset") != S::npos);
  // The other member is complete, and writes the changelog again.
  App other(*this, counting(in, out), of_other);
  other.run_until_running();
  feed(10);
  stop(other);
  BOOST_TEST(counted() == 210);
}

BOOST_DATA_TEST_CASE(a_store_without_local_state_and_without_its_changelog_is_refused,
                     kGuarantees* data::make({false, true}), guarantee, in_memory) {
  StreamsBuilder builder;
  builder.stream<S, S>(in)
      .group_by_key()
      .count(Materialized::as("counts").with_store_type(in_memory ? StoreMedium::in_memory : StoreMedium::rocksdb))
      .to_stream()
      .to(out);
  const Topology topology = builder.build();
  {
    App app(*this, topology, config(id, guarantee, state.path()));
    app.run_until_running();
    feed(100);
    stop(app);
  }
  make_anew(changelog, {{"cleanup.policy", "compact"}});
  if (!in_memory) lose_state();
  App app(*this, topology, config(id, guarantee, state.path()));
  app.start();
  wait_until("ERROR", [&] { return app.streams.state() == Streams::State::error; });
  BOOST_TEST(app.streams.error().find("store 'counts' of task 0_0 has lost records") != S::npos);
  BOOST_TEST(app.streams.error().find("There is no local state") != S::npos);
  BOOST_TEST(counted() == 100);
}

BOOST_DATA_TEST_CASE(an_input_is_read_from_its_beginning, kGuarantees, guarantee) {
  run(guarantee, 100);
  make_anew(in);
  // Other records than before. There are more of them, so the old offset lies within the new topic.
  write(in, keyed(150, 10, 1'000));
  total += 150;
  {
    const CapturedStderr said;
    run(guarantee, 10);
    BOOST_TEST(said.text().find("topic '" + in + "' was deleted and created again") != S::npos);
  }
  BOOST_TEST(counted() == 260);
  run(guarantee, 10);
  BOOST_TEST(counted() == 270);
}

BOOST_DATA_TEST_CASE(an_input_is_read_from_its_beginning_while_the_application_runs, kGuarantees, guarantee) {
  const auto app = start(guarantee);
  feed(100);
  wait_until_committed(100);
  make_anew(in);
  write(in, keyed(50, 10, 1'000));
  total += 50;
  wait_until_all_counted();
  feed(10);
  stop(*app);
  BOOST_TEST(counted() == 160);
}

// The same records as before, for example because they were copied from another broker.
BOOST_DATA_TEST_CASE(input_that_was_counted_already_is_refused_if_the_group_has_lost_its_offsets, kGuarantees,
                     guarantee) {
  run(guarantee, 100);
  make_anew(in);
  write(in, keyed(100, 10));
  App app(*this, counting(in, out), config(id, guarantee, state.path()));
  app.start();
  wait_until("ERROR", [&] { return app.streams.state() == Streams::State::error; });
  const S error = app.streams.error();
  BOOST_TEST(error.find("group '" + id + "' has lost its committed offset of " + in + "-0") != S::npos);
  BOOST_TEST(error.find("includes the records before offset 100") != S::npos);
  BOOST_TEST(error.find("--reset --execute") != S::npos);
  BOOST_TEST(error.find(state.path().string()) != S::npos);
  BOOST_TEST(counted() == 100);
}

BOOST_AUTO_TEST_SUITE_END()

/// Joins a stream with a table.
struct Tables : World {
  S rows = topic("rows", 1, {{"cleanup.policy", "compact"}});
  S in = topic("in");
  S out = topic("out");
  S id = unique("app");
  TempDir state;
  int lookups = 0;

  [[nodiscard]] Topology topology(bool global, const StreamsConfig& config) const {
    StreamsBuilder builder;
    const auto stream = builder.stream<S, S>(in);
    const auto joined = [](const S& value, const S* row) { return value + "=" + (row == nullptr ? "?" : *row); };
    if (global) {
      stream
          .left_join(
              builder.global_table<S, S>(rows, Materialized::as("rows")), [](const S& key, const S&) { return key; },
              joined)
          .to(out);
    } else {
      stream.left_join(builder.table<S, S>(rows, Materialized::as("rows")), joined).to(out);
    }
    return builder.build(config);
  }
  [[nodiscard]] StreamsConfig settings(const S& guarantee) const {
    return config(id, guarantee, state.path())
        .set("topology.optimization", "reuse.ktable.source.topics")
        .set("metadata.max.age.ms", "500");
  }
  /// The row that a record with this key finds. Under at least once, a record may have several results.
  S lookup(const S& key) {
    const S value = "v" + std::to_string(++lookups);
    write(in, {{key, value, 10'000}});
    S found;
    wait_until("the result of " + value, [&] {
      for (const Row& row : read(out)) {
        if (row.value->starts_with(value + "=")) found = row.value->substr(value.size() + 1);
      }
      return !found.empty();
    });
    return found;
  }
  void make_anew() const {
    admin->delete_topic(rows, kPatience);
    wait_until("the topic is gone", [&] { return !admin->describe_topic(rows, kPatience).has_value(); });
    create(rows, 1, {{"cleanup.policy", "compact"}});
  }
};

BOOST_FIXTURE_TEST_SUITE(TablesMadeAnew, Tables)

BOOST_DATA_TEST_CASE(have_the_rows_of_the_new_topic, kGuarantees* data::make({false, true}), guarantee, global) {
  const auto config = settings(guarantee);
  write(rows, {{"1", "one"}, {"2", "two"}, {"3", "three"}});
  {
    App app(*this, topology(global, config), config);
    app.run_until_running();
    wait_until("the rows are there", [&] { return lookup("2") == "two"; });
    BOOST_TEST(app.streams.close(kPatience));
  }
  make_anew();
  write(rows, {{"1", "uno"}, {"4", "cuatro"}, {"5", "cinco"}, {"6", "seis"}});
  const CapturedStderr said;
  App app(*this, topology(global, config), config);
  app.run_until_running();
  wait_until("the new rows are there", [&] { return lookup("6") == "seis"; });
  BOOST_TEST(lookup("1") == "uno");
  BOOST_TEST(lookup("2") == "?");
  BOOST_TEST(said.text().find("deleted and created again") != S::npos);
  BOOST_TEST(app.streams.close(kPatience));
  BOOST_TEST(app.failures().empty());
}

BOOST_DATA_TEST_CASE(have_the_rows_of_the_new_topic_while_the_application_runs, kGuarantees* data::make({false, true}),
                     guarantee, global) {
  const auto config = settings(guarantee);
  write(rows, {{"1", "one"}, {"2", "two"}, {"3", "three"}});
  App app(*this, topology(global, config), config);
  app.run_until_running();
  wait_until("the rows are there", [&] { return lookup("2") == "two"; });
  make_anew();
  write(rows, {{"1", "uno"}});
  wait_until("the new row is there", [&] { return lookup("1") == "uno"; });
  BOOST_TEST(lookup("2") == "?");
  BOOST_TEST(app.streams.close(kPatience));
  BOOST_TEST(app.failures().empty());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace millrace::runtime_test
