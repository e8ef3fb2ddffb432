// SPDX-License-Identifier: Apache-2.0
// The line in the log that says when results appear.
#define BOOST_TEST_DYN_LINK
#include "runtime/visibility.hpp"

#include <boost/test/unit_test.hpp>

#include "millrace/millrace.hpp"

using namespace millrace;

namespace {

Topology counting() {
  StreamsBuilder builder;
  builder.stream<std::string, std::string>("in").group_by_key().count(Materialized::as("counts")).to_stream().to("out");
  return builder.build();
}

Topology passing() {
  StreamsBuilder builder;
  builder.stream<std::string, std::string>("in").to("out");
  return builder.build();
}

std::string appear(const Topology& topology, const StreamsConfig& config) {
  return detail::when_results_appear(topology.internal(), config);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(WhenResultsAppear)

BOOST_AUTO_TEST_CASE(names_the_stores_whose_updates_a_cache_holds_back) {
  BOOST_TEST(appear(counting(), {}) ==
             "updates of 'counts' appear at commits, every 30000 ms (commit.interval.ms), or earlier if the cache is "
             "full; with statestore.cache.max.bytes=0, each update appears at once");
}

BOOST_AUTO_TEST_CASE(at_once_without_a_cache) {
  BOOST_TEST(appear(passing(), {}) == "results appear at once");
  BOOST_TEST(appear(counting(), StreamsConfig().set("statestore.cache.max.bytes", "0")) == "results appear at once");
}

BOOST_AUTO_TEST_CASE(with_the_transaction_under_exactly_once) {
  const auto config = StreamsConfig().set("processing.guarantee", "exactly_once_v2");
  BOOST_TEST(appear(passing(), config) ==
             "results appear with each commit, every 100 ms (commit.interval.ms), to readers of committed records "
             "(isolation.level=read_committed)");
}

BOOST_AUTO_TEST_SUITE_END()
