// SPDX-License-Identifier: Apache-2.0
// An application that is reset gives the output of its first run again.
#define BOOST_TEST_DYN_LINK
#include <algorithm>
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <fstream>

#include "integration/runtime/world.hpp"
#include "millrace/millrace.hpp"
#include "millrace/runtime/application_reset.hpp"

namespace millrace::runtime_test {
namespace {

namespace data = boost::unit_test::data;
using S = std::string;

const auto kGuarantees = data::make({"at_least_once", "exactly_once_v2"});

/// Counts the records of each value, behind a repartition topic.
struct ResetWorld : World {
  S in = topic("in", 2);
  S out = topic("out");
  S id = unique("app");
  TempDir state;

  [[nodiscard]] StreamsConfig settings(const S& guarantee = "exactly_once_v2") const {
    return config(id, guarantee, state.path());
  }
  [[nodiscard]] ApplicationReset reset() const { return {counting_values(in, out), settings(), broker}; }
  /// Runs until `out` has `results` records.
  void run(std::size_t results, const S& guarantee = "exactly_once_v2") const {
    App app(*this, counting_values(in, out), settings(guarantee));
    app.run_until_running();
    (void)read_count(out, results);
    BOOST_TEST(app.streams.close(kPatience));
    BOOST_TEST(app.failures().empty());
  }
  /// The counts of each key in the records of `out` from `first` on.
  [[nodiscard]] std::map<S, std::vector<std::int64_t>> counts_from(std::size_t first) const {
    auto rows = read(out);
    rows.erase(rows.begin(), rows.begin() + static_cast<std::ptrdiff_t>(std::min(first, rows.size())));
    return counts(rows);
  }
  [[nodiscard]] bool exists(const S& name) const { return admin->describe_topic(name, kPatience).has_value(); }
  [[nodiscard]] std::map<TopicPartition, std::int64_t> offsets() const {
    std::map<TopicPartition, std::int64_t> all;
    for (const auto& [partition, offset] : admin->group_offsets(id, kPatience)) all[partition] = offset.offset;
    return all;
  }
  /// The targets of a reset, by partition of the input.
  [[nodiscard]] std::vector<std::int64_t> targets(const ResetPosition& position) const {
    std::vector<std::int64_t> all;
    for (const auto& seek : reset().plan({.position = position}).input) all.push_back(seek.to);
    return all;
  }
};

bool contains(const S& text, const S& part) { return text.find(part) != S::npos; }

BOOST_FIXTURE_TEST_SUITE(Reset, ResetWorld)

BOOST_DATA_TEST_CASE(makes_the_next_run_give_the_same_results, kGuarantees, guarantee) {
  write(in, keyed(100, 10));
  run(100, guarantee);
  const auto first = counts_from(0);
  const ResetPlan done = reset().execute({});
  BOOST_TEST(done.input.size() == 2U);
  BOOST_TEST(done.deleted_topics.size() == 2U);
  for (const S& name : done.deleted_topics) BOOST_TEST(!exists(name));
  BOOST_TEST((offsets()[{in, 0}] == 0));
  run(200, guarantee);
  BOOST_TEST((counts_from(100) == first));
}

BOOST_AUTO_TEST_CASE(changes_nothing_before_it_is_executed) {
  write(in, keyed(100, 10));
  run(100);
  const auto before = offsets();
  const ResetPlan plan = reset().plan({});
  const S text = plan.describe();
  BOOST_TEST(contains(text, "reset input " + in + "-0: offset " + std::to_string(before.at({in, 0})) + " -> 0"));
  BOOST_TEST(contains(text, "delete internal topic " + id + "-counts-changelog"));
  BOOST_TEST(contains(text, "delete local state " + (state.path() / id).string()));
  BOOST_TEST((offsets() == before));
  for (const S& name : plan.deleted_topics) BOOST_TEST(exists(name));
  BOOST_TEST(std::filesystem::exists(state.path() / id));
  write(in, keyed(10, 10));
  run(110);
  for (const auto& [key, values] : counts_from(100)) BOOST_TEST(values.back() == 11);
}

BOOST_AUTO_TEST_CASE(is_refused_while_the_application_runs) {
  App app(*this, counting_values(in, out), settings());
  app.run_until_running();
  BOOST_TEST(!reset().plan({}).members.empty());
  BOOST_CHECK_EXCEPTION(reset().execute({}), StreamsException, [&](const StreamsException& error) {
    return contains(error.what(), "group '" + id + "' is active") && contains(error.what(), "stop all instances");
  });
  BOOST_TEST(exists(id + "-counts-changelog"));
  BOOST_TEST(app.streams.close(kPatience));
  // A closed member may be in the group for a moment.
  (void)reset().execute({.wait_for_members = kPatience});
}

BOOST_AUTO_TEST_CASE(sets_the_input_to_the_wanted_offsets) {
  for (int i = 0; i < 10; ++i) write(in, {{"k", "v", 1'000 + i, {}, 0}});
  for (int i = 0; i < 4; ++i) write(in, {{"k", "v", 2'000 + i, {}, 1}});
  run(14);
  using Offsets = std::vector<std::int64_t>;
  BOOST_TEST((targets(ResetPosition::earliest()) == Offsets{0, 0}));
  BOOST_TEST((targets(ResetPosition::latest()) == Offsets{10, 4}));
  BOOST_TEST((targets(ResetPosition::offset(7)) == Offsets{7, 4}));
  BOOST_TEST((targets(ResetPosition::shift_by(-3)) == Offsets{7, 1}));
  BOOST_TEST((targets(ResetPosition::shift_by(-100)) == Offsets{0, 0}));
  BOOST_TEST((targets(ResetPosition::time(1'005)) == Offsets{5, 0}));
  BOOST_TEST((targets(ResetPosition::duration(std::chrono::hours(1))) == Offsets{10, 4}));
  BOOST_TEST((targets(ResetPosition::offsets({{{in, 1}, 2}})) == Offsets{10, 2}));
  BOOST_CHECK_THROW((void)targets(ResetPosition::offsets({{{in, 2}, 2}})), ConfigException);
  (void)reset().execute({.position = ResetPosition::offset(8)});
  // Two records of the first partition, none of the second.
  run(16);
  BOOST_TEST((counts_from(14) == std::map<S, std::vector<std::int64_t>>{{"v", {1, 2}}}));
}

BOOST_AUTO_TEST_CASE(leaves_out_what_is_not_named) {
  const S other = id + "-old-changelog";
  create(other, 1);
  write(in, keyed(20, 10));
  run(20);
  const ResetPlan plan = reset().plan({});
  BOOST_TEST(plan.similar_topics == std::vector<S>{other}, boost::test_tools::per_element());
  BOOST_CHECK_THROW((void)reset().plan({.input_topics = {out}}), ConfigException);
  BOOST_CHECK_THROW((void)reset().plan({.internal_topics = {in}}), ConfigException);
  (void)reset().execute({.input_topics = {in}, .internal_topics = {other}, .keep_state = true});
  BOOST_TEST(!exists(other));
  BOOST_TEST(exists(id + "-counts-changelog"));
  BOOST_TEST(std::filesystem::exists(state.path() / id));
}

BOOST_AUTO_TEST_CASE(skips_the_records_of_intermediate_topics) {
  const S middle = topic("middle");
  const auto build = [&] {
    StreamsBuilder builder;
    builder.stream<S, S>(in).to(middle);
    builder.stream<S, S>(middle).to(out);
    return builder.build();
  };
  write(in, keyed(20, 10));
  {
    App app(*this, build(), settings());
    app.run_until_running();
    (void)read_count(out, 20);
    BOOST_TEST(app.streams.close(kPatience));
  }
  const auto bounds = admin->watermarks({middle, 0}, kPatience);
  const ApplicationReset reset(build(), settings(), broker);
  const ResetPlan done = reset.execute({});
  BOOST_REQUIRE_EQUAL(done.intermediate.size(), 1U);
  BOOST_TEST(done.intermediate.front().to == bounds.high);
  App app(*this, build(), settings());
  app.run_until_running();
  BOOST_TEST(read_count(out, 40).size() == 40U);
  BOOST_TEST(app.streams.close(kPatience));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace millrace::runtime_test
