// SPDX-License-Identifier: Apache-2.0
#include "runtime/thread/client_configs.hpp"

#include <charconv>

namespace millrace::detail {
namespace {

const std::string kPlanMark = "-plan-";
constexpr std::size_t kPlanDigits = 16;

/// Entries of `over` replace those of `settings` with the same key.
void overlay(ClientConfig& settings, const ClientConfig& over) {
  for (const auto& [key, value] : over) settings.insert_or_assign(key, value);
}

/// How long one call of a client tries, in ms. Java's default is one minute. This is shorter, because the thread itself
/// repeats the call, and it can be stopped between two calls.
constexpr const char* kCallTimeoutMs = "10000";

/// Settings of all consumers. `client`: the prefix of the user's settings. `defaults`: what the user may replace.
ClientConfig consumer_config(const StreamsConfig& config, const char* client, ClientConfig defaults) {
  defaults.emplace("default.api.timeout.ms", kCallTimeoutMs);
  defaults.emplace("isolation.level", "read_uncommitted");
  overlay(defaults, config.client_settings(client));
  // Not replaceable: only the thread knows which records were processed. Under exactly-once no consumer may see records
  // of an aborted transaction.
  defaults["enable.auto.commit"] = "false";
  if (config.exactly_once()) defaults["isolation.level"] = "read_committed";
  return defaults;
}

/// A setting as a positive number. `otherwise` if it is missing or wrong. No error is reported here: the client reports
/// wrong settings when it is made.
std::int64_t positive(const ClientConfig& settings, const char* key, std::int64_t otherwise) {
  const auto found = settings.find(key);
  if (found == settings.end()) return otherwise;
  std::int64_t number = 0;
  std::from_chars(found->second.data(), found->second.data() + found->second.size(), number);
  return number > 0 ? number : otherwise;
}

}  // namespace

ClientConfig main_consumer_config(const StreamsConfig& config, const ClientNames& names) {
  // cooperative-sticky: a rebalance takes away only the partitions that move.
  ClientConfig settings = consumer_config(config, "main.consumer",
                                          {{"auto.offset.reset", "earliest"},
                                           {"client.id", names.thread_name() + "-consumer"},
                                           {"partition.assignment.strategy", "cooperative-sticky"}});
  // The group id is the application id, as in Kafka Streams. Tools find the application's offsets under this name.
  settings["group.id"] = names.application_id;
  // Static membership: each thread is a member, so each needs an instance id of its own.
  if (const auto instance = settings.find("group.instance.id"); instance != settings.end()) {
    instance->second += "-" + std::to_string(names.thread);
  }
  return settings;
}

ClientConfig restore_consumer_config(const StreamsConfig& config, const ClientNames& names) {
  ClientConfig settings =
      consumer_config(config, "restore.consumer", {{"client.id", names.thread_name() + "-restore-consumer"}});
  // This consumer reads by assignment and commits nothing. It has a group id only because librdkafka requires one.
  settings["group.id"] = names.application_id + "-restore";
  settings.erase("group.instance.id");
  // If the assigned offset was deleted meanwhile, go on with the oldest record that exists.
  settings["auto.offset.reset"] = "earliest";
  return settings;
}

ClientConfig global_consumer_config(const StreamsConfig& config, const ClientNames& names) {
  ClientConfig settings =
      consumer_config(config, "global.consumer", {{"client.id", names.client_id + "-global-consumer"}});
  // As for the restore consumer.
  settings["group.id"] = names.application_id + "-global";
  settings.erase("group.instance.id");
  settings["auto.offset.reset"] = "earliest";
  return settings;
}

ClientConfig producer_config(const StreamsConfig& config, const ClientNames& names) {
  ClientConfig settings{{"client.id", names.thread_name() + "-producer"},
                        {"default.api.timeout.ms", kCallTimeoutMs},
                        {"enable.idempotence", "true"},
                        {"linger.ms", "100"}};
  // Kafka Streams' default under exactly-once. A crashed instance's open transaction blocks readers for this long.
  if (config.exactly_once()) settings["transaction.timeout.ms"] = "10000";
  overlay(settings, config.client_settings("producer"));
  if (config.exactly_once()) {
    // Not replaceable. A restarted thread has the same id as before and so fences its predecessor.
    settings["transactional.id"] = names.application_id + "-" + names.process_id + "-" + std::to_string(names.thread);
  }
  return settings;
}

ClientConfig with_plan(ClientConfig consumer, std::uint64_t fingerprint) {
  std::string digits(kPlanDigits, '0');
  for (auto digit = digits.rbegin(); digit != digits.rend(); ++digit, fingerprint >>= 4) {
    *digit = "0123456789abcdef"[fingerprint & 15];
  }
  consumer["client.id"] += kPlanMark + digits;
  if (const auto instance = consumer.find("group.instance.id"); instance != consumer.end()) {
    instance->second += kPlanMark + digits;
  }
  return consumer;
}

std::optional<std::uint64_t> plan_of(std::string_view client_id) {
  if (client_id.size() < kPlanMark.size() + kPlanDigits) return std::nullopt;
  const std::string_view digits = client_id.substr(client_id.size() - kPlanDigits);
  if (!client_id.substr(0, client_id.size() - kPlanDigits).ends_with(kPlanMark)) return std::nullopt;
  std::uint64_t fingerprint = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), fingerprint, 16);
  if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return fingerprint;
}

std::size_t records_per_poll(const ClientConfig& consumer, std::size_t otherwise) {
  return static_cast<std::size_t>(positive(consumer, "max.poll.records", static_cast<std::int64_t>(otherwise)));
}

AutoOffsetReset reset_policy(const ClientConfig& consumer) {
  // librdkafka accepts several spellings for each value.
  const std::string& name = consumer.at("auto.offset.reset");
  if (name == "latest" || name == "largest" || name == "end") return AutoOffsetReset::latest();
  if (name == "none" || name == "error") return AutoOffsetReset::none();
  return AutoOffsetReset::earliest();
}

Millis max_poll_interval(const ClientConfig& consumer) {
  return Millis(positive(consumer, "max.poll.interval.ms", 300'000));
}

bool places_keys_otherwise(const ClientConfig& producer) {
  const auto found = producer.find("partitioner");
  return found != producer.end() && found->second != "murmur2_random" && found->second != "murmur2";
}

std::optional<Millis> transaction_timeout(const ClientConfig& producer) {
  if (!producer.contains("transactional.id")) return std::nullopt;
  return Millis(positive(producer, "transaction.timeout.ms", 60'000));
}

}  // namespace millrace::detail
