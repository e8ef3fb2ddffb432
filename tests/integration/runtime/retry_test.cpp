// SPDX-License-Identifier: Apache-2.0
// Serdes whose schema registry is away for a while: no record is skipped, lost or processed twice, although all
// exception handlers skip what fails.
#define BOOST_TEST_DYN_LINK
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <thread>

#include "integration/runtime/registry.hpp"
#include "integration/runtime/world.hpp"
#include "millrace/dsl/kgrouped_stream.hpp"
#include "millrace/dsl/streams_builder.hpp"
#include "millrace/serde/primitives.hpp"
#include "support/captured_stderr.hpp"
#include "support/repetitions.hpp"

namespace millrace::runtime_test {
namespace {

namespace data = boost::unit_test::data;
using S = std::string;
using SteadyClock = std::chrono::steady_clock;

constexpr int kKeys = 5;

S sum(const S& a, const S& b) { return std::to_string(std::stoi(a) + std::stoi(b)); }

struct Retries : World {
  S in = topic("in");
  S out = topic("out");
  S id = unique("app");
  TempDir state;
  std::shared_ptr<Registry> registry = std::make_shared<Registry>();
  RegistryText text{registry};

  /// All handlers skip.
  [[nodiscard]] StreamsConfig settings(const S& guarantee) const {
    return config(id, guarantee, state.path())
        .set("deserialization.exception.handler", "log-and-continue")
        .set("processing.exception.handler", "log-and-continue")
        .set("production.exception.handler", "log-and-continue")
        .set("serde.registry.name", "test")
        .set("retry.backoff.ms", "20");
  }
  /// Adds up the values of each key. Every topic has bytes of the registry: input, repartition topic, changelog,
  /// output.
  [[nodiscard]] Topology summing() const {
    StreamsBuilder builder;
    builder.stream<S, S>(in, Consumed::with(text, text))
        .repartition(Repartitioned::with(text, text).with_name("again"))
        .group_by_key(Grouped::with(text, text))
        .reduce(sum, Materialized::with(text, text).with_store_name("sums"))
        .to_stream()
        .to(out, Produced::with(text, text));
    return builder.build();
  }
  /// Only copies, so that its only failures are those of one topic.
  [[nodiscard]] Topology copying() const {
    StreamsBuilder builder;
    builder.stream<S, S>(in, Consumed::with(text, text)).to(out, Produced::with(text, text));
    return builder.build();
  }

  /// Writes `count` records with the value "1", with the keys in turn.
  void write_ones(int count) const {
    auto records = keyed(count, kKeys);
    for (Input& record : records) {
      record.key = registered(*registry, *record.key);
      record.value = registered(*registry, "1");
    }
    write(in, records);
  }
  /// The output, without the numbers of the schemas.
  [[nodiscard]] std::vector<Row> output() const {
    auto rows = read(out);
    for (Row& row : rows) {
      row.key = row.key.value().substr(4);
      row.value = row.value.value().substr(4);
    }
    return rows;
  }
  void wait_until_summed(int total) const {
    wait_until("sums of " + std::to_string(total), [&] {
      const auto by_key = sums();
      return by_key.size() == kKeys && std::ranges::all_of(by_key, [&](const auto& entry) {
               return std::ranges::max(entry.second) >= total / kKeys;
             });
    });
  }
  [[nodiscard]] std::map<S, std::vector<int>> sums() const {
    std::map<S, std::vector<int>> by_key;
    for (const Row& row : output()) by_key[*row.key].push_back(std::stoi(*row.value));
    return by_key;
  }
  /// Waits until the application has asked the registry in vain `times` times.
  void wait_until_refused(int times) const {
    const int before = registry->refused();
    wait_until("requests in vain", [&] { return registry->refused() >= before + times; });
  }
  void be_away(const S& part, int refusals) const {
    registry->go_away(part);
    wait_until_refused(refusals);
    registry->come_back();
  }
  /// The last sum of each key is right. Exactly once: and each sum came out once, in order. `repeats`: the repartition
  /// topic may contain records twice, so the sums may be larger.
  void check_sums(int total, bool exactly_once, bool cached, bool repeats = false) const {
    for (const auto& [key, values] : sums()) {
      if (repeats && !exactly_once) {
        BOOST_TEST(values.back() >= total / kKeys, key);
        continue;
      }
      BOOST_TEST(values.back() == total / kKeys, key);
      BOOST_TEST(std::ranges::max(values) == total / kKeys, key);
      if (!exactly_once) continue;
      BOOST_TEST((std::ranges::adjacent_find(values, std::ranges::greater_equal()) == values.end()), key);
      if (!cached) BOOST_TEST(values.size() == static_cast<std::size_t>(total / kKeys), key);
    }
  }
};

const auto kGuarantees = data::make({"at_least_once", "exactly_once_v2"});

}  // namespace

BOOST_FIXTURE_TEST_SUITE(RetrySuite, Retries)

// The registry is away for the topics whose names contain `part`.
BOOST_DATA_TEST_CASE(no_record_is_skipped_while_the_registry_is_away,
                     kGuarantees* data::make({"", "in-", "repartition", "changelog", "out-"}), guarantee, part) {
  App app(*this, summing(), settings(guarantee));
  write_ones(100);
  app.run_until_running();
  wait_until_summed(100);
  for (int i = 1; i <= 2; ++i) {
    registry->go_away(part);
    write_ones(100);
    be_away(part, 4);
    wait_until_summed(100 + 100 * i);
  }
  BOOST_TEST(app.streams.close(kPatience));
  BOOST_TEST(app.failures().empty());
  BOOST_TEST(app.streams.counters().dropped_records == 0U);
  // At least once: if a record cannot be written to the repartition topic, those before it are written again.
  check_sums(300, guarantee == S("exactly_once_v2"), false, part == S("") || part == S("repartition"));
}

// With a cache, all output is written at the commit.
BOOST_DATA_TEST_CASE(a_commit_is_tried_again, kGuarantees, guarantee) {
  App app(*this, summing(), settings(guarantee).set("statestore.cache.max.bytes", "1000000"));
  app.run_until_running();
  registry->go_away("out-");
  write_ones(100);
  be_away("out-", 4);
  wait_until_summed(100);
  BOOST_TEST(app.streams.close(kPatience));
  BOOST_TEST(app.failures().empty());
  BOOST_TEST(app.streams.counters().dropped_records == 0U);
  check_sums(100, guarantee == S("exactly_once_v2"), true);
}

// At least once: a failure of the input has no effect, so nothing is repeated.
BOOST_DATA_TEST_CASE(a_record_that_cannot_be_read_repeats_no_other, kGuarantees, guarantee) {
  App app(*this, copying(), settings(guarantee));
  app.run_until_running();
  for (int i = 0; i < 3; ++i) {
    registry->go_away("in-");
    write_ones(10);
    be_away("in-", 2);
    wait_until("all copies", [&] { return output().size() >= static_cast<std::size_t>(10 * (i + 1)); });
  }
  BOOST_TEST(app.streams.close(kPatience));
  BOOST_TEST(output().size() == 30U);
  BOOST_TEST(app.streams.counters().processed_records == 30U);
}

// A record that cannot be written is tried again alone. So not even at-least-once repeats others at each attempt.
BOOST_DATA_TEST_CASE(a_record_that_cannot_be_written_repeats_few_others, kGuarantees, guarantee) {
  App app(*this, copying(), settings(guarantee));
  app.run_until_running();
  registry->go_away("out-");
  write_ones(200);
  be_away("out-", 10);
  wait_until("all copies", [&] { return output().size() >= 200U; });
  BOOST_TEST(app.streams.close(kPatience));
  BOOST_TEST(output().size() == 200U);
}

BOOST_DATA_TEST_CASE(records_that_are_really_bad_are_still_skipped, kGuarantees, guarantee) {
  App app(*this, copying(), settings(guarantee));
  write(in, {{registered(*registry, "k"), registered(*registry, "bad")}, {registered(*registry, "k"), "x"}});
  write_ones(1);
  registry->go_away("in-");
  app.run_until_running();
  be_away("in-", 2);
  wait_until("the good record", [&] { return output().size() == 1U; });
  BOOST_TEST(app.streams.close(kPatience));
  BOOST_TEST(app.streams.counters().dropped_records == 2U);
}

BOOST_DATA_TEST_CASE(other_tasks_go_on, kGuarantees* data::make({"in-", "out-"}), guarantee, part) {
  const S free_in = topic("free");
  const S free_out = topic("copy");
  StreamsBuilder builder;
  builder.stream<S, S>(in, Consumed::with(text, text)).to(out, Produced::with(text, text));
  builder.stream<S, S>(free_in).to(free_out);
  App app(*this, builder.build(), settings(guarantee));
  app.run_until_running();
  registry->go_away(part);
  write_ones(10);
  wait_until_refused(3);
  write(free_in, keyed(10, 2));
  (void)read_count(free_out, 10);
  wait_until_refused(3);
  write(free_in, keyed(10, 2));
  (void)read_count(free_out, 20);
  registry->come_back();
  wait_until("all copies", [&] { return output().size() >= 10U; });
  BOOST_TEST(app.streams.close(kPatience));
  BOOST_TEST(output().size() == 10U);
  if (guarantee == S("exactly_once_v2")) BOOST_TEST(read(free_out).size() == 20U);
}

BOOST_DATA_TEST_CASE(a_task_that_retries_can_move_to_another_member, data::make({"in-", "out-"}), part) {
  registry->go_away(part);
  write_ones(100);
  const auto config = settings("exactly_once_v2");
  auto first = std::make_unique<App>(*this, copying(), config);
  first->run_until_running();
  wait_until_refused(3);
  const TempDir elsewhere;
  App second(*this, copying(), settings("exactly_once_v2").set("state.dir", elsewhere.path().string()));
  second.start();
  // The member that retries still answers the group: otherwise it would be removed, or the other one could not join.
  wait_until("the second member", [&] { return admin->describe_group(id, Millis(5'000)).members.size() == 2; });
  wait_until_refused(3);
  BOOST_TEST(first->streams.close(kPatience));
  registry->come_back();
  wait_until("all copies", [&] { return output().size() >= 100U; });
  BOOST_TEST(second.streams.close(kPatience));
  BOOST_TEST(output().size() == 100U);
}

BOOST_DATA_TEST_CASE(the_time_limit_ends_the_application_and_loses_nothing, kGuarantees* data::make({"in-", "out-"}),
                     guarantee, part) {
  registry->go_away(part);
  write_ones(10);
  {
    App app(*this, copying(), settings(guarantee).set("task.timeout.ms", "500"));
    app.start();
    BOOST_TEST(app.streams.wait_for(kPatience));
    BOOST_TEST((app.streams.state() == Streams::State::error));
    const S error = app.streams.error();
    for (const S& words : {S("500 ms (task.timeout.ms)"), in + "-0 offset 0", S("the schema registry does not answer"),
                           S("Nothing was skipped")}) {
      BOOST_TEST((error.find(words) != S::npos), words << " is not in: " << error);
    }
    if (part == S("out-")) BOOST_TEST((error.find("for topic " + out) != S::npos), error);
  }
  registry->come_back();
  App next(*this, copying(), settings(guarantee));
  next.run_until_running();
  wait_until("all copies", [&] { return output().size() >= 10U; });
  BOOST_TEST(next.streams.close(kPatience));
  BOOST_TEST(output().size() == 10U);
}

BOOST_DATA_TEST_CASE(it_can_be_closed_while_it_retries, kGuarantees* data::make({"in-", "changelog", "out-"}),
                     guarantee, part) {
  registry->go_away(part);
  write_ones(100);
  {
    App app(*this, summing(), settings(guarantee));
    app.start();
    wait_until_refused(8);
    const auto begin = SteadyClock::now();
    BOOST_TEST(app.streams.close(kPatience));
    const auto took = std::chrono::duration_cast<Millis>(SteadyClock::now() - begin);
    BOOST_TEST(took.count() < 15'000 * test::kSlowness);
    BOOST_TEST(app.streams.error() == "");
  }
  registry->come_back();
  App next(*this, summing(), settings(guarantee));
  next.run_until_running();
  wait_until_summed(100);
  BOOST_TEST(next.streams.close(kPatience));
  check_sums(100, guarantee == S("exactly_once_v2"), false);
}

BOOST_AUTO_TEST_CASE(the_beginning_and_the_end_are_logged_once) {
  CapturedStderr captured;
  App app(*this, copying(), settings("exactly_once_v2"));
  app.run_until_running();
  registry->go_away("in-");
  write_ones(1);
  be_away("in-", 5);
  wait_until("the copy", [&] { return output().size() == 1U; });
  BOOST_TEST(app.streams.close(kPatience));
  const S log = captured.text();
  const auto times = [&](const S& words) {
    int found = 0;
    for (auto at = log.find(words); at != S::npos; at = log.find(words, at + 1)) ++found;
    return found;
  };
  BOOST_TEST(times("trying again in 20 ms, and for up to 300000 ms (task.timeout.ms)") == 1, log);
  BOOST_TEST(times("it works again after") == 1, log);
}

// --- stores that are read from a topic

BOOST_DATA_TEST_CASE(a_global_table_waits_for_the_registry, kGuarantees, guarantee) {
  const S names = topic("names", 2);
  StreamsBuilder builder;
  const auto table = builder.global_table<S, S>(names, Consumed::with(text, text),
                                                Materialized::with(text, text).with_store_name("names"));
  builder.stream<S, S>(in)
      .join(
          table, [](const S&, const S& value) { return value; },
          [](const S& value, const S& name) { return value + "=" + name; })
      .to(out);
  const auto row = [&](const S& key, const S& value) {
    return Input{registered(*registry, key), registered(*registry, value)};
  };
  write(names, {row("1", "one"), row("2", "two"), row("3", "bad"), row("4", "four")});
  registry->go_away(names);
  App app(*this, builder.build(), settings(guarantee));
  app.start();
  wait_until_refused(4);
  BOOST_TEST((app.streams.state() == Streams::State::rebalancing));
  registry->come_back();
  write(in, {{"x", "1"}, {"x", "2"}, {"x", "4"}});
  (void)read_count(out, 3);
  // And while it follows its topic.
  registry->go_away(names);
  write(names, {row("5", "five"), row("1", "uno")});
  be_away(names, 4);
  wait_until("the new rows", [&] {
    write(in, {{"x", "5"}, {"x", "1"}});
    const auto rows = read(out);
    return std::ranges::any_of(rows, [](const Row& one) { return one.value == "5=five"; }) &&
           std::ranges::any_of(rows, [](const Row& one) { return one.value == "1=uno"; });
  });
  BOOST_TEST(app.streams.close(kPatience));
  BOOST_TEST(app.failures().empty());
  BOOST_TEST(app.streams.counters().dropped_records == 1U);
  const auto rows = read(out);
  for (std::size_t i = 0; i < 3; ++i) {
    BOOST_TEST(*rows[i].value == std::vector<S>({"1=one", "2=two", "4=four"})[i]);
  }
}

BOOST_AUTO_TEST_CASE(a_global_table_can_be_closed_while_it_retries) {
  StreamsBuilder builder;
  (void)builder.global_table<S, S>(in, Consumed::with(text, text),
                                   Materialized::with(text, text).with_store_name("rows"));
  registry->go_away();
  write_ones(1);
  App app(*this, builder.build(), settings("at_least_once").set("retry.backoff.ms", "60000"));
  app.start();
  wait_until("a request in vain", [&] { return registry->refused() > 0; });
  const auto begin = SteadyClock::now();
  BOOST_TEST(app.streams.close(kPatience));
  BOOST_TEST(std::chrono::duration_cast<Millis>(SteadyClock::now() - begin).count() < 15'000 * test::kSlowness);
  BOOST_TEST(app.streams.error() == "");
}

BOOST_AUTO_TEST_CASE(the_time_limit_of_a_global_table_ends_the_application) {
  StreamsBuilder builder;
  (void)builder.global_table<S, S>(in, Consumed::with(text, text),
                                   Materialized::with(text, text).with_store_name("rows"));
  registry->go_away();
  write_ones(1);
  App app(*this, builder.build(), settings("at_least_once").set("task.timeout.ms", "300"));
  app.start();
  BOOST_TEST(app.streams.wait_for(kPatience));
  const S error = app.streams.error();
  BOOST_TEST((error.find("300 ms (task.timeout.ms)") != S::npos), error);
  BOOST_TEST((error.find(in + "-0 offset 0") != S::npos), error);
}

// A restore that processes the source topic: topology.optimization=reuse.ktable.source.topics.
BOOST_DATA_TEST_CASE(a_restore_from_a_source_topic_waits_for_the_registry, kGuarantees, guarantee) {
  const auto reuse = [&](StreamsConfig config) {
    return config.set("topology.optimization", "reuse.ktable.source.topics");
  };
  const S rows = topic("rows", 1, {{"cleanup.policy", "compact"}});
  StreamsBuilder builder;
  const auto table =
      builder.table<S, S>(rows, Consumed::with(text, text), Materialized::with(text, text).with_store_name("rows"));
  builder.stream<S, S>(in)
      .left_join(table, [](const S& value, const S* row) { return value + "=" + (row == nullptr ? "?" : *row); })
      .to(out);
  const Topology topology = builder.build(reuse(settings(guarantee)));
  std::size_t asked = 0;
  const auto ask = [&](const S& key) {
    write(in, {{key, key}});
    return read_count(out, ++asked).back().value.value_or("");
  };
  {
    App app(*this, topology, reuse(settings(guarantee)));
    app.run_until_running();
    std::vector<Input> input;
    for (int i = 0; i < 20; ++i) {
      input.push_back({registered(*registry, "r" + std::to_string(i)), registered(*registry, std::to_string(i))});
    }
    write(rows, input);
    wait_until("the last row", [&] { return ask("r19") == "r19=19"; });
    BOOST_TEST(app.streams.close(kPatience));
  }
  const TempDir empty;
  registry->go_away(rows);
  App app(*this, topology, reuse(settings(guarantee)).set("state.dir", empty.path().string()));
  app.start();
  wait_until_refused(4);
  registry->come_back();
  wait_until("RUNNING", [&] { return app.streams.state() == Streams::State::running; });
  for (const int i : {0, 7, 19}) {
    BOOST_TEST(ask("r" + std::to_string(i)) == "r" + std::to_string(i) + "=" + std::to_string(i));
  }
  BOOST_TEST(app.streams.close(kPatience));
  BOOST_TEST(app.failures().empty());
}

// --- the life of a serde

BOOST_AUTO_TEST_CASE(serdes_are_configured_once_for_all_tasks_and_closed_at_the_end) {
  const S wide_in = topic("wide", 4);
  const S wide_out = topic("wide-out", 4);
  StreamsBuilder builder;
  builder.stream<S, S>(wide_in, Consumed::with(text, text)).to(wide_out, Produced::with(text, text));
  App app(*this, builder.build(), settings("at_least_once").set("num.stream.threads", "2"));
  app.run_until_running();
  write(wide_in, {{registered(*registry, "k"), registered(*registry, "v"), 1000, {{"from", "test"}}}});
  const auto rows = read_count(wide_out, 1);
  // Source and sink have been given copies of the same serde, for keys and for values.
  BOOST_TEST(registry->key_serdes == 2);
  BOOST_TEST(registry->value_serdes == 2);
  BOOST_TEST(registry->closed_serdes == 0);
  BOOST_TEST(app.streams.close(kPatience));
  BOOST_TEST(registry->closed_serdes == 4);
  // The serdes of the sink have added headers.
  BOOST_REQUIRE(rows.front().headers.size() == 3U);
  const Header* header = rows.front().headers.begin();
  BOOST_TEST(*header[0].value == "test");
  BOOST_TEST(*header[1].value == wide_out + "-key");
  BOOST_TEST(*header[2].value == wide_out + "-value");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace millrace::runtime_test
