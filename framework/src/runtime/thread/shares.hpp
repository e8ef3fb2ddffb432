#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "millrace/config/streams_config.hpp"
#include "millrace/processor/detail/topology_builder.hpp"

namespace millrace::detail {

/// num.stream.threads; 0 for a topology of global stores alone, which leaves stream threads nothing to subscribe to.
[[nodiscard]] std::int64_t stream_threads(const StreamsConfig& config, const TopologyBuilder& topology);

// Limits of memory that hold for the whole application are divided equally, as in Kafka Streams: each stream thread has
// a share, and so has the thread of the global stores if there are any.

/// The share of statestore.cache.max.bytes.
[[nodiscard]] std::size_t cache_share(const StreamsConfig& config, const TopologyBuilder& topology);

/// The share of statestore.uncommitted.max.bytes; nullopt: there is no limit.
[[nodiscard]] std::optional<std::size_t> uncommitted_share(const StreamsConfig& config,
                                                           const TopologyBuilder& topology);

}  // namespace millrace::detail
