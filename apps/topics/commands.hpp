#pragma once

#include <cstdint>
#include <iosfwd>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "millrace/app/stop_signals.hpp"
#include "millrace/broker/broker.hpp"
#include "topics/start_position.hpp"

namespace topics {

inline constexpr millrace::Millis kTimeout{30'000};

/// One line per topic: its name and number of partitions.
void list(millrace::Broker& broker, bool with_internal);

/// Partitions with their first and next offsets, and the settings that differ from the broker's defaults.
/// Throws BrokerException if there is no such topic.
void describe(millrace::Broker& broker, const std::string& topic);

/// Deletes the topics and waits until they are gone. Throws BrokerException at the first that does not exist; those
/// before it are deleted.
void remove(millrace::Broker& broker, const std::vector<std::string>& topics);

/// Makes the topics that are missing, with these settings; one that exists stays as it is.
void create(millrace::Broker& broker, const std::vector<std::string>& topics, std::int32_t partitions,
            const std::map<std::string, std::string>& configs);

struct PutOptions {
  std::string topic;
  std::optional<std::string> key_separator;  ///< nullopt: no keys
};

/// Writes a record for each line, under the present time, and waits until all are written. Throws BrokerException if
/// there is no such topic or a record was refused, StreamsException if a line has no separator.
void put(millrace::Broker& broker, const PutOptions& options, const millrace::ClientConfig& config,
         std::istream& lines);

struct CatOptions {
  std::string topic;
  std::string from = "beginning";
  std::optional<std::int32_t> partition;  ///< nullopt: all
  std::optional<std::uint64_t> count;
  bool follow = false;
  std::string isolation = "read_committed";
};

/// The topic's records as JSON lines: up to the present end, or on and on if `follow`, at most `count`.
void cat(millrace::Broker& broker, const CatOptions& options, millrace::ClientConfig config,
         millrace::StopSignals& signals);

/// The number of partitions; throws BrokerException if there is no such topic.
[[nodiscard]] std::int32_t partitions_of(millrace::Broker& broker, const std::string& topic);

}  // namespace topics
