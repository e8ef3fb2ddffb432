// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>

#include "millrace/broker/admin.hpp"
#include "millrace/config/streams_config.hpp"
#include "millrace/state/store_builder.hpp"
#include "topology/topology_graph.hpp"

namespace millrace::detail {

/// The settings with which a repartition topic is created. They are those of Kafka Streams. `topic.*` in the
/// configuration overrides them.
[[nodiscard]] std::map<std::string, std::string> repartition_topic_config(const StreamsConfig& config);

/// The settings with which a store's changelog topic is created. Later sources win: Kafka Streams' defaults for this
/// kind of store, then `topic.*` in the configuration, then the store's own settings (`with_logging_enabled`).
[[nodiscard]] std::map<std::string, std::string> changelog_topic_config(const StoreSpec& store,
                                                                        const StreamsConfig& config);

/// Creates the topic if it is missing. `name` is the real name, with the application's prefix.
///
/// The settings of an existing topic stay as they are, because an operator may have changed them. Its number of
/// partitions must be `partitions`. Throws TopologyException if the number differs, and BrokerException if the broker
/// does not answer within `timeout`.
void ensure_topic(Admin& admin, const std::string& name, std::int32_t partitions,
                  const std::map<std::string, std::string>& topic_config, const StreamsConfig& config, Millis timeout);

/// Logs a warning for each existing internal topic whose settings differ from the configuration (`topic.*`) or from the
/// settings of its store (`with_logging_enabled`). A difference is possible because settings are used only when a topic
/// is created. Sends requests only if the configuration or a store has such settings. Each request may take up to
/// `timeout`. Does not throw BrokerException: the application can start without this check.
void warn_of_other_settings(Admin& admin, const TopologyBuilder& topology, const std::string& application_id,
                            const StreamsConfig& config, Millis timeout);

}  // namespace millrace::detail
