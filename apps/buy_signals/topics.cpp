// SPDX-License-Identifier: Apache-2.0
#include "buy_signals/topics.hpp"

#include <fmt/format.h>

namespace buy_signals {

void create_missing_topics(millrace::Broker& broker, const std::vector<std::string>& topics) {
  const auto admin = broker.make_admin();
  for (const auto& name : topics) {
    if (admin->describe_topic(name, kBrokerTimeout)) continue;
    // The result is false if another program was faster. Then the topic exists as well.
    (void)admin->create_topic(
        {.name = name, .partitions = 1, .replication_factor = -1, .configs = {{"retention.ms", "-1"}}}, kBrokerTimeout);
  }
}

std::string retention_warning(millrace::Broker& broker, const std::string& topic) {
  const auto configs = broker.make_admin()->topic_config(topic, /*all=*/true, kBrokerTimeout);
  const auto value = [&](const std::string& key, const std::string& fallback) {
    const auto found = configs.find(key);
    return found == configs.end() ? fallback : found->second;
  };
  const auto retention = value("retention.ms", "-1");
  const bool deletes = value("cleanup.policy", "delete").find("delete") != std::string::npos && retention != "-1";
  if (!deletes) return {};
  return fmt::format(
      "topic {} has retention.ms={}: the broker will soon delete replayed records that are older than that; set the "
      "topic's retention.ms to -1",
      topic, retention);
}

}  // namespace buy_signals
