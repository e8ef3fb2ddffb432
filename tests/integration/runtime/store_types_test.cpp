// SPDX-License-Identifier: Apache-2.0
// A change of the topology gives the name of a store to a store of other types.
#define BOOST_TEST_DYN_LINK
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "integration/runtime/world.hpp"
#include "millrace/millrace.hpp"
#include "millrace/serde/primitives.hpp"
#include "support/captured_stderr.hpp"

namespace millrace::runtime_test {
namespace {

namespace data = boost::unit_test::data;
using S = std::string;

const auto kGuarantees = data::make({"at_least_once", "exactly_once_v2"});

struct Types : World {
  S in = topic("in");
  S tab = topic("tab");
  S out = topic("out");
  S id = unique("app");
  TempDir state;
  std::size_t written = 0;

  [[nodiscard]] Topology counting() const {
    StreamsBuilder builder;
    builder.stream<S, S>(in)
        .group_by_key()
        .count()
        .map_values([](std::int64_t n) { return std::to_string(n); })
        .to_stream()
        .to(out);
    return builder.build();
  }
  /// The generated store name is the same, but the values of the store are texts.
  [[nodiscard]] Topology concatenating() const {
    StreamsBuilder builder;
    builder.stream<S, S>(in)
        .group_by_key()
        .aggregate([] { return S(); }, [](const S&, const S& value, const S& before) { return before + value; })
        .to_stream()
        .to(out);
    return builder.build();
  }
  template <class V>
  [[nodiscard]] Topology joining() const {
    StreamsBuilder builder;
    builder.stream<S, S>(in)
        .left_join(builder.table<S, V>(tab, Materialized::as("t").with_logging_disabled()),
                   [](const S& value, const V* row) { return value + (row == nullptr ? "" : " joined"); })
        .to(out);
    return builder.build();
  }
  S next(const Topology& topology, const S& guarantee) {
    // The older row of the table comes first, even if the records of the stream are there earlier.
    App app(*this, topology, config(id, guarantee, state.path()).set("max.task.idle.ms", "2000"));
    app.run_until_running();
    write(in, {{"a", "v", 2000}});
    const auto results = read_count(out, ++written);
    BOOST_CHECK(app.streams.close(kPatience));
    BOOST_CHECK(app.failures().empty());
    return results.back().value.value_or("null");
  }
};

BOOST_FIXTURE_TEST_SUITE(StoreTypes, Types)

BOOST_DATA_TEST_CASE(refuse_a_count_as_text_and_take_it_as_a_count_again, kGuarantees, guarantee) {
  BOOST_TEST(next(counting(), guarantee) == "1");
  {
    App app(*this, concatenating(), config(id, guarantee, state.path()));
    app.start();
    wait_until("ERROR", [&] { return app.streams.state() == Streams::State::error; });
    for (const S& part :
         {S("store 'KSTREAM-AGGREGATE-STATE-STORE-0000000001' of task 0_0 had values \"long\" before, and "
            "has values \"text\" now"),
          id + "-KSTREAM-AGGREGATE-STATE-STORE-0000000001-changelog", S("Materialized::as")}) {
      BOOST_CHECK_MESSAGE(app.streams.error().find(part) != S::npos, part << " is not in: " << app.streams.error());
    }
  }
  BOOST_TEST(next(counting(), guarantee) == "2");
}

// The table has no changelog, so its old data can be deleted: it is filled from its topic.
BOOST_DATA_TEST_CASE(fill_a_table_without_a_changelog_again, kGuarantees, guarantee) {
  write(tab, {{"a", "12345678", 1000}});
  BOOST_TEST(next(joining<S>(), guarantee) == "v joined");
  const CapturedStderr said;
  BOOST_TEST(next(joining<std::int64_t>(), guarantee) == "v joined");
  BOOST_TEST(said.text().find("the store is filled from its topic again") != S::npos);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace millrace::runtime_test
