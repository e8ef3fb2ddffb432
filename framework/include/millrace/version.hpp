// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace millrace {

/// CMake reads the version of the project and of the package from this line.
inline constexpr std::string_view kVersion = "0.1.0";

}  // namespace millrace

// What Millrace is built and tested with is what Debian 12 ships; newer versions work too:
//
//   compiler       GCC 12, C++20       (CMake 3.25)
//   librdkafka     2.0.2               towards Apache Kafka 4.4, the version of the tests; brokers from 2.5 on
//                                      have what exactly_once_v2 needs
//   RocksDB        7.8
//   nlohmann-json  3.11
//   simdjson       3.1
//   CLI11          2.1
//   fmt, spdlog    9.1, 1.10
//   Boost          1.74                (tests only)
