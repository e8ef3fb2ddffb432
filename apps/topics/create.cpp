#include <fmt/format.h>

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

}  // namespace topics
