// SPDX-License-Identifier: Apache-2.0
// An outer join of two streams. A record without a match is emitted when its window closes. Both streams come from one
// topic, so their order is the same in each run. Some records are late, but none arrives after its window has closed.
// As in Kafka Streams, such a record may join a record that was already emitted without a match.
#define BOOST_TEST_DYN_LINK
#include <boost/test/unit_test.hpp>

#include "chaos/run.hpp"

namespace millrace::chaos {
namespace {

constexpr int kKeys = 20;

class OuterJoin final : public Scenario {
 public:
  [[nodiscard]] std::vector<S> inputs() const override { return {"in"}; }
  [[nodiscard]] std::vector<S> outputs() const override { return {"pairs"}; }
  [[nodiscard]] S store() const override { return "join-outer-this-join-store"; }

  void build(StreamsBuilder& builder, const Names& names, const Work& work) const override {
    const auto all = builder.stream<S, S>(names.in("in")).peek([work](const S&, const S&) { work(); });
    const auto left = all.filter([](const S&, const S& value) { return value[0] == 'l'; });
    const auto right = all.filter([](const S&, const S& value) { return value[0] == 'r'; });
    left.outer_join(
            right, [](const S* l, const S* r) { return (l ? *l : "-") + "+" + (r ? *r : "-"); },
            JoinWindows::of_time_difference_and_grace(5s, 2s), StreamJoined().with_store_name("join"))
        .to(names.out("pairs"));
  }

  void write(Input& input, Chance& chance, int number) override {
    const S side = chance.one_in(2) ? "l" : "r";
    const std::int64_t late = chance.one_in(4) ? chance.below(1'900) : 0;
    input.write("in", "k" + std::to_string(chance.below(kKeys)), side + std::to_string(number),
                100'000 + number * 300 - late);
  }

  void finish(Input& input) override {
    // Closes all windows, in each task.
    for (std::int32_t p = 0; p < kPartitions; ++p) input.write("in", "end" + std::to_string(p), S("l"), 900'000, p);
  }

  // As in Kafka Streams, a task looks for closed windows less often than it could, and at other times after a restart.
  // So records without a match come out at other times, and all of them only after the last records.
  void compare(Comparison& comparison) const override {
    if (!comparison.promise.finished) return;
    if (comparison.promise.exactly_once) {
      comparison.same_rows_in_any_order("pairs");
      return;
    }
    // The stores of a new owner may include more input than the committed offsets. Then they drop records that are
    // processed again, because the records have expired. The partners of these records are emitted once more, without a
    // match.
    if (comparison.promise.keeps_state) comparison.no_other_rows("pairs");
    if (comparison.promise.keeps_state || comparison.promise.in_order) comparison.all_rows("pairs");
  }
};

BOOST_AUTO_TEST_SUITE(Chaos)

BOOST_AUTO_TEST_CASE(of_an_outer_join_of_streams_ends_with_the_right_results) {
  simulate("outer", 12, [] { return std::make_unique<OuterJoin>(); });
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace millrace::chaos
