// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "millrace/common/time.hpp"

namespace millrace {

/// Settings of an application under Kafka Streams' own keys. Every setter checks the key and the value at once and
/// throws ConfigException naming the key, the value and, for an unknown key, the nearest valid one.
/// (Kafka Streams: `StreamsConfig`.)
class StreamsConfig {
 public:
  StreamsConfig() = default;

  /// The defaults of a ksqlDB server where they differ from those of Kafka Streams. For programs that replace queries:
  /// give it as AppSpec::defaults. Each value can be overridden.
  ///
  /// commit.interval.ms=2000 and statestore.cache.max.bytes=10000000: updates of tables appear within 2 s.
  /// num.stream.threads=4, topology.optimization=all.
  /// max.task.idle.ms=500: joins wait this long for a side without records.
  /// consumer.auto.offset.reset=latest: a new application reads only what is written after its start.
  /// deserialization.exception.handler, processing.exception.handler=log-and-continue: failed records are skipped.
  /// default.timestamp.extractor=LogAndSkipOnInvalidTimestamp: records without a valid timestamp are skipped.
  ///
  /// As in ksqlDB, a record that the broker refuses stops the application.
  [[nodiscard]] static StreamsConfig like_ksqldb();

  StreamsConfig& set(std::string_view key, std::string_view value);

  /// Reads a Java `.properties` file; errors name the file and the line.
  StreamsConfig& load_file(const std::filesystem::path& file);

  /// Values as given, else the default.
  [[nodiscard]] std::string get_string(std::string_view key) const;
  [[nodiscard]] std::int64_t get_int(std::string_view key) const;
  [[nodiscard]] double get_double(std::string_view key) const;
  [[nodiscard]] bool get_bool(std::string_view key) const;
  /// For the `.ms` keys.
  [[nodiscard]] Millis get_millis(std::string_view key) const;
  /// True if the user gave this key (not the default).
  [[nodiscard]] bool is_set(std::string_view key) const;

  [[nodiscard]] bool exactly_once() const { return get_string("processing.guarantee") == "exactly_once_v2"; }

  /// Everything given with this prefix, without the prefix. Prefixes are `"consumer."`, `"main.consumer."`,
  /// `"restore.consumer."`, `"global.consumer."`, `"producer."`, `"admin."`, `"topic."` and `"serde."`.
  [[nodiscard]] std::map<std::string, std::string> with_prefix(std::string_view prefix) const;

  /// What `configure()` of a serde gets, see SerdeConfigs: all given values, and those with the prefix `"serde."` also
  /// without it.
  [[nodiscard]] std::map<std::string, std::string, std::less<>> serde_configs() const;

  /// The settings for one kind of client (`main.consumer`, `restore.consumer`, `global.consumer`, `producer`,
  /// `admin`): what was given for all clients (security, connections), then under `"consumer."` if it is a consumer,
  /// then under its own prefix; later ones win. With "" only what was given for all.
  [[nodiscard]] std::map<std::string, std::string> client_settings(std::string_view client) const;

  /// Checks what can only be checked as a whole: application.id present, a broker named unless `broker_given`,
  /// nothing that contradicts another key. Logs a warning for each given key that has no effect. Called by Streams.
  void validate(bool broker_given = false) const;

  /// A documented key, for `--help` and docs.
  struct KeyDoc {
    std::string key;
    std::string type;           ///< string, int, bool, ms, list, class
    std::string default_value;  ///< empty: none
    std::string doc;
    std::vector<std::string> valid_values;  ///< empty: any of the type
    bool supported = true;                  ///< false: Kafka Streams has it, Millrace accepts and ignores it
  };
  [[nodiscard]] static const std::vector<KeyDoc>& keys();

 private:
  /// The value that the user gave under this key or under an older name of it; nullptr: none.
  [[nodiscard]] const std::string* given(std::string_view key) const;
  void check_reserved(const std::string& key, const std::string& value) const;
  /// Throws ConfigException for two settings that are valid alone but cannot work together.
  void check_together() const;

  std::map<std::string, std::string, std::less<>> values_;
};

}  // namespace millrace
