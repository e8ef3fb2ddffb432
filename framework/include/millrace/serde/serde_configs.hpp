// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <string>

namespace millrace {

/// The settings that `configure()` of a serde gets: everything that was given to StreamsConfig, by key. A setting that
/// was given under the prefix `serde.` is also there without the prefix. So `-c serde.schema.registry.url=URL` is
/// `schema.registry.url`. (Kafka: the `configs` of `Serde#configure`.)
using SerdeConfigs = std::map<std::string, std::string, std::less<>>;

}  // namespace millrace
