// SPDX-License-Identifier: Apache-2.0
#define BOOST_TEST_DYN_LINK
#include <boost/test/unit_test.hpp>

#include "unit/dsl/windows.hpp"

using namespace millrace;
using namespace millrace::test;

namespace {

/// The error of building a windowed count.
template <class W>
S count_error(const W& windows, const Materialized& materialized,
              EmitStrategy emit = EmitStrategy::on_window_update()) {
  return error_of([&] {
    (void)windowed(
        [&](const auto& group) { return group.windowed_by(windows).emit_strategy(emit).count(materialized); });
  });
}

}  // namespace

BOOST_AUTO_TEST_SUITE(Windows)

BOOST_AUTO_TEST_CASE(tumble_unless_an_advance_is_given) {
  const auto windows = TimeWindows::of_size_and_grace(60s, 5s);
  BOOST_TEST(windows.size_ms() == 60'000);
  BOOST_TEST(windows.advance_ms() == 60'000);
  BOOST_TEST(windows.grace_ms() == 5'000);
  BOOST_TEST(windows.advance_by(10s).advance_ms() == 10'000);
  BOOST_TEST(TimeWindows::of_size_with_no_grace(1ms).grace_ms() == 0);
  BOOST_TEST((windows == TimeWindows::of_size_and_grace(1min, 5s).advance_by(1min)));
}

BOOST_AUTO_TEST_CASE(refuse_invalid_settings) {
  struct Case {
    std::function<void()> make;
    S says;
  };
  const auto good = TimeWindows::of_size_with_no_grace(10ms);
  const Case cases[] = {
      {[] { (void)TimeWindows::of_size_with_no_grace(0ms); }, "TimeWindows: the size must be positive, but is 0 ms"},
      {[] { (void)TimeWindows::of_size_and_grace(-1ms, 0ms); }, "TimeWindows: the size must be positive"},
      {[] { (void)TimeWindows::of_size_and_grace(1ms, -2ms); },
       "TimeWindows: grace must not be negative, but is -2 ms"},
      {[&] { (void)good.advance_by(0ms); }, "TimeWindows: the advance must be positive"},
      {[&] { (void)good.advance_by(11ms); }, "the advance (11 ms) must not be larger than the size (10 ms)"},
      {[] { (void)SlidingWindows::of_time_difference_with_no_grace(0ms); }, "SlidingWindows: the time difference"},
      {[] { (void)SlidingWindows::of_time_difference_and_grace(1ms, -1ms); }, "SlidingWindows: grace"},
      {[] { (void)SessionWindows::of_inactivity_gap_with_no_grace(-1ms); }, "SessionWindows: the inactivity gap"},
      {[] { (void)SessionWindows::of_inactivity_gap_and_grace(1ms, -1ms); }, "SessionWindows: grace"},
      {[] { (void)UnlimitedWindows::of().start_on(-1); }, "UnlimitedWindows: the start"},
  };
  for (const Case& c : cases) check_contains(error_of(c.make), c.says);
  BOOST_TEST(SessionWindows::of_inactivity_gap_with_no_grace(0ms).inactivity_gap_ms() == 0);
}

BOOST_AUTO_TEST_CASE(need_stores_that_retain_them_until_they_close) {
  const auto kept = [](Millis retention) { return Materialized::as("kept").with_retention(retention); };
  const auto time = TimeWindows::of_size_and_grace(10ms, 5ms);
  const auto sliding = SlidingWindows::of_time_difference_and_grace(10ms, 5ms);
  const auto session = SessionWindows::of_inactivity_gap_and_grace(10ms, 5ms);
  check_contains(count_error(time, kept(14ms)),
                 "store 'kept': the retention (14 ms) must be at least the window size plus grace (15 ms)");
  BOOST_TEST(count_error(time, kept(15ms)).empty());
  check_contains(count_error(sliding, kept(24ms)), "at least twice the time difference plus grace (25 ms)");
  BOOST_TEST(count_error(sliding, kept(25ms)).empty());
  check_contains(count_error(session, kept(14ms)), "at least the inactivity gap plus grace (15 ms)");
  BOOST_TEST(count_error(session, kept(15ms)).empty());
  check_contains(count_error(time, Materialized::as_versioned("kept", 1h)), "'kept'");
}

BOOST_AUTO_TEST_CASE(without_end_never_close) {
  check_contains(count_error(UnlimitedWindows::of(), Materialized(), EmitStrategy::on_window_close()), "never emit");
}

BOOST_AUTO_TEST_CASE(are_part_of_the_keys_in_an_output_topic) {
  StreamsBuilder builder;
  const auto group = builder.stream<S, S>("in").group_by_key();
  group.windowed_by(TimeWindows::of_size_with_no_grace(10ms)).count().to_stream().to("time");
  group.windowed_by(SessionWindows::of_inactivity_gap_with_no_grace(10ms)).count().to_stream().to("session");
  TopologyTestDriver driver(builder.build());
  driver.create_input_topic<S, S>("in").pipe_input("a", "x", 25);
  using Key = Windowed<S>;
  const AnySerde<std::int64_t> number;
  auto time = driver.create_output_topic<Key, std::int64_t>("time", TimeWindowedSerde<S>(10ms), number);
  BOOST_TEST((time.read_record().key == Key{"a", {20, 30}}));
  auto session = driver.create_output_topic<Key, std::int64_t>("session", SessionWindowedSerde<S>(), number);
  BOOST_TEST((session.read_record().key == Key{"a", {25, 25}}));
}

BOOST_AUTO_TEST_CASE(are_printed_with_their_bounds) {
  BOOST_TEST(detail::to_text(Windowed<S>{"a", {10, 20}}) == "[a@10/20]");
}

BOOST_AUTO_TEST_CASE(need_a_serde_after_a_merge) {
  StreamsBuilder builder;
  const auto counts = builder.stream<S, S>("in")
                          .group_by_key()
                          .windowed_by(TimeWindows::of_size_with_no_grace(10ms))
                          .count()
                          .to_stream();
  const auto merged = counts.merge(counts);
  check_contains(error_of([&] { merged.to("out"); }), "TimeWindowedSerde<Key>(window_size)");
  const auto values = AnySerde<std::optional<std::int64_t>>();
  BOOST_TEST(error_of([&] { merged.to("out", Produced::with(TimeWindowedSerde<S>(10ms), values)); }).empty());
}

BOOST_AUTO_TEST_SUITE_END()
