// SPDX-License-Identifier: Apache-2.0
// word_count: counts the words in the lines of a topic and writes the new counts.
//
// This example runs on the embedded broker, which keeps its topics in a directory. For Kafka, write --bootstrap-servers
// localhost:9092 instead of --broker.
//
//     topics create lines word-counts --broker embedded:words
//     printf 'to be or\nnot to be\n' | topics put lines --broker embedded:words
//     word_count --broker embedded:words              # until Ctrl-C
//     topics cat word-counts --broker embedded:words
//
// If a count changes several times within a commit interval, only the last count is written. With -c
// statestore.cache.max.bytes=0, every count is written.
// The counts are in the store "counts". Its changelog topic restores them on any machine on which the program starts.
#include <sstream>
#include <string>
#include <vector>

#include "millrace/app/app.hpp"
#include "millrace/millrace.hpp"

using namespace millrace;

namespace {

// Splits a line at white space.
std::vector<std::string> words(const std::string& line) {
  std::istringstream in(line);
  std::vector<std::string> result;
  for (std::string word; in >> word;) result.push_back(word);
  return result;
}

Topology build_topology() {
  StreamsBuilder builder;
  builder.stream<Unkeyed, std::string>("lines")
      .flat_map_values(words)
      .group_by([](const std::string& word) { return word; })
      .count(Materialized::as("counts"))
      .to_stream()
      .map_values([](std::int64_t count) { return std::to_string(count); })
      .to("word-counts");
  return builder.build();
}

}  // namespace

int main(int argc, char** argv) { return run_app(argc, argv, build_topology()); }
