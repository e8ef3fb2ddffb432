#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "millrace/broker/broker.hpp"
#include "millrace/common/time.hpp"
#include "millrace/config/streams_config.hpp"
#include "millrace/processor/auto_offset_reset.hpp"

namespace millrace::detail {

/// The names of one stream thread's clients.
struct ClientNames {
  std::string application_id;
  std::string process_id;
  std::string client_id;  ///< of the application: client.id or `<application.id>-<process id>`
  int thread = 1;

  [[nodiscard]] std::string thread_name() const { return client_id + "-StreamThread-" + std::to_string(thread); }
};

/// What Kafka Streams sets for its clients, overlaid by the user's `consumer.`, `main.consumer.`, `restore.consumer.`,
/// `global.consumer.` and `producer.` settings; what the guarantees depend on cannot be overridden.
[[nodiscard]] ClientConfig main_consumer_config(const StreamsConfig& config, const ClientNames& names);
[[nodiscard]] ClientConfig restore_consumer_config(const StreamsConfig& config, const ClientNames& names);
[[nodiscard]] ClientConfig global_consumer_config(const StreamsConfig& config, const ClientNames& names);
[[nodiscard]] ClientConfig producer_config(const StreamsConfig& config, const ClientNames& names);

/// What the client settings above mean for the thread that uses the clients.

/// max.poll.records, or `otherwise` if the setting is missing or no positive number.
[[nodiscard]] std::size_t records_per_poll(const ClientConfig& consumer, std::size_t otherwise);
[[nodiscard]] AutoOffsetReset reset_policy(const ClientConfig& consumer);
/// max.poll.interval.ms, or Kafka's default.
[[nodiscard]] Millis max_poll_interval(const ClientConfig& consumer);
/// transaction.timeout.ms, or Kafka's default; nullopt: the producer has no transactions.
[[nodiscard]] std::optional<Millis> transaction_timeout(const ClientConfig& producer);

}  // namespace millrace::detail
