// SPDX-License-Identifier: Apache-2.0
#include <fstream>
#include <iostream>
#include <sstream>
#include <string>

#include "oracle/cpp/program/runner.hpp"

// The C++ side of tests/oracle/compare: the same programs and answers as the Java oracle's modes of the same names.

namespace {

constexpr const char* kUsage =
    "usage: oracle_program_runner run [FILE]   run the JSON program in FILE (default: standard input)\n"
    "       oracle_program_runner serve        run one JSON program per input line; each answer ends with an empty "
    "line\n";

std::string read_all(std::istream& in) {
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

}  // namespace

int main(int argc, char** argv) {
  const std::string mode = argc > 1 ? argv[1] : "";
  if (mode == "run" && argc <= 3) {
    if (argc == 2) {
      oracle::program::answer(read_all(std::cin), std::cout);
      return 0;
    }
    std::ifstream file(argv[2]);
    if (!file) {
      std::cerr << "cannot read " << argv[2] << '\n';
      return 2;
    }
    oracle::program::answer(read_all(file), std::cout);
    return 0;
  }
  if (mode == "serve" && argc == 2) {
    for (std::string line; std::getline(std::cin, line);) {
      oracle::program::answer(line, std::cout);
      std::cout << std::endl;
    }
    return 0;
  }
  std::cerr << kUsage;
  return 2;
}
