// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <stdexcept>

#include "topics/commands.hpp"

namespace topics {

void create(millrace::Broker& broker, const std::vector<std::string>& topics, std::int32_t partitions,
            const std::map<std::string, std::string>& configs) {
  const auto admin = broker.make_admin();
  for (const auto& topic : topics) {
    const bool made = admin->create_topic(
        {.name = topic, .partitions = partitions, .replication_factor = -1, .configs = configs}, kTimeout);
    fmt::print("{} {}\n", made ? "created" : "already exists:", topic);
  }
}

void alter(millrace::Broker& broker, const std::vector<std::string>& topics,
           const std::map<std::string, std::optional<std::string>>& changes) {
  if (changes.empty()) throw std::invalid_argument("give --set KEY=VALUE or --unset KEY");
  const auto admin = broker.make_admin();
  // All topics are checked before the first change, so a mistake in a topic's name changes nothing.
  for (const auto& topic : topics) (void)partitions_of(broker, topic);
  for (const auto& topic : topics) {
    admin->alter_topic_config(topic, changes, kTimeout);
    fmt::print("altered {}\n", topic);
  }
}

}  // namespace topics
