// SPDX-License-Identifier: Apache-2.0
// Internal topics whose names belong to two applications.
#define BOOST_TEST_DYN_LINK
#include "runtime/plan/topic_collisions.hpp"

#include <boost/test/unit_test.hpp>
#include <string>

#include "millrace/dsl/streams_builder.hpp"
#include "millrace/serde/primitives.hpp"
#include "unit/runtime/fake_admin.hpp"

namespace millrace::detail {
namespace {

using S = std::string;

/// Changes the key and counts. So the topology has a repartition topic and a store of this name.
Topology counting(const S& name, const S& out = "out") {
  StreamsBuilder builder;
  builder.stream<S, S>("in")
      .group_by([](const S& value) { return value; }, Grouped::as(name))
      .count(Materialized::as(name))
      .to_stream()
      .to(out);
  return builder.build();
}

auto says(const std::vector<S>& parts) {
  return [parts](const TopologyException& error) {
    for (const S& part : parts) {
      BOOST_CHECK_MESSAGE(S(error.what()).find(part) != S::npos, part << " is not in: " << error.what());
    }
    return true;
  };
}

struct Fixture {
  FakeAdmin admin{std::map<S, std::int32_t>{{"in", 2}, {"x-y-z-changelog", 2}, {"x-y-z-repartition", 2}}};
  const std::map<TopicPartition, OffsetAndMetadata> committed{{{"in", 0}, {7, std::nullopt, ""}}};

  void check(const S& application_id, const S& store) {
    refuse_topics_of_others(counting(store).internal(), application_id, admin, Millis(0));
  }
};

BOOST_FIXTURE_TEST_SUITE(TopicCollisions, Fixture)

BOOST_AUTO_TEST_CASE(refuse_a_changelog_that_another_application_has_filled) {
  admin.bounds[{"x-y-z-changelog", 1}] = {0, 5};
  admin.offsets["x"] = committed;
  BOOST_CHECK_EXCEPTION(check("x-y", "z"), TopologyException,
                        says({"topic 'x-y-z-changelog' has records, though application 'x-y' has not run yet",
                              "state store 'z'", "group 'x' exists", "its state store 'y-z'"}));
  check("x", "y-z");  // the application itself
}

BOOST_AUTO_TEST_CASE(refuse_it_for_the_application_with_the_shorter_id_too) {
  admin.bounds[{"x-y-z-changelog", 0}] = {0, 5};
  admin.offsets["x-y"] = committed;
  BOOST_CHECK_EXCEPTION(check("x", "y-z"), TopologyException,
                        says({"state store 'y-z'", "group 'x-y' exists", "its state store 'z'"}));
}

BOOST_AUTO_TEST_CASE(refuse_a_repartition_topic_of_another_application) {
  admin.bounds[{"x-y-z-repartition", 0}] = {3, 5};
  admin.offsets["x"] = committed;
  BOOST_CHECK_EXCEPTION(check("x-y", "z"), TopologyException, says({"topic 'x-y-z-repartition'", "repartition topic"}));
}

BOOST_AUTO_TEST_CASE(take_topics_that_nobody_has_filled_or_that_no_other_group_can_mean) {
  admin.offsets["x"] = committed;
  check("x-y", "z");  // no records
  admin.bounds[{"x-y-z-changelog", 0}] = {0, 5};
  admin.offsets.clear();
  check("x-y", "z");  // no other group
  admin.offsets["x-y-z"] = committed;
  admin.offsets["y"] = committed;
  check("x-y", "z");  // these groups would have other names
}

BOOST_AUTO_TEST_CASE(take_topics_of_an_application_that_has_run) {
  admin.bounds[{"x-y-z-changelog", 0}] = {0, 5};
  admin.offsets["x"] = admin.offsets["x-y"] = committed;
  check("x-y", "z");
}

BOOST_AUTO_TEST_CASE(refuse_sinks_to_own_internal_topics) {
  BOOST_CHECK_EXCEPTION(refuse_own_internal_topics(counting("s", "x-s-changelog").internal(), "x"), TopologyException,
                        says({"writes topic 'x-s-changelog', which is the changelog of state store 's'"}));
  BOOST_CHECK_EXCEPTION(refuse_own_internal_topics(counting("s", "x-s-repartition").internal(), "x"), TopologyException,
                        says({"writes topic 'x-s-repartition', which is a repartition topic"}));
  refuse_own_internal_topics(counting("s", "x-s-changelog").internal(), "y");
}

BOOST_AUTO_TEST_CASE(refuse_sources_of_own_repartition_topics) {
  StreamsBuilder builder;
  builder.stream<S, S>("in")
      .select_key([](const S& value) { return value; })
      .repartition(Repartitioned::as("r"))
      .to("o");
  builder.stream<S, S>("x-r-repartition").to("out");
  const Topology topology = builder.build();
  BOOST_CHECK_EXCEPTION(refuse_own_internal_topics(topology.internal(), "x"), TopologyException,
                        says({"reads topic 'x-r-repartition'"}));
  refuse_own_internal_topics(topology.internal(), "y");
}

BOOST_AUTO_TEST_CASE(let_sources_read_a_changelog) {
  StreamsBuilder builder;
  builder.table<S, S>("in", Materialized::as("s"));
  builder.stream<S, S>("x-s-changelog").to("out");
  refuse_own_internal_topics(builder.build().internal(), "x");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace millrace::detail
