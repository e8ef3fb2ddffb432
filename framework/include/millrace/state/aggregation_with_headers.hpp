#pragma once

#include "millrace/common/headers.hpp"

namespace millrace {

/// A session's aggregate with the headers that it is kept with. (Kafka Streams: `AggregationWithHeaders`.)
template <class AGG>
struct AggregationWithHeaders {
  AGG aggregation;
  Headers headers = {};

  bool operator==(const AggregationWithHeaders&) const = default;
};

}  // namespace millrace
