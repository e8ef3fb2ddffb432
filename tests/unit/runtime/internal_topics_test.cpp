// SPDX-License-Identifier: Apache-2.0
// The topic settings of internal topics, which must be those of Kafka Streams.
#define BOOST_TEST_DYN_LINK
#include "runtime/plan/internal_topics.hpp"

#include <algorithm>
#include <boost/test/unit_test.hpp>

#include "millrace/dsl/kgrouped_stream.hpp"
#include "millrace/dsl/streams_builder.hpp"
#include "millrace/serde/primitives.hpp"
#include "runtime/plan/topology_plan.hpp"
#include "support/captured_stderr.hpp"
#include "unit/runtime/fake_admin.hpp"

namespace millrace::detail {
namespace {

using Settings = std::map<std::string, std::string>;

StoreSpec window_store(std::int64_t retention_ms, bool duplicates) {
  StoreSpec store;
  store.name = "w";
  store.kind = StoreKind::window;
  store.window.retention_ms = retention_ms;
  store.window.retain_duplicates = duplicates;
  return store;
}

BOOST_AUTO_TEST_SUITE(InternalTopics)

BOOST_AUTO_TEST_CASE(keep_repartitioned_records_until_they_are_purged) {
  const Settings expected{{"cleanup.policy", "delete"},
                          {"message.timestamp.type", "CreateTime"},
                          {"retention.ms", "-1"},
                          {"segment.bytes", "52428800"}};
  BOOST_CHECK(repartition_topic_config(StreamsConfig()) == expected);
}

BOOST_AUTO_TEST_CASE(are_compacted_for_key_value_stores) {
  StoreSpec store;
  store.kind = StoreKind::key_value;
  const Settings expected{{"cleanup.policy", "compact"}, {"message.timestamp.type", "CreateTime"}};
  BOOST_CHECK(changelog_topic_config(store, StreamsConfig()) == expected);
}

BOOST_AUTO_TEST_CASE(keep_windows_for_the_retention_and_a_day) {
  const Settings expected{
      {"cleanup.policy", "compact,delete"}, {"message.timestamp.type", "CreateTime"}, {"retention.ms", "86401000"}};
  BOOST_CHECK(changelog_topic_config(window_store(1000, false), StreamsConfig()) == expected);
}

BOOST_AUTO_TEST_CASE(keep_sessions_for_the_retention_and_a_day) {
  StoreSpec store;
  store.kind = StoreKind::session;
  store.retention_ms = 1000;
  const Settings expected{
      {"cleanup.policy", "compact,delete"}, {"message.timestamp.type", "CreateTime"}, {"retention.ms", "86401000"}};
  BOOST_CHECK(changelog_topic_config(store, StreamsConfig()) == expected);
}

BOOST_AUTO_TEST_CASE(keep_versions_for_the_history_retention_and_a_day) {
  StoreSpec store;
  store.kind = StoreKind::versioned;
  store.retention_ms = 1000;
  const Settings expected{
      {"cleanup.policy", "compact"}, {"message.timestamp.type", "CreateTime"}, {"min.compaction.lag.ms", "86401000"}};
  BOOST_CHECK(changelog_topic_config(store, StreamsConfig()) == expected);
}

BOOST_AUTO_TEST_CASE(are_not_compacted_for_join_stores) {
  const Settings expected{
      {"cleanup.policy", "delete"}, {"message.timestamp.type", "CreateTime"}, {"retention.ms", "86401000"}};
  BOOST_CHECK(changelog_topic_config(window_store(1000, true), StreamsConfig()) == expected);
}

BOOST_AUTO_TEST_CASE(have_a_retention_that_does_not_overflow) {
  StreamsConfig config;
  config.set("windowstore.changelog.additional.retention.ms", "1000");
  BOOST_CHECK_EQUAL(changelog_topic_config(window_store(5, false), config).at("retention.ms"), "1005");
  BOOST_CHECK_EQUAL(changelog_topic_config(window_store(INT64_MAX - 10, false), config).at("retention.ms"),
                    std::to_string(INT64_MAX));
}

BOOST_AUTO_TEST_CASE(prefer_settings_of_the_store_over_those_of_the_application) {
  StreamsConfig config;
  config.set("topic.retention.ms", "7").set("topic.max.message.bytes", "99");
  auto store = window_store(1000, false);
  BOOST_CHECK_EQUAL(changelog_topic_config(store, config).at("retention.ms"), "7");
  BOOST_CHECK_EQUAL(changelog_topic_config(store, config).at("max.message.bytes"), "99");
  store.log_config["retention.ms"] = "8";
  BOOST_CHECK_EQUAL(changelog_topic_config(store, config).at("retention.ms"), "8");
  BOOST_CHECK_EQUAL(repartition_topic_config(config).at("retention.ms"), "7");
}

BOOST_AUTO_TEST_CASE(that_were_made_with_other_settings_are_named) {
  StreamsBuilder builder;
  builder.stream<std::string, std::string>("in")
      .select_key([](const std::string&, const std::string& value) { return value; })
      .group_by_key(Grouped::as("by-value"))
      .count(Materialized::as("counts"));
  const Topology topology = builder.build();
  FakeAdmin admin({{"in", 2}});
  StreamsConfig config;
  config.set("application.id", "app");
  (void)plan_topology(topology.internal(), "app", config, admin, Millis(0));
  const auto warnings = [&] {
    const CapturedStderr log;
    warn_of_other_settings(admin, topology.internal(), "app", config, Millis(0));
    return log.text();
  };
  BOOST_CHECK_EQUAL(warnings(), "");
  config.set("topic.cleanup.policy", "compact").set("topic.max.message.bytes", "99");
  const std::string text = warnings();
  for (const std::string part :
       {"internal topic 'app-counts-changelog' has max.message.bytes=, but the application asks for 99",
        "topics alter app-counts-changelog --set max.message.bytes=99",
        "internal topic 'app-by-value-repartition' has cleanup.policy=delete, but the application asks for compact"}) {
    BOOST_CHECK_MESSAGE(text.find(part) != std::string::npos, "'" << part << "' is not in: " << text);
  }
  BOOST_CHECK_EQUAL(std::count(text.begin(), text.end(), '\n'), 3);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace millrace::detail
