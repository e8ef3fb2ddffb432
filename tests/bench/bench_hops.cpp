// SPDX-License-Identifier: Apache-2.0
// Measures what the engine costs per stateless operator that a record passes. The cost is the time of a chain of
// operators minus the time of an empty chain.
//
//     bench_hops [RECORDS]   default: 100,000 records through each chain
//
// There are two chains. 12 operators are typical of a large topology between source and sink. 100 operators are the
// hardest case for operators that call their children, as process() does: the calls nest deeper than a CPU remembers
// return addresses.
//
// Each time is the best of seven rounds, because other load on the machine can only add time. The distance between best
// and median shows how calm the machine was.

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <functional>
#include <string>
#include <vector>

#include "millrace/millrace.hpp"
#include "millrace/testing/topology_test_driver.hpp"

using namespace millrace;

namespace {

constexpr int kRounds = 7;
constexpr int kShort = 12;
constexpr int kLong = 100;

template <class V>
using Chain = std::function<KStream<std::int64_t, V>(KStream<std::int64_t, V>)>;

double thread_seconds() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

/// The CPU seconds that `records` records take through a chain of `hops` operators.
template <class V>
double seconds(int records, int hops, const Chain<V>& hop, const V& value) {
  StreamsBuilder builder;
  auto stream = builder.stream<std::int64_t, V>("in");
  for (int i = 0; i < hops; ++i) stream = hop(stream);
  std::int64_t seen = 0;
  stream.for_each([&seen](const V&) { ++seen; });
  TopologyTestDriver driver(builder.build());
  auto in = driver.create_input_topic<std::int64_t, V>("in");
  const double start = thread_seconds();
  for (int i = 0; i < records; ++i) in.pipe_input(i, value);
  const double elapsed = thread_seconds() - start;
  if (seen != records) {
    std::fprintf(stderr, "bench_hops: %lld of %d records came through\n", static_cast<long long>(seen), records);
    std::exit(1);
  }
  return elapsed;
}

double median(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

/// Prints one line. `hop` adds `operators` operators to a stream.
template <class V>
void report(const char* name, int records, const Chain<V>& hop, const V& value, int operators = 1) {
  std::vector<double> none;
  std::vector<double> few;
  std::vector<double> many;
  for (int round = 0; round < kRounds; ++round) {
    none.push_back(seconds<V>(records, 0, hop, value));
    few.push_back(seconds<V>(records, kShort / operators, hop, value));
    many.push_back(seconds<V>(records, kLong / operators, hop, value));
  }
  const auto per_hop = [records](double all, double without, int hops) {
    return 1e9 * (all - without) / records / hops;
  };
  const auto best = [](const std::vector<double>& rounds) { return *std::ranges::min_element(rounds); };
  std::printf("%-40s %6.1f ns/hop of %d (median %.1f), %6.1f of %d (median %.1f)\n", name,
              per_hop(best(few), best(none), kShort), kShort, per_hop(median(few), median(none), kShort),
              per_hop(best(many), best(none), kLong), kLong, per_hop(median(many), median(none), kLong));
  std::fflush(stdout);
}

class PassOn final : public Processor<std::int64_t, std::int64_t, std::int64_t, std::int64_t> {
 public:
  void process(Record<std::int64_t, std::int64_t> record) override { context().forward(std::move(record)); }
};

class PassValueOn final : public FixedKeyProcessor<std::int64_t, std::int64_t> {
 public:
  void process(FixedKeyRecord<std::int64_t, std::int64_t> record) override { context().forward(std::move(record)); }
};

}  // namespace

int main(int argc, char** argv) {
  using Number = std::int64_t;
  const int records = argc > 1 ? std::atoi(argv[1]) : 100'000;
  if (records < 1) {
    std::fprintf(stderr, "usage: bench_hops [RECORDS], at least 1\n");
    return 2;
  }
  const std::string text = "a value that is too long for the small string optimization";

  report<Number>(
      "filter", records, [](auto s) { return s.filter([](Number v) { return v >= 0; }); }, 1);
  report<Number>(
      "map_values, a number", records, [](auto s) { return s.map_values([](Number v) { return v + 1; }); }, 1);
  report<Number>(
      "map, numbers", records, [](auto s) { return s.map([](Number k, Number v) {
                                              return KeyValue{k, v + 1};
                                            }); }, 1);
  report<Number>(
      "peek", records, [](auto s) { return s.peek([](Number) {}); }, 1);
  report<std::string>(
      "map_values, a string moved through", records,
      [](auto s) { return s.map_values([](std::string v) { return v; }); }, text);
  report<Number>(
      "map_values, to another type and back", records,
      [](auto s) {
        return s.map_values([](Number v) { return static_cast<int>(v); }).map_values([](int v) {
          return static_cast<Number>(v);
        });
      },
      1, 2);
  report<Number>(
      "process, forwards a record", records,
      [](auto s) { return s.process([] { return std::make_unique<PassOn>(); }); }, 1);
  report<Number>(
      "process_values, forwards a record", records,
      [](auto s) { return s.process_values([] { return std::make_unique<PassValueOn>(); }); }, 1);
}
