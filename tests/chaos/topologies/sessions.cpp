// SPDX-License-Identifier: Apache-2.0
// A count of sessions. A late record may join two sessions into one.
#define BOOST_TEST_DYN_LINK
#include <boost/test/unit_test.hpp>

#include "chaos/run.hpp"
#include "millrace/dsl/kgrouped_stream.hpp"
#include "millrace/dsl/session_windowed_kstream.hpp"

namespace millrace::chaos {
namespace {

constexpr int kKeys = 10;

class Sessions final : public Scenario {
 public:
  [[nodiscard]] std::vector<S> inputs() const override { return {"in"}; }
  [[nodiscard]] std::vector<S> outputs() const override { return {"sessions"}; }
  [[nodiscard]] S store() const override { return "sessions"; }

  void build(StreamsBuilder& builder, const Names& names, const Work& work) const override {
    builder.stream<S, S>(names.in("in"))
        .peek([work](const S&, const S&) { work(); })
        .group_by_key()
        .windowed_by(SessionWindows::of_inactivity_gap_and_grace(3s, 5s))
        .count(Materialized::as("sessions").with_retention(1h))
        .to_stream([](const Windowed<S>& key, const std::optional<std::int64_t>&) {
          return key.key + "@" + std::to_string(key.window.start) + "-" + std::to_string(key.window.end);
        })
        .map_values(as_text)
        .to(names.out("sessions"));
  }

  void write(Input& input, Chance& chance, int number) override {
    const std::int64_t late = chance.one_in(4) ? chance.below(15'000) : 0;
    input.write("in", "k" + std::to_string(chance.below(kKeys)), S("v"), 100'000 + number * 300 - late);
  }

  void compare(Comparison& comparison) const override {
    if (comparison.promise.exactly_once && !comparison.promise.caches) {
      comparison.same_rows("sessions");
    } else if (comparison.promise.exactly_once || (comparison.promise.keeps_state && !comparison.promise.caches)) {
      comparison.same_last_values("sessions");
    } else {
      comparison.last_values_at_least("sessions");
    }
  }
};

BOOST_AUTO_TEST_SUITE(Chaos)

BOOST_AUTO_TEST_CASE(of_sessions_ends_with_the_right_results) {
  simulate("sessions", 12, [] { return std::make_unique<Sessions>(); });
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace millrace::chaos
