// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "millrace/broker/broker.hpp"
#include "millrace/common/time.hpp"
#include "millrace/config/streams_config.hpp"
#include "millrace/processor/auto_offset_reset.hpp"

namespace millrace::detail {

/// The names from which the names and ids of a thread's clients are made.
struct ClientNames {
  std::string application_id;  ///< also the group id
  std::string process_id;      ///< unique per instance; part of transactional ids
  /// Of the application: the setting client.id, or `<application.id>-<process id>`.
  std::string client_id;
  int thread = 1;  ///< counts from 1

  [[nodiscard]] std::string thread_name() const { return client_id + "-StreamThread-" + std::to_string(thread); }
};

/// The settings of each client: those that Kafka Streams sets, replaced by the user's settings with the prefix
/// `consumer.`, `main.consumer.`, `restore.consumer.`, `global.consumer.` or `producer.`. Settings on which the
/// processing guarantee depends cannot be replaced.
[[nodiscard]] ClientConfig main_consumer_config(const StreamsConfig& config, const ClientNames& names);
[[nodiscard]] ClientConfig restore_consumer_config(const StreamsConfig& config, const ClientNames& names);
[[nodiscard]] ClientConfig global_consumer_config(const StreamsConfig& config, const ClientNames& names);
[[nodiscard]] ClientConfig producer_config(const StreamsConfig& config, const ClientNames& names);

/// Appends the fingerprint of a plan to the client.id: `-plan-` and 16 hexadecimal digits. Other members read it in the
/// description of the group. A static member gets the fingerprint in its group.instance.id as well, because the group
/// keeps the client.id of the first consumer with the same instance id.
[[nodiscard]] ClientConfig with_plan(ClientConfig consumer, std::uint64_t fingerprint);
/// The fingerprint in a client.id. nullopt: the client does not follow the protocol of docs/group-protocol.md.
[[nodiscard]] std::optional<std::uint64_t> plan_of(std::string_view client_id);

// The functions below read single settings from these maps, because the stream thread must follow them as well.

/// max.poll.records; `otherwise` if it is missing or not a positive number.
[[nodiscard]] std::size_t records_per_poll(const ClientConfig& consumer, std::size_t otherwise);
/// auto.offset.reset. Accepts librdkafka's other spellings, too. REQUIRES: the setting is present.
[[nodiscard]] AutoOffsetReset reset_policy(const ClientConfig& consumer);
/// max.poll.interval.ms; Kafka's default (5 minutes) if it is missing or wrong.
[[nodiscard]] Millis max_poll_interval(const ClientConfig& consumer);
/// Whether the user's `partitioner` may choose another partition for a key than Kafka's default partitioner, or several
/// partitions.
[[nodiscard]] bool places_keys_otherwise(const ClientConfig& producer);
/// transaction.timeout.ms; Kafka's default (1 minute) if it is missing or wrong. nullopt: the producer is not
/// transactional (at least once).
[[nodiscard]] std::optional<Millis> transaction_timeout(const ClientConfig& producer);

}  // namespace millrace::detail
