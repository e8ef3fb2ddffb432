// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <iosfwd>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "millrace/app/stop_signals.hpp"
#include "millrace/broker/broker.hpp"
#include "topics/input.hpp"

namespace topics {

/// How long a call on the broker may take.
inline constexpr millrace::Millis kTimeout{30'000};

// One function per subcommand. All print to standard output. Errors of the broker are BrokerExceptions.

/// Prints one line per topic: its name and its number of partitions.
void list(millrace::Broker& broker, bool with_internal);

/// Prints the partitions with their first and next offsets, and the settings that differ from the broker's defaults.
/// Throws BrokerException if the topic does not exist.
void describe(millrace::Broker& broker, const std::string& topic);

/// Deletes the topics and waits until they are gone. Throws BrokerException at the first topic that does not exist. The
/// topics before it are deleted then.
void remove(millrace::Broker& broker, const std::vector<std::string>& topics);

/// Creates the missing topics with these settings. Existing topics stay as they are.
void create(millrace::Broker& broker, const std::vector<std::string>& topics, std::int32_t partitions,
            const std::map<std::string, std::string>& configs);

/// Changes settings of these topics. `changes`: by the name of the setting; nullopt resets the setting to the broker's
/// default. Throws std::invalid_argument if `changes` is empty. Throws BrokerException if a topic does not exist; then
/// no topic is changed. Also throws BrokerException for a wrong name or value; then earlier topics in the list may be
/// changed already.
void alter(millrace::Broker& broker, const std::vector<std::string>& topics,
           const std::map<std::string, std::optional<std::string>>& changes);

struct PutOptions {
  std::string topic;
  InputOptions input;
  std::vector<millrace::Header> headers;  ///< are added to each record
};

/// Writes a record for each line or row, and waits until all records are written. A record without a time of its own
/// gets the present time. Throws BrokerException if the topic does not exist or a record was refused. Throws
/// StreamsException for wrong input; then the records before it are written, and the message has their number. Throws
/// std::invalid_argument for options that do not belong together.
void put(millrace::Broker& broker, const PutOptions& options, const millrace::ClientConfig& config,
         std::istream& lines);

struct CatOptions {
  std::string topic;
  std::string from = "beginning";
  std::optional<std::int32_t> partition;  ///< nullopt: all
  std::optional<std::uint64_t> count;     ///< nullopt: no limit
  std::optional<std::uint64_t> tail;      ///< nullopt: all records
  bool follow = false;
  std::string isolation = "read_committed";
  // How keys and values are shown, see millrace::BytesFormat.
  std::string key = "auto";
  std::string value = "auto";
  std::vector<std::string> where;  ///< see Condition; all must hold
  bool for_people = false;         ///< aligned lines instead of JSON
};

/// Prints the topic's records. Ends at the present end of the topic, or never with `follow`, or after `count` records.
/// `tail`: prints only the last records that there are at the start, see Reading::tail(). A key or value that does not
/// fit its format is shown in hex, and the printing goes on. At the end, this throws StreamsException with the number
/// of such records.
void cat(millrace::Broker& broker, const CatOptions& options, millrace::ClientConfig config,
         millrace::StopSignals& signals);

/// The number of partitions. Throws BrokerException if the topic does not exist.
[[nodiscard]] std::int32_t partitions_of(millrace::Broker& broker, const std::string& topic);

}  // namespace topics
