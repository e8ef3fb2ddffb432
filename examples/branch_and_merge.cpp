// SPDX-License-Identifier: Apache-2.0
// branch_and_merge: sends log lines to one topic per severity. Errors and warnings also go to a topic of their own.
//
// This example runs on the embedded broker, which keeps its topics in a directory. For Kafka, write --bootstrap-servers
// localhost:9092 instead of --broker.
//
//     topics create log errors warnings other attention --broker embedded:log
//     printf 'ERROR disk full\nWARN disk nearly full\nINFO all well\n' | topics put log --broker embedded:log
//     branch_and_merge --broker embedded:log              # until Ctrl-C
//     topics cat attention --broker embedded:log
#include <string>

#include "millrace/app/app.hpp"
#include "millrace/millrace.hpp"

using namespace millrace;

namespace {

// A predicate for branch().
auto begins_with(const std::string& severity) {
  return [severity](const std::string& line) { return line.starts_with(severity + " "); };
}

auto mark(const std::string& with) {
  return [with](const std::string& line) { return with + " " + line; };
}

Topology build_topology() {
  StreamsBuilder builder;
  const auto lines = builder.stream<Unkeyed, std::string>("log")
                         .split(Named::as("severity-"))
                         .branch(begins_with("ERROR"), Branched::as("error"))
                         .branch(begins_with("WARN"), Branched::as("warning"))
                         .default_branch(Branched::as("other"));
  // The names of the branches: the name of the split, then the name of the branch.
  const auto errors = lines.at("severity-error");
  const auto warnings = lines.at("severity-warning");
  errors.to("errors");
  warnings.to("warnings");
  lines.at("severity-other").to("other");
  errors.map_values(mark("now:")).merge(warnings.map_values(mark("soon:"))).to("attention");
  return builder.build();
}

}  // namespace

int main(int argc, char** argv) { return run_app(argc, argv, build_topology()); }
