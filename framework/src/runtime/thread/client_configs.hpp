#pragma once

#include <string>

#include "millrace/broker/broker.hpp"
#include "millrace/config/streams_config.hpp"

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

}  // namespace millrace::detail
