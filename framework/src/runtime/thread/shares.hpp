// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "millrace/config/streams_config.hpp"
#include "millrace/processor/detail/topology_builder.hpp"

namespace millrace::detail {

/// The number of stream threads: num.stream.threads, or 0 if the topology has only global stores. Then a stream thread
/// would have no topic to subscribe to.
[[nodiscard]] std::int64_t stream_threads(const StreamsConfig& config, const TopologyBuilder& topology);

// Limits of memory that hold for the whole application are divided equally, as in Kafka Streams: each stream thread has
// a share, and so has the thread of the global stores if there are any.

// Memory limits apply to the whole application. As in Kafka Streams, each stream thread gets an equal share, and so
// does the global thread if there are global stores.
//
/// One share of statestore.cache.max.bytes, in bytes. 0: no caches.
[[nodiscard]] std::size_t cache_share(const StreamsConfig& config, const TopologyBuilder& topology);

/// One share of statestore.uncommitted.max.bytes, in bytes. nullopt: no limit.
[[nodiscard]] std::optional<std::size_t> uncommitted_share(const StreamsConfig& config,
                                                           const TopologyBuilder& topology);

}  // namespace millrace::detail
