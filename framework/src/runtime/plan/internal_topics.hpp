#pragma once

#include <map>
#include <string>

#include "millrace/broker/admin.hpp"
#include "millrace/config/streams_config.hpp"
#include "millrace/state/store_builder.hpp"

namespace millrace::detail {

/// Settings of a repartition topic, as Kafka Streams creates it.
[[nodiscard]] std::map<std::string, std::string> repartition_topic_config(const StreamsConfig& config);

/// Settings of a store's changelog topic. Precedence: defaults, then the configuration's `topic.*`, then the store's
/// own.
[[nodiscard]] std::map<std::string, std::string> changelog_topic_config(const StoreSpec& store,
                                                                        const StreamsConfig& config);

/// Creates the topic unless it exists; then its partitions must be as many as asked for (TopologyException).
void ensure_topic(Admin& admin, const std::string& name, std::int32_t partitions,
                  const std::map<std::string, std::string>& topic_config, const StreamsConfig& config, Millis timeout);

}  // namespace millrace::detail
