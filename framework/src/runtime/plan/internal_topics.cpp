#include "runtime/plan/internal_topics.hpp"

#include <limits>

#include "millrace/common/errors.hpp"

namespace millrace::detail {
namespace {

void overlay(std::map<std::string, std::string>& settings, const std::map<std::string, std::string>& over) {
  for (const auto& [key, value] : over) settings.insert_or_assign(key, value);
}

std::int64_t saturating_add(std::int64_t a, std::int64_t b) {
  return a > std::numeric_limits<std::int64_t>::max() - b ? std::numeric_limits<std::int64_t>::max() : a + b;
}

}  // namespace

std::map<std::string, std::string> repartition_topic_config(const StreamsConfig& config) {
  std::map<std::string, std::string> settings{{"cleanup.policy", "delete"},
                                              {"message.timestamp.type", "CreateTime"},
                                              {"retention.ms", "-1"},
                                              {"segment.bytes", "52428800"}};
  overlay(settings, config.with_prefix("topic."));
  return settings;
}

std::map<std::string, std::string> changelog_topic_config(const StoreSpec& store, const StreamsConfig& config) {
  std::map<std::string, std::string> settings{{"message.timestamp.type", "CreateTime"}};
  if (store.kind == StoreKind::session) {
    settings["cleanup.policy"] = "compact,delete";
    settings["retention.ms"] = std::to_string(
        saturating_add(store.retention_ms, config.get_int("windowstore.changelog.additional.retention.ms")));
  } else if (store.kind == StoreKind::versioned) {
    // Versions must not be compacted away while they may be asked for.
    settings["cleanup.policy"] = "compact";
    settings["min.compaction.lag.ms"] = std::to_string(saturating_add(store.retention_ms, 86'400'000));
  } else if (store.kind == StoreKind::window) {
    // Join stores keep every record under a key of its own, so there is nothing to compact.
    settings["cleanup.policy"] = store.window.retain_duplicates ? "delete" : "compact,delete";
    settings["retention.ms"] = std::to_string(
        saturating_add(store.window.retention_ms, config.get_int("windowstore.changelog.additional.retention.ms")));
  } else {
    settings["cleanup.policy"] = "compact";
  }
  overlay(settings, config.with_prefix("topic."));
  overlay(settings, store.log_config);
  return settings;
}

void ensure_topic(Admin& admin, const std::string& name, std::int32_t partitions,
                  const std::map<std::string, std::string>& topic_config, const StreamsConfig& config, Millis timeout) {
  NewTopic topic;
  topic.name = name;
  topic.partitions = partitions;
  topic.replication_factor = static_cast<std::int16_t>(config.get_int("replication.factor"));
  topic.configs = topic_config;
  if (admin.create_topic(topic, timeout)) return;
  const auto existing = admin.describe_topic(name, timeout);
  if (existing && existing->partitions != partitions) {
    throw TopologyException("internal topic '" + name + "' exists with " + std::to_string(existing->partitions) +
                            " partitions, but this topology needs " + std::to_string(partitions) +
                            ": the topology or a source topic has changed; use another application.id, or stop all "
                            "instances and delete the application's internal topics");
  }
}

}  // namespace millrace::detail
