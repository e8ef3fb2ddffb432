// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "unit/dsl/timeline.hpp"

namespace millrace::test {

/// `left+right`, with `null` for an absent side.
struct Plus {
  S operator()(const S& left, const S& right) const { return left + "+" + right; }
  S operator()(const S& left, const S* right) const { return left + "+" + text(right); }
  S operator()(const S* left, const S* right) const { return text(left) + "+" + text(right); }
};

[[nodiscard]] inline JoinWindows no_grace(Millis difference) {
  return JoinWindows::of_time_difference_with_no_grace(difference);
}
[[nodiscard]] inline JoinWindows with_grace(Millis difference, Millis grace) {
  return JoinWindows::of_time_difference_and_grace(difference, grace);
}

enum class Kind { inner, left, outer };

template <class K, class L, class R>
auto join_as(Kind kind, const KStream<K, L>& left, const KStream<K, R>& right, const JoinWindows& windows,
             const StreamJoined& joined = {}) {
  switch (kind) {
    case Kind::inner: return left.join(right, Plus(), windows, joined);
    case Kind::left: return left.left_join(right, Plus(), windows, joined);
    case Kind::outer: break;
  }
  return left.outer_join(right, Plus(), windows, joined);
}

/// Joins the topics `l` and `r` into `out`. Values may be null.
[[nodiscard]] inline Topology join_topology(Kind kind, const JoinWindows& windows, const StreamJoined& joined = {}) {
  StreamsBuilder builder;
  const auto left = builder.stream<N, N>("l");
  join_as(kind, left, builder.stream<N, N>("r"), windows, joined).to("out");
  return builder.build();
}

}  // namespace millrace::test
