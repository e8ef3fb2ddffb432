// SPDX-License-Identifier: Apache-2.0
// Functions of the user that throw RetriableException for a while: a mapper, an extractor and so on. Nothing is
// skipped, although all exception handlers skip what fails.
#define BOOST_TEST_DYN_LINK
#include <atomic>
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <set>

#include "integration/runtime/world.hpp"
#include "millrace/dsl/streams_builder.hpp"
#include "millrace/serde/primitives.hpp"
#include "millrace/state/stores.hpp"

namespace millrace::runtime_test {
namespace {

namespace data = boost::unit_test::data;
using S = std::string;

/// A service that functions call. The test can switch it off. Thread-safe.
struct Service {
  std::atomic<bool> away{false};
  std::atomic<int> refused{0};

  void call() {
    if (!away) return;
    ++refused;
    throw RetriableException("the service is away");
  }
};

/// Counts all records in a store, and forwards the count. Calls the service after it has written the count, so the
/// record is half processed then.
class Counter final : public Processor<S, S, S, std::int64_t> {
 public:
  explicit Counter(std::shared_ptr<Service> service) : service_(std::move(service)) {}

  void process(Record<S, S> record) override {
    auto& counts = context().get_state_store<KeyValueStore<S, std::int64_t>>("counts");
    const std::int64_t count = counts.get(record.key).value_or(0) + 1;
    counts.put(record.key, count);
    context().forward(Record<S, std::int64_t>{record.key, count, record.timestamp, record.headers});
    service_->call();
  }

 private:
  std::shared_ptr<Service> service_;
};

/// Counts as Counter does, but calls the service in init().
class LateStarter final : public Processor<S, S, S, std::int64_t> {
 public:
  explicit LateStarter(std::shared_ptr<Service> service) : service_(std::move(service)) {}

  void init(ProcessorContext<S, std::int64_t>& context) override {
    Processor::init(context);
    service_->call();
  }
  void process(Record<S, S> record) override {
    auto& counts = context().get_state_store<KeyValueStore<S, std::int64_t>>("counts");
    const std::int64_t count = counts.get(record.key).value_or(0) + 1;
    counts.put(record.key, count);
    context().forward(Record<S, std::int64_t>{record.key, count, record.timestamp, record.headers});
  }

 private:
  std::shared_ptr<Service> service_;
};

/// Forwards the number of records at each wall-clock punctuation if there are new ones, after a call of the service.
class Reporter final : public Processor<S, S, S, std::int64_t> {
 public:
  explicit Reporter(std::shared_ptr<Service> service) : service_(std::move(service)) {}

  void init(ProcessorContext<S, std::int64_t>& context) override {
    Processor::init(context);
    context.schedule(Millis(20), PunctuationType::wall_clock_time, [this](Timestamp now) { report(now); });
  }
  void process(Record<S, S> /*record*/) override {
    auto& counts = context().get_state_store<KeyValueStore<S, std::int64_t>>("counts");
    counts.put("all", counts.get("all").value_or(0) + 1);
  }

 private:
  void report(Timestamp now) {
    auto& counts = context().get_state_store<KeyValueStore<S, std::int64_t>>("counts");
    const std::int64_t count = counts.get("all").value_or(0);
    if (count == counts.get("reported").value_or(0)) return;
    counts.put("reported", count);
    service_->call();
    context().forward(Record<S, std::int64_t>{"all", count, now, {}});
  }

  std::shared_ptr<Service> service_;
};

struct Functions : World {
  S in = topic("in");
  S out = topic("out", 2);
  S id = unique("app");
  TempDir state;
  std::shared_ptr<Service> service = std::make_shared<Service>();

  [[nodiscard]] StreamsConfig settings(const S& guarantee) const {
    return config(id, guarantee, state.path())
        .set("deserialization.exception.handler", "log-and-continue")
        .set("processing.exception.handler", "log-and-continue")
        .set("production.exception.handler", "log-and-continue")
        .set("retry.backoff.ms", "20");
  }
  template <class P>
  [[nodiscard]] Topology processing() const {
    Topology topology;
    topology.add_source<S, S>("in", {in});
    topology.add_processor("count", [service = service] { return std::make_unique<P>(service); }, {"in"});
    topology.add_state_store(Stores::key_value_store<S, std::int64_t>("counts"), {"count"});
    topology.add_sink<S, std::int64_t>("out", out, {"count"});
    return topology;
  }
  /// Copies the input. One of the functions calls the service.
  [[nodiscard]] Topology copying(const S& function) const {
    StreamsBuilder builder;
    const auto call = [service = service, function](const char* name) {
      if (function == name) service->call();
    };
    builder
        .stream<S, S>(in, Consumed().with_timestamp_extractor([call](const Record<S, S>& record, Timestamp) {
          call("extractor");
          return record.timestamp;
        }))
        .map_values([call](const S& value) {
          call("mapper");
          return value;
        })
        .to(out, Produced().with_stream_partitioner(
                     [call](const S& /*topic*/, const S& /*key*/, const S& value,
                            std::int32_t partitions) -> std::optional<std::set<std::int32_t>> {
                       call("partitioner");
                       return std::set<std::int32_t>{std::stoi(value) % partitions};
                     }));
    return builder.build();
  }
  void wait_until_refused(int times) const {
    const int before = service->refused;
    wait_until("calls in vain", [&] { return service->refused >= before + times; });
  }
  void write_numbers(int from, int to) const {
    std::vector<Input> records;
    for (int i = from; i < to; ++i) records.push_back({"k", std::to_string(i)});
    write(in, records);
  }
};

const auto kGuarantees = data::make({"at_least_once", "exactly_once_v2"});

}  // namespace

BOOST_FIXTURE_TEST_SUITE(RetriedFunctions, Functions)

BOOST_DATA_TEST_CASE(skip_nothing, kGuarantees* data::make({"extractor", "mapper", "partitioner"}), guarantee,
                     function) {
  App app(*this, copying(function), settings(guarantee));
  app.run_until_running();
  write_numbers(0, 50);
  (void)read_count(out, 50);
  service->away = true;
  write_numbers(50, 100);
  wait_until_refused(4);
  service->away = false;
  std::set<S> values;
  wait_until("all copies", [&] {
    for (const Row& row : read(out)) values.insert(*row.value);
    return values.size() == 100U;
  });
  BOOST_TEST(app.streams.close(kPatience));
  BOOST_TEST(app.failures().empty());
  BOOST_TEST(app.streams.counters().dropped_records == 0U);
  if (guarantee == S("exactly_once_v2") || function == S("extractor")) BOOST_TEST(read(out).size() == 100U);
}

// The store returns to its last commit before each attempt. Otherwise each attempt would count the record again.
BOOST_DATA_TEST_CASE(leave_no_half_processed_record_behind, kGuarantees, guarantee) {
  App app(*this, processing<Counter>(), settings(guarantee));
  app.run_until_running();
  write_numbers(0, 20);
  (void)read_count(out, 20);
  service->away = true;
  write_numbers(20, 40);
  wait_until_refused(5);
  service->away = false;
  const auto last = [&] {
    std::int64_t largest = 0;
    for (const auto& [key, values] : counts(read(out))) largest = std::max(largest, std::ranges::max(values));
    return largest;
  };
  wait_until("the last count", [&] { return last() >= 40; });
  write_numbers(40, 41);
  wait_until("one more count", [&] { return last() >= 41; });
  BOOST_TEST(app.streams.close(kPatience));
  BOOST_TEST(last() == 41);
  if (guarantee == S("exactly_once_v2")) BOOST_TEST(read(out).size() == 41U);
}

BOOST_DATA_TEST_CASE(are_retried_at_the_start, kGuarantees, guarantee) {
  service->away = true;
  write_numbers(0, 20);
  App app(*this, processing<LateStarter>(), settings(guarantee));
  app.start();
  wait_until_refused(4);
  BOOST_TEST((app.streams.state() == Streams::State::rebalancing));
  service->away = false;
  BOOST_TEST(read_count(out, 20).size() == 20U);
  BOOST_TEST(app.streams.close(kPatience));
  BOOST_TEST(app.failures().empty());
}

BOOST_DATA_TEST_CASE(are_retried_in_punctuations, kGuarantees, guarantee) {
  App app(*this, processing<Reporter>(), settings(guarantee));
  app.run_until_running();
  service->away = true;
  write_numbers(0, 20);
  wait_until_refused(4);
  service->away = false;
  wait_until("the report", [&] {
    const auto rows = read(out);
    return std::ranges::any_of(counts(rows)["all"], [](std::int64_t count) { return count == 20; });
  });
  BOOST_TEST(app.streams.close(kPatience));
  BOOST_TEST(app.failures().empty());
  for (const auto& [key, values] : counts(read(out))) BOOST_TEST(std::ranges::max(values) == 20, key);
}

BOOST_DATA_TEST_CASE(fail_after_the_time_limit, data::make({"record", "start", "punctuation"}), work) {
  service->away = true;
  write_numbers(0, 5);
  const auto topology = work == S("record")  ? processing<Counter>()
                        : work == S("start") ? processing<LateStarter>()
                                             : processing<Reporter>();
  App app(*this, topology, settings("exactly_once_v2").set("task.timeout.ms", "500"));
  app.start();
  BOOST_TEST(app.streams.wait_for(kPatience));
  const S error = app.streams.error();
  for (const S& words : {S("500 ms (task.timeout.ms)"), S("the service is away"), S("task 0_0")}) {
    BOOST_TEST((error.find(words) != S::npos), words << " is not in: " << error);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace millrace::runtime_test
