// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/common/headers.hpp"

namespace millrace {

/// A session's aggregate together with headers: the value of a SessionStoreWithHeaders. (Kafka Streams:
/// `AggregationWithHeaders`.)
template <class AGG>
struct AggregationWithHeaders {
  AGG aggregation;
  Headers headers = {};

  bool operator==(const AggregationWithHeaders&) const = default;
};

}  // namespace millrace
