// SPDX-License-Identifier: Apache-2.0
// A windowed count with `suppress` until the window closes. Some records are late, and some arrive after the grace
// period.
#define BOOST_TEST_DYN_LINK
#include <boost/test/unit_test.hpp>

#include "chaos/run.hpp"
#include "millrace/dsl/kgrouped_stream.hpp"
#include "millrace/dsl/time_windowed_kstream.hpp"

namespace millrace::chaos {
namespace {

constexpr int kKeys = 7;

class FinalCounts final : public Scenario {
 public:
  [[nodiscard]] std::vector<S> inputs() const override { return {"in"}; }
  [[nodiscard]] std::vector<S> outputs() const override { return {"final"}; }
  [[nodiscard]] S store() const override { return "counts"; }

  void build(StreamsBuilder& builder, const Names& names, const Work& work) const override {
    builder.stream<S, S>(names.in("in"))
        .peek([work](const S&, const S&) { work(); })
        .group_by_key()
        .windowed_by(TimeWindows::of_size_and_grace(10s, 2s))
        .count(Materialized::as("counts").with_retention(1h))
        .suppress(Suppressed::until_window_closes(BufferConfig::unbounded()))
        .to_stream([](const Windowed<S>& key, const std::optional<std::int64_t>&) {
          return key.key + "@" + std::to_string(key.window.start);
        })
        .map_values(as_text)
        .to(names.out("final"));
  }

  void write(Input& input, Chance& chance, int number) override {
    const std::int64_t late = chance.one_in(4) ? chance.below(20'000) : 0;
    input.write("in", "k" + std::to_string(chance.below(kKeys)), S("v"), 100'000 + number * 600 - late);
  }

  void finish(Input& input) override {
    // Closes all windows, in each task.
    for (std::int32_t p = 0; p < kPartitions; ++p) input.write("in", "end" + std::to_string(p), S("v"), 900'000, p);
  }

  void compare(Comparison& comparison) const override {
    if (comparison.promise.exactly_once) return comparison.same_rows("final");
    std::map<S, int> counts;
    for (const Row& row : comparison.expected("final")) counts[row.key] = std::stoi(*row.value);
    std::map<S, int> times;
    for (const Row& row : comparison.found("final")) {
      const int count = counts[row.key];
      const int found = std::stoi(*row.value);
      ++times[row.key];
      comparison.require(comparison.promise.keeps_state ? found == count : found >= count && count > 0, [&] {
        return "a final result is " + row.str() + ", but " + std::to_string(count) + " records are in the window";
      });
    }
    if (!comparison.promise.in_order) return;
    for (const auto& [key, count] : counts) {
      comparison.require(times[key] > 0, [key = key] { return "there is no final result of " + key; });
    }
  }
};

BOOST_AUTO_TEST_SUITE(Chaos)

BOOST_AUTO_TEST_CASE(of_final_results_of_windows_ends_with_the_right_results) {
  simulate("final", 12, [] { return std::make_unique<FinalCounts>(); });
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace millrace::chaos
