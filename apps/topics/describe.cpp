// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "millrace/common/errors.hpp"
#include "topics/commands.hpp"

namespace topics {

std::int32_t partitions_of(millrace::Broker& broker, const std::string& topic) {
  const auto found = broker.make_admin()->describe_topic(topic, kTimeout);
  if (!found) {
    throw millrace::BrokerException(
        millrace::BrokerException::Severity::fatal,
        fmt::format("there is no topic '{}' on {}; 'topics list' shows what there is", topic, broker.address()));
  }
  return found->partitions;
}

void list(millrace::Broker& broker, bool with_internal) {
  auto all = broker.make_admin()->list_topics(kTimeout);
  // The broker's own topics are rarely of interest.
  std::erase_if(all, [&](const auto& topic) { return topic.internal && !with_internal; });
  std::ranges::sort(all, {}, &millrace::TopicDescription::name);
  std::size_t width = 0;
  for (const auto& topic : all) width = std::max(width, topic.name.size());
  for (const auto& topic : all) {
    fmt::print("{:<{}}  {} partition{}\n", topic.name, width, topic.partitions, topic.partitions == 1 ? "" : "s");
  }
}

void describe(millrace::Broker& broker, const std::string& topic) {
  const auto partitions = partitions_of(broker, topic);
  const auto admin = broker.make_admin();
  fmt::print("topic {}, {} partition{}\n", topic, partitions, partitions == 1 ? "" : "s");
  for (std::int32_t partition = 0; partition < partitions; ++partition) {
    const auto [low, high] = admin->watermarks({topic, partition}, kTimeout);
    fmt::print("  partition {}: first offset {}, next offset {}\n", partition, low, high);
  }
  for (const auto& [key, value] : admin->topic_config(topic, /*all=*/false, kTimeout))
    fmt::print("  {}={}\n", key, value);
}

void remove(millrace::Broker& broker, const std::vector<std::string>& topics) {
  const auto admin = broker.make_admin();
  for (const auto& topic : topics) {
    // Gives a helpful message if the topic does not exist.
    (void)partitions_of(broker, topic);
    admin->delete_topic(topic, kTimeout);
    fmt::print("deleted {}\n", topic);
  }
}

}  // namespace topics
