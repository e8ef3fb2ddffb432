// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "millrace/app/command_line.hpp"

namespace millrace {
namespace {

/// Columns of the help text.
constexpr std::size_t kWidth = 100;

/// Breaks the text at blanks so that lines stay within kWidth. Ends with a line feed.
std::string wrapped(const std::string& text, const std::string& indent) {
  std::string out = indent;
  std::size_t column = indent.size();
  for (std::size_t at = 0; at < text.size();) {
    const auto end = std::min(text.find(' ', at), text.size());
    if (column > indent.size() && column + 1 + (end - at) > kWidth) {
      out += '\n' + indent;
      column = indent.size();
    } else if (column > indent.size()) {
      out += ' ';
      ++column;
    }
    out.append(text, at, end - at);
    column += end - at;
    at = end + 1;
  }
  return out + '\n';
}

/// The first line about a key: name, type, default.
std::string heading(const StreamsConfig::KeyDoc& key) {
  return key.key + "  (" + key.type + (key.default_value.empty() ? "" : ", default " + key.default_value) + ")\n";
}

}  // namespace

// The table of keys in config/ is the only source, so the help cannot disagree with the checks. Keys without an effect
// come last, as one list: users of Kafka Streams may look for them.
std::string describe_config_keys() {
  std::string text = "Configuration keys (for -c KEY=VALUE, or a .properties file given with --config)\n\n";
  std::string ignored;
  for (const auto& key : StreamsConfig::keys()) {
    if (key.supported) {
      text += heading(key) + wrapped(key.doc, "    ");
    } else {
      ignored += (ignored.empty() ? "" : ", ") + key.key;
    }
  }
  text +=
      "\nSettings of the Kafka clients take a prefix: consumer. (all consumers), main.consumer.,\n"
      "restore.consumer., global.consumer., producer., admin. Settings of internal topics: topic.\n"
      "Security settings (security.protocol, sasl.*, ssl.*) apply to all clients as they stand.\n\n"
      "Keys of Kafka Streams that are accepted and have no effect here:\n";
  return text + wrapped(ignored, "    ");
}

}  // namespace millrace
