// SPDX-License-Identifier: Apache-2.0
#include "trades/topics.hpp"

namespace trades {

void create_missing_topics(millrace::Broker& broker, const std::vector<std::string>& topics) {
  const auto admin = broker.make_admin();
  for (const auto& name : topics) {
    if (admin->describe_topic(name, kBrokerTimeout)) continue;
    // The result is false if another program was faster. Then the topic exists as well.
    (void)admin->create_topic(
        {.name = name, .partitions = 1, .replication_factor = -1, .configs = {{"retention.ms", "-1"}}}, kBrokerTimeout);
  }
}

}  // namespace trades
