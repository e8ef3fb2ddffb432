// SPDX-License-Identifier: Apache-2.0
#include "oracle/cpp/join.hpp"

namespace oracle {
namespace {

struct Plus {
  S operator()(const S& left, const S& right) const { return left + "+" + right; }
  S operator()(const S& left, const S* right) const { return left + "+" + text(right); }
  S operator()(const S* left, const S* right) const { return text(left) + "+" + text(right); }
};

}  // namespace

KStream<N, S> join(Join kind, const KStream<N, N>& left, const KStream<N, N>& right,
                   const millrace::JoinWindows& windows, const millrace::StreamJoined& joined) {
  switch (kind) {
    case Join::inner: return left.join(right, Plus(), windows, joined);
    case Join::left: return left.left_join(right, Plus(), windows, joined);
    case Join::outer: break;
  }
  return left.outer_join(right, Plus(), windows, joined);
}

}  // namespace oracle
