// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/broker/broker.hpp"

namespace millrace::detail {

/// Selects the settings that a client may have.
enum class ClientKind { consumer, producer, admin };

/// Checks the settings of a client, without a connection to a broker. The rules are those of librdkafka, for the
/// embedded broker too. So a configuration that runs on the embedded broker also runs on Kafka. Settings that only the
/// Java client has are accepted. `common`: settings of all clients; `config` takes precedence.
///
/// Throws ConfigException. Its text names the setting and its value, and for an unknown name the most similar known
/// one. Any thread may call this.
void check_client_settings(ClientKind kind, const ClientConfig& common, const ClientConfig& config);

}  // namespace millrace::detail
