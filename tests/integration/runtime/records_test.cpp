// SPDX-License-Identifier: Apache-2.0
// What an application does with single records, offsets and internal topics.
#define BOOST_TEST_DYN_LINK
#include <atomic>
#include <boost/test/unit_test.hpp>

#include "integration/runtime/world.hpp"
#include "millrace/dsl/kgrouped_stream.hpp"
#include "millrace/dsl/streams_builder.hpp"
#include "millrace/serde/primitives.hpp"
#include "runtime/task/commit_metadata.hpp"

namespace millrace::runtime_test {
namespace {

/// Topics `in` and `out` of two partitions each, and an application with exactly once.
struct Records : World {
  std::string in = topic("in", 2);
  std::string out = topic("out", 2);
  std::string id = unique("app");
  TempDir state;

  [[nodiscard]] StreamsConfig settings() const { return config(id, "exactly_once_v2", state.path()); }
  [[nodiscard]] std::int64_t end_of(const std::string& topic, std::int32_t partition) const {
    return admin->watermarks({topic, partition}, kPatience).high;
  }
};

std::vector<std::string> values(const std::vector<Row>& rows) {
  std::vector<std::string> all;
  for (const Row& row : rows) all.push_back(row.value.value_or("(null)"));
  std::ranges::sort(all);
  return all;
}

BOOST_FIXTURE_TEST_SUITE(RecordsSuite, Records)

BOOST_AUTO_TEST_CASE(keep_headers_and_timestamps_through_a_repartition) {
  StreamsBuilder builder;
  builder.stream<std::string, std::string>(in)
      .select_key([](const std::string&, const std::string& value) { return value; })
      .repartition(Repartitioned::as("again"))
      .to(out);
  write(in, {{"k", "a", 1'234, {{"h", "1"}, {"h", "2"}, {"null", std::nullopt}}}, {"k", "b", 1}});
  App app(*this, builder.build(), settings());
  app.run_until_running();
  const auto rows = read_count(out, 2);
  for (const Row& row : rows) {
    BOOST_CHECK(row.key == row.value);
    if (row.value == "a") {
      BOOST_CHECK_EQUAL(row.timestamp, 1'234);
      BOOST_CHECK((row.headers == Headers{{"h", "1"}, {"h", "2"}, {"null", std::nullopt}}));
    } else {
      BOOST_CHECK_EQUAL(row.timestamp, 1);
      BOOST_CHECK(row.headers.empty());
    }
  }
}

/// Forwards the number of records so far, every 50 ms of wall-clock time.
class Ticker final : public Processor<std::string, std::string> {
 public:
  void init(ProcessorContext<std::string, std::string>& context) override {
    Processor::init(context);
    (void)context.schedule(Millis(50), PunctuationType::wall_clock_time, [this](Timestamp now) {
      this->context().forward({"tick", std::to_string(++ticks_), now, {}});
    });
  }
  void process(Record<std::string, std::string>) override {}

 private:
  int ticks_ = 0;
};

BOOST_AUTO_TEST_CASE(may_come_from_punctuations_alone) {
  StreamsBuilder builder;
  builder.stream<std::string, std::string>(in).process([] { return std::make_unique<Ticker>(); }).to(out);
  App app(*this, builder.build(), settings());
  app.run_until_running();
  const auto rows = read_count(out, 10);
  BOOST_CHECK(app.streams.close(kPatience));
  const auto between = rows[4].timestamp - rows[0].timestamp;
  BOOST_CHECK_GE(between, 50);
}

BOOST_AUTO_TEST_CASE(are_read_from_topics_that_match_a_pattern_even_later_ones) {
  const std::string prefix = unique("log");
  create(prefix + "-a", 2);
  StreamsBuilder builder;
  builder.stream<std::string, std::string>(Pattern{prefix + "-[a-z]"}).to(out);
  App app(*this, builder.build(), settings().set("metadata.max.age.ms", "200"));
  write(prefix + "-a", {{"k", "a1"}, {"l", "a2"}});
  app.run_until_running();
  (void)read_count(out, 2);
  create(prefix + "-b", 2);
  write(prefix + "-b", {{"k", "b1"}, {"l", "b2"}});
  create(prefix + "-7", 1);
  write(prefix + "-7", {{"k", "not read"}});
  write(prefix + "-a", {{"k", "a3"}});
  BOOST_TEST(values(read_count(out, 5)) == (std::vector<std::string>{"a1", "a2", "a3", "b1", "b2"}),
             boost::test_tools::per_element());
  // A new topic with more partitions becomes the lead topic.
  create(prefix + "-c", 3);
  write(prefix + "-c", {{"k", "c0", 1, {}, 0}, {"k", "c1", 1, {}, 1}, {"k", "c2", 1, {}, 2}});
  write(prefix + "-a", {{"k", "a4"}});
  (void)read_count(out, 9);
  BOOST_CHECK(app.streams.close(kPatience));
  BOOST_CHECK_EQUAL(read(out).size(), 9U);
  BOOST_CHECK(app.failures().empty());
}

BOOST_AUTO_TEST_CASE(are_read_from_the_offset_reset_policy_of_their_source) {
  const std::string late = topic("late", 2);
  write(in, {{"k", "early one"}, {"l", "early two"}});
  write(late, {{"k", "missed one"}, {"l", "missed two"}});
  StreamsBuilder builder;
  builder.stream<std::string, std::string>(in).to(out);
  builder.stream<std::string, std::string>(late, Consumed().with_offset_reset_policy(AutoOffsetReset::latest()))
      .to(out);
  const Topology topology = builder.build();
  {
    App app(*this, topology, settings());
    app.run_until_running();
    write(late, {{"k", "seen"}, {"l", "seen too"}});
    (void)read_count(out, 4);
    BOOST_CHECK(app.streams.close(kPatience));
  }
  write(late, {{"k", "written in between"}});  // a committed offset wins over the policy
  App app(*this, topology, settings());
  app.run_until_running();
  BOOST_TEST(values(read_count(out, 5)) ==
                 (std::vector<std::string>{"early one", "early two", "seen", "seen too", "written in between"}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(of_a_quiet_partition_are_not_skipped_after_the_first_start_from_latest) {
  StreamsBuilder builder;
  builder.stream<std::string, std::string>(in).to(out);
  const Topology topology = builder.build();
  write(in, {{"k", "before", 1, {}, 0}, {"k", "before", 1, {}, 1}});
  for (const std::size_t expected : {0, 2}) {
    App app(*this, topology, settings().set("consumer.auto.offset.reset", "latest"));
    app.run_until_running();
    (void)read_count(out, expected);
    BOOST_CHECK(app.streams.close(kPatience));
    // These records are written while the application is down, before it has read a record.
    if (expected == 0) write(in, {{"k", "while away", 1, {}, 0}, {"k", "while away", 1, {}, 1}});
  }
  BOOST_CHECK((values(read(out)) == std::vector<std::string>{"while away", "while away"}));
}

BOOST_AUTO_TEST_CASE(are_read_from_earliest_by_one_source_and_from_latest_by_others) {
  const std::string early = topic("early", 1);
  write(in, {{"k", "missed"}});
  write(early, {{"k", "read"}});
  StreamsBuilder builder;
  builder.stream<std::string, std::string>(in).to(out);
  builder.stream<std::string, std::string>(early, Consumed().with_offset_reset_policy(AutoOffsetReset::earliest()))
      .to(out);
  App app(*this, builder.build(), settings().set("consumer.auto.offset.reset", "latest"));
  app.run_until_running();
  write(in, {{"k", "new"}});
  BOOST_TEST(values(read_count(out, 2)) == (std::vector<std::string>{"new", "read"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(are_read_from_a_duration_ago_by_reset_policy) {
  const std::string recent = topic("recent", 2);
  const std::string old = topic("old", 1);
  const Timestamp now = Clock::system().now();
  constexpr Timestamp kHour = 60 * 60 * 1000;
  write(recent,
        {{"k", "two hours ago", now - 2 * kHour}, {"k", "half an hour ago", now - kHour / 2}, {"k", "now", now}});
  write(old, {{"k", "three hours ago", now - 3 * kHour}});
  StreamsBuilder builder;
  const auto last_hour = Consumed().with_offset_reset_policy(AutoOffsetReset::by_duration(std::chrono::hours(1)));
  builder.stream<std::string, std::string>(recent, last_hour).to(out);
  builder.stream<std::string, std::string>(old, last_hour).to(out);
  App app(*this, builder.build(), settings());
  app.run_until_running();
  write(old, {{"k", "just written", now}});
  BOOST_TEST(values(read_count(out, 3)) == (std::vector<std::string>{"half an hour ago", "just written", "now"}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(need_a_committed_offset_without_a_reset_policy) {
  StreamsBuilder builder;
  builder.stream<std::string, std::string>(in, Consumed().with_offset_reset_policy(AutoOffsetReset::none())).to(out);
  write(in, {{"k", "v"}});
  App app(*this, builder.build(), settings());
  app.start();
  BOOST_CHECK(app.streams.wait_for(kPatience));
  BOOST_CHECK_MESSAGE(app.streams.error().find("reset policy is none") != std::string::npos, app.streams.error());
}

BOOST_AUTO_TEST_CASE(are_deleted_from_repartition_topics_after_processing) {
  App app(*this, counting_values(in, out), settings().set("repartition.purge.interval.ms", "100"));
  write(in, keyed(500, 10));
  app.run_until_running();
  (void)read_count(out, 500);
  const std::string repartition = id + "-counts-repartition";
  wait_until("the repartition topic is empty", [&] {
    for (std::int32_t p = 0; p < 2; ++p) {
      const auto [low, high] = admin->watermarks({repartition, p}, kPatience);
      // The marker of the last transaction may remain.
      if (high - low > 1) return false;
    }
    return true;
  });
}

BOOST_AUTO_TEST_CASE(start_no_transactions_while_none_arrive) {
  write(in, {{"k", "v"}});
  App app(*this, counting(in, out), settings());
  app.run_until_running();
  (void)read_count(out, 1);
  wait_until("the commit", [&] { return app.streams.counters().commits > 0; });
  const auto commits = app.streams.counters().commits;
  const auto end = end_of(out, 0) + end_of(out, 1);
  // Wait for ten commit intervals.
  const auto start = std::chrono::steady_clock::now();
  wait_until("a second passes", [&] { return std::chrono::steady_clock::now() - start > Millis(1000); });
  BOOST_CHECK_EQUAL(app.streams.counters().commits, commits);
  BOOST_CHECK_EQUAL(end_of(out, 0) + end_of(out, 1), end);
}

BOOST_AUTO_TEST_CASE(are_committed_per_partition) {
  write(in, {{"k", "v", 5'000, {}, 1}});
  App app(*this, counting(in, out), settings());
  app.run_until_running();
  (void)read_count(out, 1);
  BOOST_CHECK(app.streams.close(kPatience));
  const auto offsets = admin->group_offsets(id, kPatience);
  // No record was read from partition 0. Its offset was committed with the claim of the task. The metadata have
  // version 2, no time, and then the claim and its id.
  BOOST_REQUIRE(offsets.contains({in, 0}));
  BOOST_CHECK_EQUAL(offsets.at({in, 0}).offset, 0);
  BOOST_CHECK_EQUAL(offsets.at({in, 0}).metadata.substr(0, 12), "Av//////////");
  BOOST_REQUIRE(offsets.contains({in, 1}));
  BOOST_CHECK_EQUAL(offsets.at({in, 1}).offset, 1);
  BOOST_CHECK_EQUAL(offsets.at({in, 1}).metadata.substr(0, 12), "AgAAAAAAABOI");  // version 2, time 5000
  // The tasks have the same claim, but each claim has its own id. Only the processed record gives a proof.
  const auto of = [&](std::int32_t partition) {
    return detail::decode_commit_metadata(offsets.at({in, partition}).metadata);
  };
  BOOST_REQUIRE(of(0).claim && of(0).claim_id);
  BOOST_CHECK(of(1).claim == of(0).claim);
  BOOST_CHECK(of(1).claim_id && of(1).claim_id != of(0).claim_id);
  BOOST_CHECK(!of(0).proof);
  BOOST_CHECK(of(1).proof == detail::proof_of(0, 5'000, "k", "v"));
  BOOST_CHECK_EQUAL(app.streams.committed_offsets().at({in, 1}), 1);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace millrace::runtime_test
