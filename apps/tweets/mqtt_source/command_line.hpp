// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace tweets {

/// Every program of Millrace has `--broker` for the broker of its topics. Here it also takes the address of an MQTT
/// broker: `--broker mqtt://...` and `--broker mqtts://...` become `--mqtt`. All other arguments stay as they are.
[[nodiscard]] std::vector<std::string> with_mqtt_option(int argc, const char* const* argv);

}  // namespace tweets
