// SPDX-License-Identifier: Apache-2.0
#include "runtime/plan/internal_topics.hpp"

#include <limits>

#include "millrace/common/errors.hpp"
#include "millrace/common/logging.hpp"

namespace millrace::detail {
namespace {

/// Entries of `over` replace those of `settings` with the same key.
void overlay(std::map<std::string, std::string>& settings, const std::map<std::string, std::string>& over) {
  for (const auto& [key, value] : over) settings.insert_or_assign(key, value);
}

/// A retention of 2^63-1 ms means "for ever" and must not overflow to a negative number. REQUIRES: b >= 0.
std::int64_t saturating_add(std::int64_t a, std::int64_t b) {
  return a > std::numeric_limits<std::int64_t>::max() - b ? std::numeric_limits<std::int64_t>::max() : a + b;
}

/// Logs a warning for each setting in `wanted` that the topic does not have.
void compare_settings(Admin& admin, const std::string& topic, const std::map<std::string, std::string>& wanted,
                      Millis timeout) {
  if (wanted.empty()) return;
  try {
    const auto present = admin.topic_config(topic, /*all=*/true, timeout);
    for (const auto& [key, value] : wanted) {
      const auto found = present.find(key);
      if (found != present.end() && found->second == value) continue;
      log(LogLevel::warn,
          "internal topic '" + topic + "' has " + key + "=" + (found == present.end() ? std::string() : found->second) +
              ", but the application asks for " + value +
              ": settings are used only when a topic is created, and this topic exists already. To change the "
              "setting: topics alter " +
              topic + " --set " + key + "=" + value);
    }
  } catch (const BrokerException& error) {
    log(LogLevel::info, "cannot compare the settings of internal topic '" + topic + "': " + error.what());
  }
}

}  // namespace

std::map<std::string, std::string> repartition_topic_config(const StreamsConfig& config) {
  // Records never expire by time: a task that was down for long must still find its input. Housekeeping deletes the
  // records that were processed. Small segments (50 MB) let the broker free their space soon.
  std::map<std::string, std::string> settings{{"cleanup.policy", "delete"},
                                              {"message.timestamp.type", "CreateTime"},
                                              {"retention.ms", "-1"},
                                              {"segment.bytes", "52428800"}};
  overlay(settings, config.with_prefix("topic."));
  return settings;
}

std::map<std::string, std::string> changelog_topic_config(const StoreSpec& store, const StreamsConfig& config) {
  std::map<std::string, std::string> settings{{"message.timestamp.type", "CreateTime"}};
  // CreateTime: a restored entry must get the time of its record and not the time of the append.
  //
  // Entries of windows and sessions never get a tombstone when they expire. So the broker must delete them by time, in
  // addition to compaction.
  if (store.kind == StoreKind::session) {
    settings["cleanup.policy"] = "compact,delete";
    settings["retention.ms"] = std::to_string(
        saturating_add(store.retention_ms, config.get_int("windowstore.changelog.additional.retention.ms")));
  } else if (store.kind == StoreKind::versioned) {
    // Compaction removes older versions of a key. The lag protects versions that a reader may still ask for, plus one
    // day (as in Kafka Streams) in which a restore may read them.
    settings["cleanup.policy"] = "compact";
    settings["min.compaction.lag.ms"] = std::to_string(saturating_add(store.retention_ms, 86'400'000));
  } else if (store.kind == StoreKind::window) {
    // The store of a stream-stream join gives each record its own key. Compaction would find nothing to remove.
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
  // Several instances may start at the same time. Only one of them creates the topic; the others get false here.
  if (admin.create_topic(topic, timeout)) return;
  const auto existing = admin.describe_topic(name, timeout);
  if (existing && existing->partitions != partitions) {
    // A different number of partitions would spread the keys differently from what the topic already contains.
    throw TopologyException("internal topic '" + name + "' exists with " + std::to_string(existing->partitions) +
                            " partitions, but this topology needs " + std::to_string(partitions) +
                            ": the topology or a source topic has changed; use another application.id, or stop all "
                            "instances and delete the application's internal topics");
  }
}

void warn_of_other_settings(Admin& admin, const TopologyBuilder& topology, const std::string& application_id,
                            const StreamsConfig& config, Millis timeout) {
  const auto common = config.with_prefix("topic.");
  for (const auto& [name, topic] : topology.internal_topics()) {
    compare_settings(admin, decorate(topology, application_id, name), common, timeout);
  }
  for (const auto& [name, builder] : topology.stores()) {
    const StoreSpec& spec = definition_of(*builder).spec;
    if (!spec.logging || topology.source_changelogs().contains(name) || topology.global_stores().contains(name))
      continue;
    auto wanted = common;
    overlay(wanted, spec.log_config);
    compare_settings(admin, changelog_topic(application_id, name), wanted, timeout);
  }
}

}  // namespace millrace::detail
