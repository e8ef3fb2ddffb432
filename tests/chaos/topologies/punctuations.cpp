// SPDX-License-Identifier: Apache-2.0
// Totals by key that punctuations emit and clear, by stream time and by the wall clock. Some records cannot be decoded
// and some make the processor throw. Both kinds go to the dead-letter topic.
#define BOOST_TEST_DYN_LINK
#include <boost/test/unit_test.hpp>
#include <stdexcept>

#include "chaos/run.hpp"
#include "millrace/processor/processor.hpp"
#include "millrace/state/stores.hpp"

namespace millrace::chaos {
namespace {

constexpr int kKeys = 7;
/// A value for which the processor throws.
const S kRefused = "refused";

/// Counts the records of each key. Each punctuation forwards the counts and clears them.
class Totals final : public Processor<S, S, S, S> {
 public:
  Totals(S store, Millis interval, PunctuationType type, Work work)
      : store_name_(std::move(store)), interval_(interval), type_(type), work_(std::move(work)) {}

  void init(ProcessorContext<S, S>& context) override {
    Processor::init(context);
    store_ = &context.get_state_store<KeyValueStore<S, std::int64_t>>(store_name_);
    context.schedule(interval_, type_, [this](Timestamp now) { emit(now); });
  }

  void process(Record<S, S> record) override {
    work_();
    if (record.value == kRefused) throw std::runtime_error("as the test says");
    store_->put(record.key, store_->get(record.key).value_or(0) + 1);
  }

 private:
  void emit(Timestamp now) {
    const bool by_stream_time = type_ == PunctuationType::stream_time;
    for (const auto& [key, count] : store_->all()) {
      const S row = by_stream_time ? key + "@" + std::to_string(now) : key;
      context().forward({row, std::to_string(count), by_stream_time ? now : 0, {}});
      store_->remove(key);
    }
  }

  S store_name_;
  Millis interval_;
  PunctuationType type_;
  Work work_;
  KeyValueStore<S, std::int64_t>* store_ = nullptr;
};

class Punctuations final : public Scenario {
 public:
  [[nodiscard]] std::vector<S> inputs() const override { return {"in"}; }
  [[nodiscard]] std::vector<S> outputs() const override { return {"totals", "parts", "dead"}; }
  [[nodiscard]] S store() const override { return "totals"; }

  void configure(StreamsConfig& config, const Names& names) const override {
    config.set("deserialization.exception.handler", "log-and-continue")
        .set("processing.exception.handler", "log-and-continue")
        .set("errors.dead.letter.queue.topic.name", names.out("dead"));
  }

  void build(StreamsBuilder& builder, const Names& names, const Work& work) const override {
    builder.add_state_store(Stores::key_value_store<S, std::int64_t>("totals"));
    builder.add_state_store(Stores::key_value_store<S, std::int64_t>("parts"));
    const auto in = builder.stream<S, S>(names.in("in"));
    in.process([work] { return std::make_unique<Totals>("totals", 10s, PunctuationType::stream_time, work); },
               {"totals"})
        .to(names.out("totals"));
    in.filter([](const S&, const S& value) { return value != kRefused; })
        .process([] { return std::make_unique<Totals>("parts", Millis(150), PunctuationType::wall_clock_time, [] {}); },
                 {"parts"})
        .to(names.out("parts"));
  }

  void write(Input& input, Chance& chance, int number) override {
    // A string must be UTF-8.
    const S value = chance.one_in(12) ? "\xff" : chance.one_in(12) ? kRefused : "v";
    // The keys of refused records are unique, so that each of their dead letters can be told from the others.
    const S key = value == "v" ? "k" + std::to_string(chance.below(kKeys)) : "bad" + std::to_string(number);
    if (value == "v") ++written_[key];
    input.write("in", key, value, 100'000 + number * 500);
  }

  void finish(Input& input) override {
    for (std::int32_t p = 0; p < kPartitions; ++p) {
      input.write("in", "end" + std::to_string(p), S("v"), 900'000, p);
      ++written_["end" + std::to_string(p)];
    }
  }

  void compare(Comparison& comparison) const override {
    std::map<S, std::int64_t> sums;
    for (const Row& row : comparison.found("parts")) sums[row.key] += std::stoll(*row.value);
    if (comparison.promise.exactly_once) {
      compare_sums(comparison, sums, written_, "parts");
      comparison.same_rows("totals");
      comparison.same_rows("dead");
      return;
    }
    comparison.all_rows("dead");
    comparison.no_other_rows("dead");
    if (!comparison.promise.in_order && !comparison.promise.keeps_state) return;
    compare_sums(comparison, sums, written_, "parts");
    compare_sums(comparison, sums_of_totals(comparison.found("totals")), sums_of_totals(comparison.expected("totals")),
                 "totals");
  }

 private:
  static std::map<S, std::int64_t> sums_of_totals(const std::vector<Row>& rows) {
    std::map<S, std::int64_t> sums;
    for (const Row& row : rows) sums[row.key.substr(0, row.key.find('@'))] += std::stoll(*row.value);
    return sums;
  }

  static void compare_sums(Comparison& comparison, std::map<S, std::int64_t> found,
                           const std::map<S, std::int64_t>& expected, const S& topic) {
    for (const auto& [key, sum] : expected) {
      const std::int64_t present = found[key];
      comparison.require(comparison.promise.exactly_once ? present == sum : present >= sum, [&, key = key, sum = sum] {
        return topic + " of " + key + " add up to " + std::to_string(present) + " instead of " + std::to_string(sum);
      });
    }
  }

  std::map<S, std::int64_t> written_;  ///< good records of each key
};

BOOST_AUTO_TEST_SUITE(Chaos)

BOOST_AUTO_TEST_CASE(of_punctuations_and_dead_letters_ends_with_the_right_results) {
  simulate("punctuations", 12, [] { return std::make_unique<Punctuations>(); });
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace millrace::chaos
