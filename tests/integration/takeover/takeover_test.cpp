// SPDX-License-Identifier: Apache-2.0
// Kafka Streams for Java starts an application and Millrace finishes it, or the other way round. Each must understand
// the other's committed offsets, changelogs and internal topics. (The Java half is
// tests/oracle/java/.../Takeover.java.)
#define BOOST_TEST_DYN_LINK
#include <algorithm>
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <set>

#include "integration/runtime/world.hpp"
#include "millrace/millrace.hpp"

namespace millrace::runtime_test {
namespace {

using namespace std::chrono_literals;
namespace data = boost::unit_test::data;
using S = std::string;
using L = std::int64_t;
using N = std::optional<S>;

constexpr int kRecordsPerHalf = 300;
constexpr Timestamp kHalfMs = 120'000;
// Timestamps are recent, because brokers delete records from window changelogs after the retention. The start is a
// multiple of kHalfMs, so that windows have the same bounds in every run.
const Timestamp kStart =
    std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch()).count() /
        kHalfMs * kHalfMs -
    10 * kHalfMs;

const std::vector<S> kInputs{"events", "others", "left", "right"};
const std::vector<S> kOutputs{"counts", "windows", "sessions", "joined", "tables"};

S kafka_address() {
  const char* address = std::getenv("MILLRACE_TEST_KAFKA");
  if (address == nullptr) {
    throw std::runtime_error(
        "MILLRACE_TEST_KAFKA is not set: start a Kafka with scripts/servers.sh start kafka and set it to "
        "the address it prints, or run scripts/test.sh");
  }
  return address;
}

Topology topology(const S& prefix) {
  StreamsBuilder builder;
  const auto events = builder.stream<S, S>(prefix + "events");
  const auto others = builder.stream<S, S>(prefix + "others");
  events.group_by_key().count(Materialized::as("counts")).to_stream().to(prefix + "counts");
  events.group_by_key()
      .windowed_by(TimeWindows::of_size_and_grace(10s, 20s))
      .count(Materialized::as("windows"))
      .to_stream([](const Windowed<S>& key, const std::optional<L>&) {
        return key.key + "@" + std::to_string(key.window.start);
      })
      .to(prefix + "windows");
  events.group_by_key()
      .windowed_by(SessionWindows::of_inactivity_gap_and_grace(3s, 20s))
      .count(Materialized::as("sessions"))
      .to_stream([](const Windowed<S>& key, const std::optional<L>&) {
        return key.key + "@" + std::to_string(key.window.start) + "-" + std::to_string(key.window.end);
      })
      .to(prefix + "sessions");
  events
      .join(
          others, [](const S& left, const S& right) { return left + "+" + right; },
          JoinWindows::of_time_difference_and_grace(5s, 20s), StreamJoined::as("meet").with_name("meet"))
      .to(prefix + "joined");
  builder.table<S, S>(prefix + "left", Materialized::as("left"))
      .outer_join(builder.table<S, S>(prefix + "right", Materialized::as("right")),
                  [](const S* left, const S* right) {
                    return (left == nullptr ? "null" : *left) + "|" + (right == nullptr ? "null" : *right);
                  })
      .to_stream()
      .to(prefix + "tables");
  return builder.build();
}

/// One half of the input of a topic. All timestamps of the first half are before those of the second, so it makes no
/// difference that the first half is processed first. Within a half, timestamps are out of order.
std::vector<Input> inputs(const S& topic, int half, bool deletions) {
  std::mt19937 random(static_cast<unsigned>(std::hash<S>()(topic) % 1'000'000 + static_cast<unsigned>(half)));
  std::set<std::pair<S, Timestamp>> seen;
  std::vector<Input> result;
  for (int i = 0; i < kRecordsPerHalf; ++i) {
    const S key = "k" + std::to_string(random() % 7);
    const auto about = kHalfMs * i / kRecordsPerHalf;
    const Timestamp back = std::max<Timestamp>(0, about - static_cast<Timestamp>(random() % 4000));
    // No timestamp occurs in two topics. Otherwise the order of arrival would decide which record is processed first.
    const auto topics = static_cast<Timestamp>(kInputs.size());
    const auto own = std::ranges::find(kInputs, topic) - kInputs.begin();
    const Timestamp time = kStart + half * kHalfMs + back / topics * topics + own;
    // No key has two records of one timestamp. Java restarts its duplicate numbers at 1 after a restart, and would
    // overwrite the first record.
    if (!seen.emplace(key, time).second) continue;
    Input input;
    input.key = key;
    if (!deletions || random() % 5 != 0) input.value = topic + std::to_string(half * kRecordsPerHalf + i);
    input.timestamp = time;
    result.push_back(std::move(input));
  }
  return result;
}

/// The output by topic and key, in order.
using Results = std::map<std::pair<S, S>, std::vector<std::pair<N, Timestamp>>>;

struct Takeover : World {
  Takeover() : World(Broker::kafka(kafka_address())) {}

  S make_topics() const {
    const S prefix = unique("takeover") + "-";
    for (const S& name : kInputs) create(prefix + name, 2, {{"retention.ms", "-1"}});
    for (const S& name : kOutputs) create(prefix + name, 1, {{"retention.ms", "-1"}});
    return prefix;
  }
  void write_half(const S& prefix, int half) const {
    for (const S& name : kInputs) write(prefix + name, inputs(name, half, name == "left" || name == "right"));
  }
  [[nodiscard]] Results results(const S& prefix) const {
    Results found;
    for (const S& name : kOutputs) {
      for (const Row& row : read(prefix + name)) {
        found[{name, row.key.value_or("null")}].emplace_back(row.value, row.timestamp);
      }
    }
    return found;
  }

  void run_java(const S& id, const S& prefix, const S& guarantee) const {
    const TempDir state;
    const S line = S(MILLRACE_ORACLE) + " takeover " + kafka_address() + " " + id + " " + prefix + " " +
                   state.path().string() + " " + guarantee + " 2>&1";
    std::FILE* pipe = ::popen(line.c_str(), "r");
    BOOST_REQUIRE(pipe != nullptr);
    S said;
    char buffer[4096];
    for (std::size_t size = 0; (size = std::fread(buffer, 1, sizeof buffer, pipe)) > 0;) said.append(buffer, size);
    BOOST_REQUIRE_MESSAGE(::pclose(pipe) == 0, "the Java application failed: " << said);
  }

  void run_millrace(const S& id, const S& prefix, const S& guarantee) const {
    const TempDir state;
    App app(*this, topology(prefix), config(id, guarantee, state.path()).set("max.task.idle.ms", "1000"));
    app.start();
    wait_until("Millrace has worked off its input", [&] { return !app.failures().empty() || is_done(id, prefix); });
    BOOST_CHECK(app.streams.close(kPatience));
    for (const auto& failure : app.failures()) BOOST_ERROR(failure);
  }
  [[nodiscard]] bool is_done(const S& id, const S& prefix) const {
    const auto committed = admin->group_offsets(id, kPatience);
    for (const S& name : kInputs) {
      for (std::int32_t i = 0; i < 2; ++i) {
        const TopicPartition input{prefix + name, i};
        const auto end = admin->watermarks(input, kPatience).high;
        const auto found = committed.find(input);
        if (end > 0 && (found == committed.end() || found->second.offset < end)) return false;
      }
    }
    return true;
  }
};

void check_equal(const Results& found, const Results& expected) {
  for (const auto& [where, records] : expected) {
    const auto same = found.find(where);
    BOOST_TEST_CONTEXT(where.first << " of " << where.second) {
      BOOST_REQUIRE(same != found.end());
      BOOST_CHECK_EQUAL(same->second.size(), records.size());
      for (std::size_t i = 0; i < std::min(same->second.size(), records.size()); ++i) {
        const auto& [value, timestamp] = same->second[i];
        BOOST_CHECK_MESSAGE(same->second[i] == records[i],
                            "record " << i << " is " << value.value_or("null") << " @" << timestamp << ", not "
                                      << records[i].first.value_or("null") << " @" << records[i].second);
      }
    }
  }
  BOOST_CHECK_EQUAL(found.size(), expected.size());
}

BOOST_FIXTURE_TEST_SUITE(TakeoverSuite, Takeover)

BOOST_DATA_TEST_CASE(ends_with_results_of_a_single_application, data::make({"exactly_once_v2", "at_least_once"}),
                     guarantee) {
  const S alone = make_topics();
  write_half(alone, 0);
  write_half(alone, 1);
  run_java(unique("alone"), alone, guarantee);
  const Results expected = results(alone);
  std::size_t records = 0;
  for (const auto& [where, rows] : expected) records += rows.size();
  BOOST_TEST(records > 2000U);

  const S java_first = make_topics();
  const S first = unique("java-first");
  write_half(java_first, 0);
  run_java(first, java_first, guarantee);
  write_half(java_first, 1);
  run_millrace(first, java_first, guarantee);
  check_equal(results(java_first), expected);

  const S java_second = make_topics();
  const S second = unique("java-second");
  write_half(java_second, 0);
  run_millrace(second, java_second, guarantee);
  write_half(java_second, 1);
  run_java(second, java_second, guarantee);
  check_equal(results(java_second), expected);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace millrace::runtime_test
