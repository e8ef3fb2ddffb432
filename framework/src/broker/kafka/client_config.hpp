// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "broker/client_settings.hpp"
#include "broker/kafka/rdkafka_handles.hpp"
#include "millrace/broker/broker.hpp"
#include "millrace/common/time.hpp"

namespace millrace::detail::kafka {

/// Selects the defaults and the librdkafka type of a client.
using detail::ClientKind;

/// The settings of one client, ready for rd_kafka_new().
struct PreparedConfig {
  ConfPtr conf;
  /// How long a call without its own timeout parameter retries. Kafka's names: default.api.timeout.ms, max.block.ms.
  Millis api_timeout{60'000};
  /// True if transactional.id was given.
  bool transactional = false;
  /// True if group.id was given.
  bool has_group = false;
};

/// Turns Kafka's settings into librdkafka's settings.
/// Applies Millrace's defaults first, then `common`, then `config`; a later value replaces an earlier one.
/// `bootstrap_servers` is applied last. Settings that only the Java client has are translated. If such a setting has no
/// meaning here, it is ignored with a line in the debug log. Throws ConfigException for a name that neither client
/// knows, and for a value that librdkafka rejects.
[[nodiscard]] PreparedConfig prepare_config(ClientKind kind, const std::string& bootstrap_servers,
                                            const ClientConfig& common, const ClientConfig& config);

}  // namespace millrace::detail::kafka
