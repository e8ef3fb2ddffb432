// SPDX-License-Identifier: Apache-2.0
#define BOOST_TEST_DYN_LINK
#include <boost/test/unit_test.hpp>
#include <map>

#include "millrace/dsl/detail/windows/fixed_window_aggregation.hpp"
#include "millrace/dsl/detail/windows/session_window_aggregation.hpp"
#include "state/memory/stores.hpp"
#include "support/idle_task.hpp"
#include "unit/dsl/timeline.hpp"

// EmitStrategy::on_window_close looks for closed windows at most once per emit interval. TopologyTestDriver has no emit
// interval, so these tests run the aggregations directly.

namespace millrace::detail {
namespace {

using test::S;
using Count = std::int64_t;
using Table = Change<Count>;

/// A task with one store, a manual clock, and an emit interval of one second.
class OneNodeTask final : public IdleTask {
 public:
  Timestamp now = 1'000'000;
  /// The times that an earlier task has committed.
  std::map<std::string, Timestamp> committed;
  std::map<std::string, Timestamp*> kept;
  StateStore* only_store = nullptr;

  [[nodiscard]] StateStore& store(const NodeBase& /*node*/, const std::string& /*name*/) override {
    return *only_store;
  }
  [[nodiscard]] Timestamp monotonic_time() const override { return now; }
  [[nodiscard]] std::int64_t emit_interval_ms() const override { return 1000; }
  void keep_time(const NodeBase& /*node*/, std::string name, Timestamp& time) override {
    kept[name] = &time;
    if (const auto found = committed.find(name); found != committed.end()) time = found->second;
  }
};

class Shown final : public TerminalNode<Windowed<S>, Table> {
 public:
  std::vector<S> lines;
  Output<Windowed<S>, Table>* process(Record<Windowed<S>, Table>& record) override {
    lines.push_back(record.key.key + "[" + std::to_string(record.key.window.start) + "," +
                    std::to_string(record.key.window.end) + ")=" + std::to_string(*record.value.new_value));
    return nullptr;
  }
};

class Counting final : public RecordFold<S, Count> {
  [[nodiscard]] std::optional<Count> initial() override { return 0; }
  [[nodiscard]] std::optional<Count> next(const S&, std::optional<Count> count) override { return *count + 1; }
};

const WindowAggregationSettings<S> kOnClose{"w", true, 10, std::make_shared<const bool>(false), AnySerde<S>()};

/// Counts in windows or sessions of 10 ms without grace, and emits on close. The store has the shortest retention that
/// is allowed.
class Run {
 public:
  /// `committed`: the close time that an earlier task committed.
  Run(std::unique_ptr<WindowAggregation<S, Count>> aggregation, std::unique_ptr<StateStore> store,
      std::optional<Timestamp> committed = std::nullopt)
      : store_(std::move(store)), aggregation_(std::move(aggregation)) {
    task.only_store = store_.get();
    if (committed) task.committed["w"] = *committed;
    output_.add(shown_, shown_);
    aggregation_->init(task, shown_, output_);
  }

  /// Processes one record and returns the output.
  std::vector<S> feed(const S& key, Timestamp timestamp) {
    Counting fold;
    const Headers headers;
    aggregation_->process({key, timestamp, headers}, fold);
    return std::exchange(shown_.lines, {});
  }

  OneNodeTask task;

 private:
  std::unique_ptr<StateStore> store_;
  std::unique_ptr<WindowAggregation<S, Count>> aggregation_;
  Shown shown_;
  Output<Windowed<S>, Table> output_;
};

std::unique_ptr<Run> tumbling(std::int64_t retention, std::optional<Timestamp> committed = std::nullopt) {
  auto settings = kOnClose;
  settings.retention_ms = retention;
  using Stored = ValueAndTimestamp<Count>;
  auto store = std::make_unique<TypedWindowStore<S, Stored>>(
      make_in_memory_window_store("w", {retention, 10, false}),
      StoreCodec<S, Stored>("w", {}, AnySerde<Stored>(ValueAndTimestampSerde<Count>{{}})));
  return std::make_unique<Run>(
      std::make_unique<FixedWindowAggregation<S, Count>>(TimeWindows::of_size_with_no_grace(Millis(10)), settings),
      std::move(store), committed);
}

std::unique_ptr<Run> sessions(std::int64_t retention) {
  auto settings = kOnClose;
  settings.retention_ms = retention;
  auto store = std::make_unique<TypedSessionStore<S, Count>>(make_in_memory_session_store("w", retention),
                                                             StoreCodec<S, Count>("w", {}, {}));
  return std::make_unique<Run>(
      std::make_unique<SessionWindowAggregation<S, Count>>(
          SessionWindows::of_inactivity_gap_with_no_grace(Millis(10)), settings,
          [](const S&, std::optional<Count> one, Count other) { return std::optional(*one + other); }),
      std::move(store));
}

using Lines = std::vector<S>;

}  // namespace

BOOST_AUTO_TEST_SUITE(OnWindowCloseThrottled)

BOOST_AUTO_TEST_CASE(looks_for_closed_windows_once_per_emit_interval) {
  const auto run = tumbling(1000);
  BOOST_TEST(run->feed("a", 5) == Lines{});
  BOOST_TEST(run->feed("a", 15) == Lines{});  // [0,10) is closed, but the next look is not due
  run->task.now += 999;
  BOOST_TEST(run->feed("a", 25) == Lines{});
  run->task.now += 1;
  BOOST_TEST(run->feed("b", 26) == (Lines{"a[0,10)=1", "a[10,20)=1"}));
  BOOST_TEST(*run->task.kept.at("w") == 26);
}

BOOST_AUTO_TEST_CASE(emits_at_once_windows_that_the_next_record_would_expire) {
  const auto run = tumbling(10);
  BOOST_TEST(run->feed("a", 5) == Lines{});
  BOOST_TEST(run->feed("b", 6) == Lines{});
  BOOST_TEST(run->feed("a", 15) == (Lines{"a[0,10)=1", "b[0,10)=1"}));
  BOOST_TEST(run->feed("a", 5'000) == Lines{"a[10,20)=1"});
  BOOST_TEST(*run->task.kept.at("w") == 5'000);
}

BOOST_AUTO_TEST_CASE(emits_at_once_sessions_that_the_next_record_would_expire) {
  const auto run = sessions(11);
  BOOST_TEST(run->feed("a", 5) == Lines{});
  BOOST_TEST(run->feed("a", 9) == Lines{});
  BOOST_TEST(run->feed("b", 20) == Lines{"a[5,9)=2"});
  run->task.now += 1000;
  BOOST_TEST(run->feed("c", 30) == Lines{});
  BOOST_TEST(run->feed("c", 31) == Lines{"b[20,20)=1"});
}

BOOST_AUTO_TEST_CASE(emits_no_window_again_after_a_restart) {
  const auto run = tumbling(1000, 20);
  BOOST_TEST(run->feed("a", 16) == Lines{});
  run->task.now += 1000;
  BOOST_TEST(run->feed("a", 26) == Lines{});
  run->task.now += 1000;
  BOOST_TEST(run->feed("a", 31) == Lines{"a[20,30)=1"});
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace millrace::detail
