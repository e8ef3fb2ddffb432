// SPDX-License-Identifier: Apache-2.0
// Topics that records choose, and that do not exist.
#define BOOST_TEST_DYN_LINK
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "integration/runtime/world.hpp"
#include "millrace/dsl/streams_builder.hpp"
#include "millrace/serde/primitives.hpp"
#include "support/captured_stderr.hpp"

namespace millrace::runtime_test {
namespace {

namespace data = boost::unit_test::data;
using S = std::string;

/// Writes each record to the topic that is its value.
Topology sorting(const S& in) {
  StreamsBuilder builder;
  builder.stream<S, S>(in).to([](const S&, const S& value, const RecordContext&) { return value; });
  return builder.build();
}

BOOST_FIXTURE_TEST_SUITE(ChosenTopics, World)

// Kafka's clients would wait for 10 s before they say that a topic does not exist.
BOOST_DATA_TEST_CASE(that_are_missing_are_named_and_do_not_delay_a_close,
                     data::make({"at_least_once", "exactly_once_v2"}), guarantee) {
  const S in = topic("in");
  const S out = topic("out");
  const S missing = unique("missing");
  const TempDir state;
  const CapturedStderr log;
  App app(*this, sorting(in), config(unique("app"), guarantee, state.path()));
  app.run_until_running();
  write(in, {{"a", out}, {"b", missing}});
  wait_until("a message about " + missing, [&] { return log.text().find("topic '" + missing + "'") != S::npos; });
  const auto start = std::chrono::steady_clock::now();
  BOOST_CHECK(app.streams.close(kPatience));
  const auto took = std::chrono::duration_cast<Millis>(std::chrono::steady_clock::now() - start);
  BOOST_TEST_MESSAGE("closed in " << took.count() << " ms");
  for (const auto& failure : app.failures()) BOOST_ERROR(failure);
}

BOOST_DATA_TEST_CASE(are_written_as_soon_as_they_exist, data::make({"at_least_once", "exactly_once_v2"}), guarantee) {
  const S in = topic("in");
  const S late = unique("late");
  const TempDir state;
  const CapturedStderr log;
  App app(*this, sorting(in), config(unique("app"), guarantee, state.path()));
  app.run_until_running();
  write(in, {{"a", late}});
  wait_until("a message about " + late, [&] { return log.text().find("topic '" + late + "'") != S::npos; });
  create(late, 1);
  const auto rows = read_count(late, 1);
  BOOST_CHECK(rows.front().key == "a");
  BOOST_CHECK(app.streams.close(kPatience));
  for (const auto& failure : app.failures()) BOOST_ERROR(failure);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace millrace::runtime_test
