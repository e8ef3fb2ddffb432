// SPDX-License-Identifier: Apache-2.0
#include "mqtt_address.hpp"

#include <algorithm>
#include <charconv>
#include <string_view>

#include "common/visible.hpp"
#include "millrace/common/errors.hpp"

namespace millrace::connect::detail {
namespace {

using millrace::detail::utf8_sequence;
using millrace::detail::visible;

constexpr std::size_t kLongestText = 65'535;

[[noreturn]] void wrong(const std::string& url, const std::string& what) {
  throw ConfigException("the MQTT broker's address '" + visible(without_secrets(url), 200) + "' " + what +
                        "; it is mqtt://HOST:PORT, or mqtts://HOST:PORT for TLS");
}

bool is_this_machine(const std::string& host) {
  return host == "localhost" || host == "::1" ||
         (host.starts_with("127.") && host.find_first_not_of("0123456789.") == std::string::npos);
}

bool is_utf8_without_control(std::string_view text) {
  while (!text.empty()) {
    const auto size = utf8_sequence(text);
    if (size == 0 || static_cast<unsigned char>(text[0]) < 0x20 || text[0] == 0x7f) return false;
    text.remove_prefix(size);
  }
  return true;
}

void check_text(const std::string& text, const std::string& what) {
  if (text.size() > kLongestText || !is_utf8_without_control(text)) {
    throw ConfigException(what + " '" + visible(text, 100) +
                          "' cannot be sent over MQTT: it must be UTF-8 of at most 65535 bytes without control "
                          "characters");
  }
}

}  // namespace

std::string MqttAddress::text() const {
  const bool v6 = host.find(':') != std::string::npos;
  return (tls ? "mqtts://" : "mqtt://") + (v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

MqttAddress checked_address(const MqttSettings& settings) {
  const std::string& url = settings.url;
  MqttAddress address;
  std::string_view rest = url;
  if (rest.starts_with("mqtts://")) {
    address.tls = true;
    rest.remove_prefix(8);
  } else if (rest.starts_with("mqtt://")) {
    rest.remove_prefix(7);
  } else {
    wrong(url, "does not begin with mqtt:// or mqtts://");
  }
  if (rest.find('@') != std::string_view::npos) {
    wrong(url, "contains a user; give the user with --user and the password with --password-file or MQTT_PASSWORD");
  }
  if (rest.ends_with('/')) rest.remove_suffix(1);
  std::string_view port;
  if (rest.starts_with('[')) {
    const auto end = rest.find(']');
    if (end == std::string_view::npos) wrong(url, "has no ']'");
    address.host = rest.substr(1, end - 1);
    port = rest.substr(end + 1);
  } else {
    const auto colon = rest.find(':');
    address.host = rest.substr(0, colon);
    port = colon == std::string_view::npos ? std::string_view() : rest.substr(colon);
  }
  if (address.host.empty() || address.host.size() > 253 || !is_utf8_without_control(address.host) ||
      address.host.find_first_of("/?# ") != std::string::npos) {
    wrong(url, "has no usable host");
  }
  address.port = address.tls ? 8883 : 1883;
  if (!port.empty()) {
    const char* const end = port.data() + port.size();
    const auto [stop, error] = std::from_chars(port.data() + 1, end, address.port);
    if (port[0] != ':' || error != std::errc() || stop != end || address.port == 0) wrong(url, "has no usable port");
  }
  if (!address.tls && !settings.allow_plain && !is_this_machine(address.host)) {
    throw ConfigException("mqtt:// to another machine (" + visible(address.host) +
                          ") would send messages and password readable by others: use mqtts://, or permit it with "
                          "--allow-plain");
  }
  if (!address.tls && !settings.ca_file.empty()) {
    throw ConfigException("--ca-file is for mqtts://, but the address is " + address.text());
  }
  if (settings.version != 3 && settings.version != 5) {
    throw ConfigException("--mqtt-version is 3 (for MQTT 3.1.1) or 5, not " + std::to_string(settings.version));
  }
  if (settings.password && settings.user.empty()) {
    throw ConfigException("there is a password for the MQTT broker but no user: add --user");
  }
  check_text(settings.client_id, "the client id");
  check_text(settings.user, "the user");
  if (settings.password && settings.password->reveal().size() > kLongestText) {
    throw ConfigException("the password for the MQTT broker is longer than 65535 bytes");
  }
  return address;
}

void check_topic_filter(const std::string& filter) {
  if (filter.empty()) throw ConfigException("the MQTT topic is empty: give it with --topic");
  check_text(filter, "the MQTT topic");
  std::size_t begin = 0;
  while (begin <= filter.size()) {
    const auto end = std::min(filter.find('/', begin), filter.size());
    const std::string_view level = std::string_view(filter).substr(begin, end - begin);
    const bool wildcard = level.find_first_of("+#") != std::string_view::npos;
    if ((wildcard && level.size() > 1) || (level == "#" && end != filter.size())) {
      throw ConfigException("the MQTT topic '" + visible(filter, 100) +
                            "' is wrong: '+' stands for a whole level, and '#' for all further levels at the end");
    }
    begin = end + 1;
  }
}

void check_topic_name(const std::string& topic) {
  check_topic_filter(topic);
  if (topic.find_first_of("+#") != std::string::npos) {
    throw ConfigException("the MQTT topic '" + visible(topic, 100) + "' has a wildcard: messages need one topic");
  }
}

}  // namespace millrace::connect::detail
