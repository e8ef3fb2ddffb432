// SPDX-License-Identifier: Apache-2.0
// processor_with_store: computes the average of each sensor's readings. Writes the averages every ten seconds of event
// time.
//
// This example runs on the embedded broker, which keeps its topics in a directory. For Kafka, write --bootstrap-servers
// localhost:9092 instead of --broker.
//
//     topics create celsius averages --broker embedded:celsius
//     printf 'oven=80\noven=90\nfridge=4\n' | topics put celsius --key-separator = --broker embedded:celsius
//     processor_with_store --broker embedded:celsius      # until Ctrl-C
//     topics cat averages --broker embedded:celsius
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "millrace/app/app.hpp"
#include "millrace/millrace.hpp"

using namespace millrace;
using namespace std::chrono_literals;

namespace {

// The value in the store: sum and number of a sensor's readings.
struct Total {
  double sum = 0;
  std::int64_t count = 0;
};

const std::string kStore = "totals";

// One instance per task, so no locks are needed.
class Averages final : public Processor<std::string, std::string> {
 public:
  void init(ProcessorContext<std::string, std::string>& context) override {
    Processor::init(context);
    totals_ = &context.get_state_store<KeyValueStore<std::string, Total>>(kStore);
    // Stream time advances with the records, not with the clock.
    context.schedule(10s, PunctuationType::stream_time, [this](Timestamp now) { write_averages(now); });
  }

  void process(Record<std::string, std::string> reading) override {
    const Total before = totals_->get(reading.key).value_or(Total());
    totals_->put(reading.key, {before.sum + std::stod(reading.value), before.count + 1});
  }

 private:
  void write_averages(Timestamp now) {
    std::vector<std::string> sensors;
    for (const auto& [sensor, total] : totals_->all()) {
      context().forward({sensor, std::to_string(total.sum / static_cast<double>(total.count)), now, {}});
      sensors.push_back(sensor);
    }
    // The keys were collected first, so that the store does not change during the iteration.
    for (const std::string& sensor : sensors) totals_->remove(sensor);
  }

  KeyValueStore<std::string, Total>* totals_ = nullptr;
};

Topology build_topology() {
  StreamsBuilder builder;
  builder.add_state_store(Stores::key_value_store<std::string, Total>(kStore));
  builder.stream<std::string, std::string>("celsius")
      .process([] { return std::make_unique<Averages>(); }, {kStore})
      .to("averages");
  return builder.build();
}

}  // namespace

int main(int argc, char** argv) { return run_app(argc, argv, build_topology()); }
