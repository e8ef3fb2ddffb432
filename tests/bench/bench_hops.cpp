// What the engine costs per stateless operator that a record passes: the time of a long chain less that of none.
//
//     bench_hops [RECORDS] [HOPS]   default: 100,000 records through chains of 100 operators
//
// Prints the median of five rounds. A chain as long as that is the hardest case: calls nest deeper than processors
// remember where to return to. Short ones are cheaper per hop, but drown in the cost of the record around them.

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

constexpr int kRounds = 5;

template <class V>
using Chain = std::function<KStream<std::int64_t, V>(KStream<std::int64_t, V>)>;

double thread_seconds() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

/// CPU seconds for `records` records through `hops` of the operator.
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

template <class V>
void report(const char* name, int records, int hops, const Chain<V>& hop, const V& value) {
  std::vector<double> per_hop;
  for (int round = 0; round < kRounds; ++round) {
    const double none = seconds<V>(records, 0, hop, value);
    const double all = seconds<V>(records, hops, hop, value);
    per_hop.push_back(1e9 * (all - none) / records / hops);
  }
  std::ranges::sort(per_hop);
  std::printf("%-44s %6.1f ns/hop (%.1f to %.1f)\n", name, per_hop[kRounds / 2], per_hop.front(), per_hop.back());
  std::fflush(stdout);
}

class PassOn final : public Processor<std::int64_t, std::int64_t, std::int64_t, std::int64_t> {
 public:
  void process(Record<std::int64_t, std::int64_t> record) override { context().forward(std::move(record)); }
};

}  // namespace

int main(int argc, char** argv) {
  using Number = std::int64_t;
  const int records = argc > 1 ? std::atoi(argv[1]) : 100'000;
  const int hops = argc > 2 ? std::atoi(argv[2]) : 100;
  if (records < 1 || hops < 1) {
    std::fprintf(stderr, "usage: bench_hops [RECORDS] [HOPS], both at least 1\n");
    return 2;
  }
  const std::string text = "a value that is too long for the small string optimization";

  report<Number>(
      "filter", records, hops, [](auto s) { return s.filter([](Number v) { return v >= 0; }); }, 1);
  report<Number>(
      "map_values, a number", records, hops, [](auto s) { return s.map_values([](Number v) { return v + 1; }); }, 1);
  report<Number>(
      "map, numbers", records, hops,
      [](auto s) { return s.map([](Number k, Number v) {
                     return KeyValue{k, v + 1};
                   }); }, 1);
  report<Number>(
      "peek", records, hops, [](auto s) { return s.peek([](Number) {}); }, 1);
  report<std::string>(
      "map_values, a string moved through", records, hops,
      [](auto s) { return s.map_values([](std::string v) { return v; }); }, text);
  report<Number>(
      "process, forwards a record", records, hops,
      [](auto s) { return s.process([] { return std::make_unique<PassOn>(); }); }, 1);
}
