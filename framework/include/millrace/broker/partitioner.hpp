// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

namespace millrace {

/// Kafka's murmur2 hash with seed 0x9747b28c. Equal to the Java client's result, bit for bit. Thread-safe.
[[nodiscard]] std::uint32_t murmur2(std::string_view bytes);

/// The partition that Kafka's default partitioner chooses for a non-null key. `partitions` must be 1 or more.
/// Thread-safe.
[[nodiscard]] std::int32_t partition_for_key(std::string_view key, std::int32_t partitions);

}  // namespace millrace
