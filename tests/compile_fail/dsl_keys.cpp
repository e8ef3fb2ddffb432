// SPDX-License-Identifier: Apache-2.0
#include "dsl_streams.hpp"

// Missing keys, and keys without comparison.

void keys() {
  const auto plus = [](const std::string& left, const std::string& right) { return left + right; };
  const auto windows = millrace::JoinWindows::of_time_difference_with_no_grace(millrace::Millis(1));
  const auto by_value = [](const std::string& value) { return value; };

#ifdef MILLRACE_MISUSE_groups_an_unkeyed_stream
  unkeyed().group_by_key().count();
#else
  unkeyed().group_by(by_value).count();
#endif

#ifdef MILLRACE_MISUSE_groups_by_no_key
  keyed().group_by([](const std::string&) { return millrace::Unkeyed(); }).count();
#else
  keyed().group_by(by_value).count();
#endif

#ifdef MILLRACE_MISUSE_joins_an_unkeyed_stream
  unkeyed().join(keyed(), plus, windows).to("out");
#else
  unkeyed().select_key(by_value).join(keyed(), plus, windows).to("out");
#endif

#ifdef MILLRACE_MISUSE_joins_with_an_unkeyed_stream
  keyed().left_join(unkeyed(), plus, windows).to("out");
#else
  keyed().join(unkeyed().select_key(by_value), plus, windows).to("out");
#endif

#ifdef MILLRACE_MISUSE_joins_keys_of_different_types
  keyed()
      .join(keyed().select_key([](const std::string& value) { return static_cast<int>(value.size()); }), plus, windows)
      .to("out");
#else
  keyed().join(keyed().select_key(by_value), plus, windows).to("out");
#endif

#ifdef MILLRACE_MISUSE_repartitions_an_unkeyed_stream
  unkeyed().repartition().to("out");
#else
  unkeyed().select_key(by_value).repartition().to("out");
#endif
}
