// SPDX-License-Identifier: Apache-2.0
#define BOOST_TEST_DYN_LINK
#include "millrace/processor/detail/topology_builder.hpp"

#include <boost/test/unit_test.hpp>

#include "millrace/common/errors.hpp"
#include "millrace/processor/topology.hpp"
#include "millrace/serde/primitives.hpp"
#include "millrace/state/stores.hpp"

namespace millrace {
namespace {

using S = std::string;

class Idle final : public Processor<S, S> {
  void process(Record<S, S>) override {}
};

void named(Topology& topology, const S& name, const S& topic) { topology.add_source<S, S>(name, {topic}); }
void pattern(Topology& topology, const S& name, const S& regex) { topology.add_source_pattern<S, S>(name, regex); }
void global(Topology& topology, const S& topic) {
  topology.add_global_store<S, S>(Stores::key_value_store<S, S>("store", StoreMedium::in_memory), "global-source",
                                  topic, "global-processor", [] { return std::make_unique<Idle>(); });
}

/// Expects a TopologyException whose text contains all these words.
template <class F>
void check_refused(F program, const std::vector<S>& words) {
  Topology topology;
  try {
    program(topology);
    BOOST_ERROR("was not refused");
  } catch (const TopologyException& error) {
    const S text = error.what();
    for (const S& word : words) BOOST_CHECK_MESSAGE(text.find(word) != S::npos, "no '" << word << "' in: " << text);
  }
}

BOOST_AUTO_TEST_SUITE(TopologyBuilderSuite)

BOOST_AUTO_TEST_CASE(refuses_a_pattern_that_matches_a_topic_of_another_source) {
  const std::vector<S> words{"topic 'log-a'", "source 'one'", "pattern 'log-.*'", "source 'all'", "narrow the pattern"};
  check_refused(
      [](Topology& topology) {
        named(topology, "one", "log-a");
        pattern(topology, "all", "log-.*");
      },
      words);
  check_refused(
      [](Topology& topology) {
        pattern(topology, "all", "log-.*");
        named(topology, "one", "log-a");
      },
      words);
}

BOOST_AUTO_TEST_CASE(refuses_a_global_store_of_a_topic_that_a_pattern_matches) {
  check_refused(
      [](Topology& topology) {
        pattern(topology, "all", "log-.*");
        global(topology, "log-a");
      },
      {"topic 'log-a'", "source 'global-source'", "pattern 'log-.*'", "source 'all'"});
}

BOOST_AUTO_TEST_CASE(lets_a_pattern_match_the_topic_of_an_earlier_global_store) {
  Topology topology;
  global(topology, "log-a");
  BOOST_CHECK_NO_THROW(pattern(topology, "all", "log-.*"));
}

BOOST_AUTO_TEST_CASE(accepts_overlapping_patterns_and_partial_matches) {
  Topology topology;
  named(topology, "one", "my-log-a");
  BOOST_CHECK_NO_THROW(pattern(topology, "logs", "log-.*"));
  BOOST_CHECK_NO_THROW(pattern(topology, "errors", ".*-errors"));
  BOOST_CHECK_NO_THROW(named(topology, "two", "log"));
}

BOOST_AUTO_TEST_CASE(refuses_a_pattern_that_another_source_reads) {
  check_refused(
      [](Topology& topology) {
        pattern(topology, "all", "log-.*");
        pattern(topology, "again", "log-.*");
      },
      {"sources 'all' and 'again'", "'log-.*'"});
}

BOOST_AUTO_TEST_CASE(names_a_pattern_that_is_no_regular_expression) {
  check_refused([](Topology& topology) { pattern(topology, "all", "log-["); }, {"source 'all'", "'log-['"});
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace millrace
