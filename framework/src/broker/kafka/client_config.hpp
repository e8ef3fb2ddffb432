#pragma once

#include <string>

#include "broker/kafka/rdkafka_handles.hpp"
#include "millrace/broker/broker.hpp"
#include "millrace/common/time.hpp"

namespace millrace::detail::kafka {

enum class ClientKind { consumer, producer, admin };

/// A client's settings, ready for librdkafka.
struct PreparedConfig {
  ConfPtr conf;
  /// How long a call without a timeout of its own keeps trying (Java: default.api.timeout.ms, max.block.ms).
  Millis api_timeout{60'000};
  bool transactional = false;
  bool has_group = false;
};

/// Turns Kafka's settings into librdkafka's: Millrace's defaults, then `common`, then `config`. Names that only the
/// Java client has are translated, or ignored with a line in the debug log where they mean nothing here.
/// Throws ConfigException for a name that nobody knows and for a value that librdkafka rejects.
[[nodiscard]] PreparedConfig prepare_config(ClientKind kind, const std::string& bootstrap_servers,
                                            const ClientConfig& common, const ClientConfig& config);

}  // namespace millrace::detail::kafka
