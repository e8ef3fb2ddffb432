// SPDX-License-Identifier: Apache-2.0
// A join with a global table, and a count behind it. The table changes while processes start and crash. A process joins
// with the table as of the process's start or later.
#define BOOST_TEST_DYN_LINK
#include <boost/test/unit_test.hpp>

#include "chaos/run.hpp"
#include "millrace/dsl/global_ktable.hpp"
#include "millrace/dsl/kgrouped_stream.hpp"

namespace millrace::chaos {
namespace {

constexpr int kKeys = 6;

class GlobalTable final : public Scenario {
 public:
  [[nodiscard]] std::vector<S> inputs() const override { return {"orders", "rates"}; }
  [[nodiscard]] std::vector<S> outputs() const override { return {"joined", "counts"}; }
  [[nodiscard]] S store() const override { return "counts"; }
  [[nodiscard]] bool has_calm_run() const override { return false; }

  void build(StreamsBuilder& builder, const Names& names, const Work& work) const override {
    const auto rates = builder.global_table<S, S>(names.in("rates"), Materialized::as("rates"));
    const auto joined = builder.stream<S, S>(names.in("orders"))
                            .peek([work](const S&, const S&) { work(); })
                            .join(
                                rates, [](const S& key, const S&) { return key; },
                                [](const S& order, const S& rate) { return order + "/" + rate; });
    joined.to(names.out("joined"));
    joined.group_by_key().count(Materialized::as("counts")).to_stream().map_values(as_text).to(names.out("counts"));
  }

  void prepare(Input& input) override {
    for (int i = 0; i < kKeys; ++i) input.write("rates", "k" + std::to_string(i), S("0"), 1000);
  }

  void write(Input& input, Chance& chance, int number) override {
    if (chance.one_in(6)) {
      const S key = "k" + std::to_string(chance.below(kKeys));
      input.write("rates", key, std::to_string(++rates_[key]), 1000 + number);
    }
    write_order(input, "k" + std::to_string(chance.below(kKeys)), "o" + std::to_string(number));
  }

  void finish(Input& input) override {
    for (int i = 0; i < kKeys; ++i) {
      const S key = "k" + std::to_string(i);
      write_order(input, key, "last-" + key);
      lasts_["last-" + key] = key;
    }
  }

  void compare(Comparison& comparison) const override {
    std::map<S, int> times;
    for (const Row& row : comparison.found("joined")) {
      const auto slash = row.value->find('/');
      const S order = row.value->substr(0, slash);
      const int rate = std::stoi(row.value->substr(slash + 1));
      ++times[order];
      const auto latest = rates_.find(row.key);
      const int written = latest == rates_.end() ? 0 : latest->second;
      // All processes were started after the last change of the table and before these orders.
      comparison.require(lasts_.contains(order) ? rate == written : rate <= written, [&] {
        return order + " was joined with version " + std::to_string(rate) + " of " + row.key + ", but the latest is " +
               std::to_string(written);
      });
    }
    for (const auto& [key, orders] : orders_) {
      for (const S& order : orders) {
        comparison.require(comparison.promise.exactly_once ? times[order] == 1 : times[order] >= 1,
                           [&] { return order + " was joined " + std::to_string(times[order]) + " times"; });
      }
    }
    compare_counts(comparison);
  }

 private:
  void write_order(Input& input, const S& key, const S& order) {
    input.write("orders", key, order, 1000);
    orders_[key].push_back(order);
  }

  void compare_counts(Comparison& comparison) const {
    const bool exact = comparison.promise.exactly_once || comparison.promise.keeps_state;
    std::map<S, std::size_t> last;
    for (const Row& row : comparison.found("counts")) last[row.key] = std::stoul(*row.value);
    for (const auto& [key, orders] : orders_) {
      const std::size_t counted = last[key];
      comparison.require(exact ? counted == orders.size() : counted >= orders.size(), [&, key = key] {
        return "'" + key + "' was counted to " + std::to_string(counted) + " instead of " +
               std::to_string(orders_.at(key).size());
      });
    }
  }

  std::map<S, int> rates_;              ///< the latest version of each row that was changed
  std::map<S, std::vector<S>> orders_;  ///< by key
  std::map<S, S> lasts_;                ///< orders of finish(), with their keys
};

BOOST_AUTO_TEST_SUITE(Chaos)

BOOST_AUTO_TEST_CASE(of_a_global_table_join_ends_with_the_right_results) {
  simulate("global", 10, [] { return std::make_unique<GlobalTable>(); });
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace millrace::chaos
