#include "runtime/client_configs.hpp"

namespace millrace::detail {
namespace {

void overlay(ClientConfig& settings, const ClientConfig& over) {
  for (const auto& [key, value] : over) settings.insert_or_assign(key, value);
}

ClientConfig consumer_config(const StreamsConfig& config, const char* prefix, ClientConfig defaults) {
  overlay(defaults, config.with_prefix("consumer."));
  overlay(defaults, config.with_prefix(prefix));
  defaults["enable.auto.commit"] = "false";
  defaults["isolation.level"] = config.exactly_once() ? "read_committed" : "read_uncommitted";
  return defaults;
}

}  // namespace

ClientConfig main_consumer_config(const StreamsConfig& config, const ClientNames& names) {
  ClientConfig settings = consumer_config(config, "main.consumer.",
                                          {{"auto.offset.reset", "earliest"},
                                           {"client.id", names.thread_name() + "-consumer"},
                                           {"partition.assignment.strategy", "cooperative-sticky"}});
  settings["group.id"] = names.application_id;
  if (const auto instance = settings.find("group.instance.id"); instance != settings.end()) {
    instance->second += "-" + std::to_string(names.thread);
  }
  return settings;
}

ClientConfig restore_consumer_config(const StreamsConfig& config, const ClientNames& names) {
  ClientConfig settings =
      consumer_config(config, "restore.consumer.", {{"client.id", names.thread_name() + "-restore-consumer"}});
  // Reads by assignment: the group id is only there because the client wants one.
  settings["group.id"] = names.application_id + "-restore";
  settings.erase("group.instance.id");
  settings["auto.offset.reset"] = "earliest";
  return settings;
}

ClientConfig producer_config(const StreamsConfig& config, const ClientNames& names) {
  ClientConfig settings{{"client.id", names.thread_name() + "-producer"}, {"linger.ms", "100"}};
  if (config.exactly_once()) settings["transaction.timeout.ms"] = "10000";
  overlay(settings, config.with_prefix("producer."));
  settings["enable.idempotence"] = "true";
  if (config.exactly_once()) {
    settings["transactional.id"] = names.application_id + "-" + names.process_id + "-" + std::to_string(names.thread);
  }
  return settings;
}

}  // namespace millrace::detail
