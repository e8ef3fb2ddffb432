// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "millrace/common/headers.hpp"
#include "millrace/common/time.hpp"
#include "millrace/dsl/streams_builder.hpp"
#include "millrace/testing/topology_test_driver.hpp"

namespace millrace::ksqldb_rows {

using Rows = std::vector<std::string>;

// What a topic has as keys.
enum class Keys { text, time_windows, sessions };

// Runs the topology of one row of docs/ksqldb.md with the defaults of ksqlDB. Keys and values are the bytes in the
// topics, so a row also shows its formats. Not a template: each topic would cost compile time.
struct Query {
  StreamsBuilder builder;

  // Puts a record into an input topic. `at` is in ms since the epoch. nullopt is null.
  void put(const std::string& topic, const std::optional<std::string>& key, const std::optional<std::string>& value,
           Timestamp at = 0, const Headers& headers = {});

  // The records that were written to a topic since the last call, each as `key=value`. A key in a window is
  // `key[start]`, a key in a session is `key[start,end]`.
  Rows rows(const std::string& topic, Keys keys = Keys::text);
  // The same, each with its timestamp: `key=value @10`.
  Rows rows_with_time(const std::string& topic, Keys keys = Keys::text);

  TopologyTestDriver& driver();

 private:
  Rows read(const std::string& topic, Keys keys, bool with_time);

  // Made at the first use, when the row has built its topology.
  std::optional<TopologyTestDriver> driver_;
};

}  // namespace millrace::ksqldb_rows
