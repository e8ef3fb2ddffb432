// SPDX-License-Identifier: Apache-2.0
// The measured programs, written with Millrace: bench_millrace --case stateless|join --output TOPIC --bootstrap-servers
// ...
#include "millrace/app/app.hpp"
#include "millrace/millrace.hpp"
#include "pipeline/model.hpp"

namespace {

using namespace millrace;
using namespace bench;

bool is_large(const Variation& variation) { return std::abs(variation.variation_ex) > kMinVariation; }

Topology stateless(const std::string& output) {
  StreamsBuilder builder;
  builder.stream<std::optional<Bytes>, Variation>("variations")
      .filter([](const Variation& v) { return is_large(v); })
      .to(output);
  return builder.build();
}

Topology join(const std::string& output) {
  StreamsBuilder builder;
  auto alerts = builder.stream<Unkeyed, Alert>("alerts").select_key([](const Alert& a) { return a.id; });
  auto variations =
      builder.stream<Unkeyed, Variation>("variations").select_key([](const Variation& v) { return v.id; });
  alerts
      .join(
          variations, [](const Alert&, const Variation& v) { return v; },
          JoinWindows::of_time_difference_and_grace(5min, 24h))
      .filter([](const Variation& v) { return is_large(v); })
      .map_values([](const Variation& v) { return Buy{v.id}; })
      .to(output);
  return builder.build();
}

}  // namespace

int main(int argc, char** argv) {
  std::string which = "stateless";
  std::string output = "out";
  return run_app(argc, argv,
                 {.name = "bench_millrace",
                  .description = "One of the measured programs.",
                  .options =
                      [&](Options& options) {
                        options.option("--case", which, "stateless or join").option("--output", output, "output topic");
                      },
                  .topology =
                      [&](const StreamsConfig&) {
                        if (which == "join") return join(output);
                        if (which == "stateless") return stateless(output);
                        throw ConfigException("--case " + which + ": choose stateless or join");
                      }});
}
