// SPDX-License-Identifier: Apache-2.0
#include "runtime/plan/user_topics.hpp"

#include <set>

#include "millrace/common/errors.hpp"

namespace millrace::detail {

std::vector<UserTopic> missing_topics(const TopologyBuilder& topology, const StreamsConfig& config, Admin& admin,
                                      Millis timeout) {
  std::set<std::string> known;
  for (const TopicDescription& topic : admin.list_topics(timeout)) known.insert(topic.name);
  std::vector<UserTopic> missing;
  const auto look_for = [&](const std::string& name, const std::string& use) {
    // The application makes its internal topics by itself.
    if (topology.internal_topics().contains(name) || !known.insert(name).second) return;
    missing.push_back({name, use});
  };
  for (const NodeSpec& node : topology.nodes()) {
    const char* kind = node.kind == NodeSpec::Kind::sink ? "sink '" : "source '";
    for (const std::string& topic : node.topics) look_for(topic, kind + node.name + "'");
  }
  const std::string dead_letters = config.get_string("errors.dead.letter.queue.topic.name");
  if (!dead_letters.empty()) look_for(dead_letters, "errors.dead.letter.queue.topic.name");
  return missing;
}

void require_topics(const TopologyBuilder& topology, const StreamsConfig& config, Admin& admin,
                    const std::string& address, Millis timeout) {
  const auto missing = missing_topics(topology, config, admin, timeout);
  if (missing.empty()) return;
  std::string named;
  std::string words;
  for (const UserTopic& topic : missing) {
    named += (named.empty() ? "'" : ", '") + topic.name + "' (" + topic.use + ")";
    words += topic.name + " ";
  }
  const bool one = missing.size() == 1;
  const bool embedded = address.starts_with("embedded:");
  throw TopologyException((one ? "topic " : "topics ") + named + (one ? " does" : " do") + " not exist. Create " +
                          (one ? "it" : "them") + " before the application starts: 'topics create " + words +
                          "--partitions N " + (embedded ? "--broker " : "--bootstrap-servers ") + address +
                          "', or start a program that is made with run_app once with --create-topics=N");
}

}  // namespace millrace::detail
