// SPDX-License-Identifier: Apache-2.0
// What stores keep and restore when an application restarts.
#define BOOST_TEST_DYN_LINK
#include <atomic>
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <set>

#include "integration/runtime/world.hpp"
#include "millrace/millrace.hpp"
#include "millrace/serde/primitives.hpp"
#include "support/captured_stderr.hpp"

namespace millrace::runtime_test {
namespace {

namespace data = boost::unit_test::data;

const auto kGuarantees = data::make({"at_least_once", "exactly_once_v2"});

/// An application that is started several times.
struct Restarts : World {
  std::string in = topic("in", 2);
  std::string out = topic("out");
  std::string id = unique("app");
  TempDir state;
  int written = 0;

  /// Starts the application, writes and counts `more` records, and closes the application. Returns how many changelog
  /// records were restored.
  std::uint64_t run(const Topology& topology, const std::string& guarantee, int more) {
    App app(*this, topology, config(id, guarantee, state.path()));
    app.run_until_running();
    write(in, keyed(more, 10));
    written += more;
    (void)read_count(out, static_cast<std::size_t>(written));
    BOOST_CHECK(app.streams.close(kPatience));
    BOOST_CHECK(app.failures().empty());
    return app.streams.counters().restored_records;
  }
  void lose_state() const {
    for (const auto& entry : std::filesystem::directory_iterator(state.path())) {
      std::filesystem::remove_all(entry.path());
    }
  }
};

BOOST_FIXTURE_TEST_SUITE(StateRestore, Restarts)

BOOST_DATA_TEST_CASE(reads_nothing_if_the_state_is_there, kGuarantees, guarantee) {
  BOOST_CHECK_EQUAL(run(counting(in, out), guarantee, 200), 0U);
  BOOST_CHECK_EQUAL(run(counting(in, out), guarantee, 200), 0U);
  check_counted_once(read(out), 400);
}

BOOST_DATA_TEST_CASE(reads_the_changelog_if_the_state_was_deleted, kGuarantees, guarantee) {
  BOOST_CHECK_EQUAL(run(counting(in, out), guarantee, 200), 0U);
  lose_state();
  BOOST_CHECK_EQUAL(run(counting(in, out), guarantee, 200), 200U);
  check_counted_once(read(out), 400);
}

BOOST_DATA_TEST_CASE(knows_the_time_that_its_operators_have_seen, kGuarantees* data::make({false, true}), guarantee,
                     lost) {
  StreamsBuilder builder;
  builder.stream<std::string, std::string>(in)
      .group_by_key()
      .windowed_by(TimeWindows::of_size_and_grace(10s, 2s))
      .count(Materialized::as("counts").with_retention(1h))
      .suppress(Suppressed::until_window_closes(BufferConfig::unbounded()))
      .to_stream([](const Windowed<std::string>& key, const std::optional<std::int64_t>&) {
        return key.key + "@" + std::to_string(key.window.start);
      })
      .to(out);
  const Topology topology = builder.build();
  const auto run = [&](const std::vector<Input>& records, std::size_t results) {
    App app(*this, topology, config(id, guarantee, state.path()));
    app.run_until_running();
    write(in, records);
    (void)read_count(out, results);
    BOOST_CHECK(app.streams.close(kPatience));
  };
  run({{"a", "1", 1'000}, {"a", "2", 2'000}, {"a", "3", 21'000}}, 1);
  if (lost) lose_state();
  run({{"a", "late", 1'500}, {"a", "4", 41'000}}, 2);
  const auto rows = counts(read(out));
  BOOST_CHECK(rows == (std::map<std::string, std::vector<std::int64_t>>{{"a@0", {2}}, {"a@20000", {1}}}));
}

BOOST_AUTO_TEST_CASE(waits_for_an_open_transaction_with_a_warning) {
  (void)run(counting(in, out), "exactly_once_v2", 200);
  lose_state();
  const std::string changelog = id + "-counts-changelog";
  const auto other = broker->make_producer({{"transactional.id", unique("tx")}});
  other->init_transactions(kPatience);
  other->begin_transaction();
  other->send({.topic = changelog, .partition = 0, .key = "x", .value = {}, .timestamp = {}});
  other->flush(kPatience);
  const auto end = admin->watermarks({changelog, 0}, kPatience).high;

  App app(*this, counting(in, out),
          config(id, "exactly_once_v2", state.path()).set("millrace.connect.timeout.ms", "3000"));
  {
    const CapturedStderr said;
    app.start();
    wait_until("the warning", [&] {
      return said.text().find("changelog " + changelog + "-0 ends at offset " + std::to_string(end) +
                              ", but reading stops at offset " + std::to_string(end - 1)) != std::string::npos;
    });
  }
  BOOST_CHECK(app.streams.state() == Streams::State::rebalancing);
  other->abort_transaction(kPatience);
  wait_until("the end of the restore", [&] { return app.streams.state() == Streams::State::running; });
  BOOST_CHECK(app.streams.close(kPatience));
  BOOST_CHECK(app.failures().empty());
}

BOOST_DATA_TEST_CASE(repeats_at_each_start_for_a_store_in_memory, kGuarantees, guarantee) {
  StreamsBuilder builder;
  builder.stream<std::string, std::string>(in)
      .group_by_key()
      .count(Materialized::as("counts").with_store_type(StoreMedium::in_memory))
      .to_stream()
      .to(out);
  const Topology topology = builder.build();
  BOOST_CHECK_EQUAL(run(topology, guarantee, 100), 0U);
  BOOST_CHECK_EQUAL(run(topology, guarantee, 100), 100U);
  BOOST_CHECK_EQUAL(run(topology, guarantee, 100), 200U);
  check_counted_once(read(out), 300);
  BOOST_CHECK(std::filesystem::is_empty(state.path()));  // nothing is persistent
}

BOOST_AUTO_TEST_CASE(reports_to_the_restore_listener) {
  (void)run(counting(in, out), "exactly_once_v2", 500);
  lose_state();
  App app(*this, counting(in, out), config(id, "exactly_once_v2", state.path()));
  std::mutex mutex;
  std::set<std::string> stores;
  std::vector<std::pair<std::int64_t, std::int64_t>> progress;
  app.streams.set_restore_listener([&](const std::string& store, std::int64_t done, std::int64_t total) {
    const std::lock_guard lock(mutex);
    stores.insert(store);
    progress.emplace_back(done, total);
  });
  app.run_until_running();
  BOOST_CHECK(app.streams.close(kPatience));
  BOOST_CHECK(stores == std::set<std::string>{"counts"});
  int completed = 0;
  for (const auto& [done, total] : progress) {
    BOOST_CHECK_LE(done, total);
    completed += done == total ? 1 : 0;
  }
  BOOST_CHECK_EQUAL(completed, 2);  // one of each partition
}

BOOST_AUTO_TEST_CASE(skips_aborted_transactions) {
  // Every 50th record fails once, in the middle of a transaction.
  std::atomic<int> seen{0};
  std::atomic<int> failures{0};
  StreamsBuilder builder;
  builder.stream<std::string, std::string>(in)
      .group_by_key()
      .count(Materialized::as("counts"))
      .to_stream()
      .peek([&](const auto&, const auto&) {
        if (++seen % 50 != 0 || failures >= 5) return;
        ++failures;
        throw std::runtime_error("on purpose");
      })
      .to(out);
  write(in, keyed(400, 10));
  App app(*this, builder.build(), config(id, "exactly_once_v2", state.path()));
  app.response = Streams::ExceptionResponse::replace_thread;
  app.start();
  (void)read_count(out, 400);
  BOOST_CHECK(app.streams.close(kPatience));
  BOOST_CHECK_EQUAL(app.failures().size(), 5U);
  check_counted_once(read(out), 400);
  BOOST_CHECK_GE(app.streams.counters().processed_records, 400U);
}

BOOST_AUTO_TEST_CASE(returns_to_the_last_commit_after_a_failure_and_a_restart) {
  {
    std::atomic<int> seen{0};
    StreamsBuilder builder;
    builder.stream<std::string, std::string>(in)
        .group_by_key()
        .count(Materialized::as("counts"))
        .to_stream()
        .peek([&](const auto&, const auto&) {
          if (++seen == 130) throw std::runtime_error("on purpose");
        })
        .to(out);
    write(in, keyed(200, 10));
    App app(*this, builder.build(), config(id, "exactly_once_v2", state.path()));
    app.start();
    wait_until("ERROR", [&] { return app.streams.state() == Streams::State::error; });
    BOOST_CHECK(app.streams.error().find("on purpose") != std::string::npos);
  }
  written = 200;
  (void)run(counting(in, out), "exactly_once_v2", 100);
  check_counted_once(read(out), 300);
}

BOOST_AUTO_TEST_CASE(needs_the_state_directory_for_itself) {
  const App first(*this, counting(in, out), config(id, "exactly_once_v2", state.path()));
  BOOST_CHECK_EXCEPTION(
      App(*this, counting(in, out), config(id, "exactly_once_v2", state.path())), LockException,
      [](const LockException& error) { return std::string(error.what()).find("state.dir") != std::string::npos; });
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace millrace::runtime_test
