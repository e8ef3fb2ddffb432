// SPDX-License-Identifier: Apache-2.0
// A count behind a repartition topic. An inner join whose window holds all records. A count of the left side of the
// join, which has no repartition topic.
#define BOOST_TEST_DYN_LINK
#include <algorithm>
#include <boost/test/unit_test.hpp>

#include "chaos/run.hpp"
#include "millrace/dsl/kgrouped_stream.hpp"

namespace millrace::chaos {
namespace {

constexpr int kWords = 7;
constexpr int kKeys = 75;

class WordsAndPairs final : public Scenario {
 public:
  [[nodiscard]] std::vector<S> inputs() const override { return {"words", "left", "right"}; }
  [[nodiscard]] std::vector<S> outputs() const override { return {"counts", "pairs", "lefts"}; }
  [[nodiscard]] S store() const override { return "lefts"; }
  [[nodiscard]] bool has_calm_run() const override { return false; }

  void build(StreamsBuilder& builder, const Names& names, const Work& work) const override {
    builder.stream<S, S>(names.in("words"))
        .peek([work](const S&, const S&) { work(); })
        .select_key([](const S&, const S& value) { return value; })
        .group_by_key()
        .count(Materialized::as("counts"))
        .to_stream()
        .map_values(as_text)
        .to(names.out("counts"));
    auto left = builder.stream<S, S>(names.in("left"));
    auto right = builder.stream<S, S>(names.in("right"));
    left.group_by_key().count(Materialized::as("lefts")).to_stream().map_values(as_text).to(names.out("lefts"));
    left.join(
            right, [](const S& l, const S& r) { return l + "+" + r; },
            JoinWindows::of_time_difference_and_grace(1h, 1h))
        .to(names.out("pairs"));
  }

  void write(Input& input, Chance& chance, int number) override {
    const S word = "w" + std::to_string(chance.below(kWords));
    input.write("words", "any" + std::to_string(number), word, 1000 + chance.below(100'000));
    ++words_[word];
    const S key = "k" + std::to_string(chance.below(kKeys));
    const bool is_left = chance.one_in(2);
    const S value = (is_left ? "l" : "r") + std::to_string(number);
    input.write(is_left ? "left" : "right", key, value, 1000 + chance.below(100'000));
    (is_left ? joined_[key].first : joined_[key].second).push_back(value);
  }

  void compare(Comparison& comparison) const override {
    compare_counts(comparison);
    compare_pairs(comparison);
    // The local state counts each record of its input once. Under at least once, this needs the local state.
    const bool exact = comparison.promise.exactly_once || comparison.promise.keeps_state;
    std::map<S, int> last;
    for (const Row& row : comparison.found("lefts")) last[row.key] = std::stoi(*row.value);
    for (const auto& [key, sides] : joined_) {
      const int times = static_cast<int>(sides.first.size());
      const int counted = last[key];
      comparison.require(exact ? counted == times : counted >= times, [&, key = key] {
        return "'" + key + "' was counted to " + std::to_string(counted) + " instead of " + std::to_string(times);
      });
    }
  }

 private:
  void compare_counts(Comparison& comparison) const {
    std::map<S, std::vector<int>> counted;
    for (const Row& row : comparison.found("counts")) counted[row.key].push_back(std::stoi(*row.value));
    comparison.require(counted.size() <= words_.size(), [] { return "there are counts of other words"; });
    for (const auto& [word, times] : words_) {
      const auto& values = counted[word];
      const auto text = [&, word = word, times = times] {
        S all;
        for (const int value : values) all += " " + std::to_string(value);
        return "'" + word + "' was written " + std::to_string(times) + " times, but its counts are" + all;
      };
      if (!comparison.promise.exactly_once) {
        comparison.require(!values.empty() && std::ranges::max(values) >= times, text);
        continue;
      }
      comparison.require(!values.empty() && values.back() == times, text);
      comparison.require(std::ranges::adjacent_find(values, std::ranges::greater_equal()) == values.end(), text);
      if (!comparison.promise.caches) comparison.require(values.size() == static_cast<std::size_t>(times), text);
    }
  }

  void compare_pairs(Comparison& comparison) const {
    std::map<S, int> pairs;
    for (const Row& row : comparison.found("pairs")) ++pairs[*row.value];
    std::size_t expected = 0;
    for (const auto& [key, sides] : joined_) {
      expected += sides.first.size() * sides.second.size();
      for (const S& left : sides.first) {
        for (const S& right : sides.second) {
          const int times = pairs[left + "+" + right];
          comparison.require(comparison.promise.exactly_once ? times == 1 : times >= 1,
                             [&] { return left + "+" + right + " was joined " + std::to_string(times) + " times"; });
        }
      }
    }
    comparison.require(pairs.size() == expected, [] { return "there are other pairs"; });
  }

  std::map<S, int> words_;
  std::map<S, std::pair<std::vector<S>, std::vector<S>>> joined_;
};

BOOST_AUTO_TEST_SUITE(Chaos)

BOOST_AUTO_TEST_CASE(of_counts_and_inner_joins_ends_with_the_right_results) {
  simulate("pairs", 15, [] { return std::make_unique<WordsAndPairs>(); });
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace millrace::chaos
