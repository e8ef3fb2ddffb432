// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

namespace millrace::runtime_test {

/// Raises the number of partitions of a topic on the Kafka broker under test, as kafka-topics.sh --alter does. Throws
/// std::runtime_error.
void raise_partitions(const std::string& topic, std::int32_t partitions);

}  // namespace millrace::runtime_test
