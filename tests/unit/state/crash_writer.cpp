// SPDX-License-Identifier: Apache-2.0
// Commits to a task database until it is killed. Commit number n writes n into both stores and into the changelog
// offsets. After each commit the program prints the number to standard output.
//
//     crash_writer DIRECTORY [inputs]
//
// `inputs`: each commit contains input offsets too. So it goes through RocksDB's write-ahead log.

#include <cstdio>
#include <optional>
#include <string>

#include "state/task_database.hpp"

using namespace millrace;
using namespace millrace::detail;

int main(int argc, char** argv) {
  if (argc < 2 || argc > 3) return 2;
  const bool with_inputs = argc == 3;
  const auto database = TaskDatabase::open(argv[1], {32u << 10, 1u << 20, 64u << 10});
  const auto counts = database->key_value_store("counts");
  const auto windows = database->window_store("windows", {600'000, 1000, true});
  for (std::int64_t n = database->position("counts", {"app-counts-changelog", 0}).value_or(Offset()).value() + 1;;
       ++n) {
    const std::string number = std::to_string(n);
    counts->put("last", number);
    counts->put("key" + std::to_string(n % 97), number);
    windows->put("key" + std::to_string(n % 7), number, n * 1000);
    windows->put("last", number, n * 1000);
    std::optional<InputOffsets> inputs;
    if (with_inputs) inputs.emplace().processed[{"in", 0}].offset = n;
    database->commit({{"counts", {{{"app-counts-changelog", 0}, Offset(n)}}},
                      {"windows", {{{"app-windows-changelog", 0}, Offset(n)}}}},
                     inputs, inputs ? TaskDatabase::Wal::on : TaskDatabase::Wal::off);
    if (std::printf("%s\n", number.c_str()) < 0 || std::fflush(stdout) != 0) return 1;
  }
}
