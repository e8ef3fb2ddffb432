// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "millrace/broker/admin.hpp"
#include "millrace/config/streams_config.hpp"
#include "millrace/processor/detail/topology_builder.hpp"

namespace millrace::detail {

/// A topic with a fixed name that an application does not create by itself.
struct UserTopic {
  std::string name;
  std::string use;  ///< for messages: "source 'orders'", "sink 'KSTREAM-SINK-0000000002'"
};

/// The topics of sources, global tables and sinks, and the topic of the dead letters, as far as they do not exist. Each
/// is named once, in the order of the topology. Patterns of sources, and sinks whose records choose their topics, have
/// no fixed names. Throws BrokerException if the broker does not answer within `timeout`.
[[nodiscard]] std::vector<UserTopic> missing_topics(const TopologyBuilder& topology, const StreamsConfig& config,
                                                    Admin& admin, Millis timeout);

/// Throws TopologyException if topics are missing. The text names all of them and a command that creates them.
/// `address`: of the broker, see Broker::address(). Kafka Streams checks only the topics that it reads.
void require_topics(const TopologyBuilder& topology, const StreamsConfig& config, Admin& admin,
                    const std::string& address, Millis timeout);

}  // namespace millrace::detail
