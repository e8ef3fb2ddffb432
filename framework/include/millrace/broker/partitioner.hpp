#pragma once

#include <cstdint>
#include <string_view>

namespace millrace {

/// Kafka's murmur2 (seed 0x9747b28c), bit for bit as the Java client computes it.
[[nodiscard]] std::uint32_t murmur2(std::string_view bytes);

/// The partition that Kafka's default partitioner picks for a non-null key.
[[nodiscard]] std::int32_t partition_for_key(std::string_view key, std::int32_t partitions);

}  // namespace millrace
