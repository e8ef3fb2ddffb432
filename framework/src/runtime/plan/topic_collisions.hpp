// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "millrace/broker/admin.hpp"
#include "millrace/processor/detail/topology_builder.hpp"

namespace millrace::detail {

/// Internal topics are named `<application.id>-<name>-changelog` or `<application.id>-<name>-repartition`, as in Kafka
/// Streams. Both parts may contain dashes, so two applications can have an internal topic of the same name. Example:
/// the changelog of store `y-z` of application `x` and the changelog of store `z` of application `x-y` are both
/// `x-y-z-changelog`.

/// Throws TopologyException if a sink writes to an internal topic of the same application, or if a source reads a
/// repartition topic of the same application. Sends no request to the broker.
void refuse_own_internal_topics(const TopologyBuilder& topology, const std::string& application_id);

/// Throws TopologyException if an internal topic of this application has records of another application.
///
/// An application commits offsets before it writes to internal topics. So the records belong to another application if
/// both conditions hold: the group of this application has no committed offsets, and a group with committed offsets
/// exists whose application would use the same topic name. The check does not notice two applications that start for
/// the first time at the same moment.
///
/// Throws BrokerException if a request fails. Each request to the broker may take up to `timeout`.
void refuse_topics_of_others(const TopologyBuilder& topology, const std::string& application_id, Admin& admin,
                             Millis timeout);

}  // namespace millrace::detail
