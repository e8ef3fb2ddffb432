// SPDX-License-Identifier: Apache-2.0
#pragma once

// Shared by the tests of plans.

#include <boost/test/unit_test.hpp>
#include <map>
#include <string>
#include <vector>

#include "millrace/common/errors.hpp"
#include "millrace/dsl/kgrouped_stream.hpp"
#include "millrace/dsl/streams_builder.hpp"
#include "millrace/serde/primitives.hpp"
#include "runtime/plan/topology_plan.hpp"
#include "unit/runtime/fake_admin.hpp"

namespace millrace::detail {

using Stream = KStream<std::string, std::string>;

inline Stream stream(StreamsBuilder& builder, const std::string& topic) {
  return builder.stream<std::string, std::string>(topic);
}
inline Stream rekeyed(const Stream& stream) {
  return stream.select_key([](const std::string&, const std::string& value) { return value; });
}
inline void join(const Stream& left, const Stream& right, const std::string& to) {
  left.join(
          right, [](const std::string& l, const std::string& r) { return l + r; },
          JoinWindows::of_time_difference_and_grace(1s, 1s))
      .to(to);
}

/// Plans the topology for the application `app` with the topics of `admin`. Creates internal topics there.
inline TopologyPlan plan(const Topology& topology, FakeAdmin& admin) {
  StreamsConfig config;
  config.set("application.id", "app");
  return plan_topology(topology.internal(), "app", config, admin, Millis(0));
}

/// The topics that planning created, with their partition counts.
inline std::map<std::string, std::int32_t> created(const FakeAdmin& admin) {
  std::map<std::string, std::int32_t> topics;
  for (const NewTopic& topic : admin.created) topics[topic.name] = topic.partitions;
  return topics;
}

/// Expects a TopologyException whose text contains all these words.
inline void check_refused(const Topology& topology, FakeAdmin& admin, const std::vector<std::string>& words) {
  try {
    (void)plan(topology, admin);
    BOOST_ERROR("was not refused");
  } catch (const TopologyException& error) {
    const std::string text = error.what();
    for (const std::string& word : words) {
      BOOST_CHECK_MESSAGE(text.find(word) != std::string::npos, "no '" << word << "' in: " << text);
    }
  }
}

}  // namespace millrace::detail
