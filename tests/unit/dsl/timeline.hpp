// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/test/unit_test.hpp>
#include <chrono>
#include <optional>
#include <set>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "millrace/millrace.hpp"
#include "millrace/testing/topology_test_driver.hpp"

namespace millrace::test {

using namespace std::chrono_literals;

using S = std::string;
/// A string that may be null.
using N = std::optional<std::string>;

[[nodiscard]] inline S text(const N& value) { return value.value_or("null"); }
[[nodiscard]] inline S text(const S* value) { return value != nullptr ? *value : "null"; }

/// The number of dropped records by reason: `null-key 1, null-value 2`, in the order of DropReason.
[[nodiscard]] inline S drops(const TopologyTestDriver& driver) {
  S text;
  for (const DropReason reason : kDropReasons) {
    const auto count = driver.dropped_records(reason);
    if (count > 0) text += (text.empty() ? "" : ", ") + S(to_string(reason)) + " " + std::to_string(count);
  }
  return text;
}

/// Feeds records as text and returns the output of each. A record is written as
///
///     topic key=value @timestamp header=value...
///
/// `null` stands for a null key or value.
class Timeline {
 public:
  /// Without caches, so that every update is visible, unless `config` sets a cache size.
  explicit Timeline(Topology topology, StreamsConfig config = {})
      : driver_(std::move(topology), without_cache(std::move(config.set("application.id", "app"))), kStart) {}

  /// Pipes one record in. Returns the records on all topics except internal ones, ordered by topic.
  std::vector<S> feed(const S& line) {
    std::istringstream words(line);
    S topic;
    S pair;
    S time;
    words >> topic >> pair >> time;
    const auto equals = pair.find('=');
    Headers headers;
    for (S word; words >> word;) headers.add(word.substr(0, word.find('=')), word.substr(word.find('=') + 1));
    driver_.create_input_topic<N, N>(topic).pipe_raw(parse(pair.substr(0, equals)), parse(pair.substr(equals + 1)),
                                                     std::stoll(time.substr(1)), std::move(headers));
    return take();
  }

  /// The output records since the last call.
  std::vector<S> take() {
    std::vector<S> lines;
    for (const S& topic : driver_.produced_topic_names()) {
      if (topic.starts_with("app-")) continue;
      for (const auto& record : driver_.create_output_topic<N, N>(topic).read_records_to_list()) {
        S line = topic + " " + text(record.key) + "=" + text(record.value) + " @" + std::to_string(record.timestamp);
        for (const auto& header : record.headers) line += " " + header.key + "=" + text(header.value);
        lines.push_back(std::move(line));
      }
    }
    return lines;
  }

  /// The names of the internal topics that were written to.
  [[nodiscard]] std::set<S> internal_topics() const {
    std::set<S> topics;
    for (const S& topic : driver_.produced_topic_names()) {
      if (topic.starts_with("app-")) topics.insert(topic);
    }
    return topics;
  }

  [[nodiscard]] TopologyTestDriver& driver() { return driver_; }

  /// The wall clock at the start, in ms.
  static constexpr Timestamp kStart = 1'000'000;

 private:
  static StreamsConfig without_cache(StreamsConfig config) {
    if (!config.is_set("statestore.cache.max.bytes")) config.set("statestore.cache.max.bytes", "0");
    return config;
  }

  [[nodiscard]] static N parse(const S& word) { return word == "null" ? N() : N(word); }

  TopologyTestDriver driver_;
};

/// One input record, and the output records that must follow before the next input.
struct Step {
  S in;
  std::vector<S> out;
};

/// Feeds a table of records and checks the output of each.
inline void check(Timeline& timeline, const std::vector<Step>& steps) {
  for (const Step& step : steps) {
    const auto out = timeline.feed(step.in);
    BOOST_TEST_CONTEXT("after " << step.in) { BOOST_TEST(out == step.out, boost::test_tools::per_element()); }
  }
}

inline void check(const Topology& topology, const std::vector<Step>& steps) {
  Timeline timeline(topology);
  check(timeline, steps);
}

/// The text of the exception that `action` throws. Empty if it throws none.
template <class Exception = TopologyException, class F>
[[nodiscard]] S error_of(F action) {
  try {
    action();
  } catch (const Exception& error) {
    return error.what();
  }
  return {};
}

/// Fails and shows both texts unless `whole` contains `part`.
inline void check_contains(const S& whole, const S& part) {
  BOOST_TEST((whole.find(part) != S::npos), "'" << part << "' is not in: " << whole);
}

}  // namespace millrace::test
