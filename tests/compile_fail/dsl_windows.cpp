// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <optional>
#include <string>

#include "dsl_streams.hpp"

// Windows and cogroups.

using namespace millrace;
using std::string;

void windows() {
  const auto grouped = keyed().group_by_key();
  const auto nullable = builder.stream<string, std::optional<string> >("nullable").group_by_key();
  const auto tumbling = TimeWindows::of_size_with_no_grace(1min);
  const auto sessions = SessionWindows::of_inactivity_gap_with_no_grace(1min);
  const auto add = [](const string&, const string& value, const string& all) { return all + value; };
  const auto start = [] { return string(); };

#ifdef MILLRACE_MISUSE_windowed_by_join_windows
  grouped.windowed_by(JoinWindows::of_time_difference_with_no_grace(1min)).count();
#else
  grouped.windowed_by(tumbling).count();
#endif

#ifdef MILLRACE_MISUSE_reducer_takes_no_null
  nullable.windowed_by(tumbling).reduce([](const string& all, const string& value) { return all + value; });
#else
  nullable.windowed_by(tumbling).reduce(
      [](const string& all, const std::optional<string>& value) { return value ? all + *value : all; });
#endif

#ifdef MILLRACE_MISUSE_aggregator_takes_no_key
  grouped.windowed_by(tumbling).aggregate([] { return 0; }, [](const string&, int total) { return total + 1; });
#else
  grouped.windowed_by(tumbling).aggregate([] { return 0; },
                                          [](const string&, const string&, int total) { return total + 1; });
#endif

#ifdef MILLRACE_MISUSE_sessions_without_merger
  grouped.windowed_by(sessions).aggregate(start, add);
#else
  grouped.windowed_by(sessions).aggregate(start, add, add);
#endif

#ifdef MILLRACE_MISUSE_merger_takes_no_key
  grouped.windowed_by(sessions).aggregate(start, add, [](const string& x, const string& y) { return x + y; });
#else
  grouped.windowed_by(sessions).aggregate(start, add,
                                          [](const string&, const string& x, const string& y) { return x + y; });
#endif

#ifdef MILLRACE_MISUSE_cogroup_of_unknown_aggregate
  grouped.cogroup([](const string&, const string& value, const auto& all) { return all + value; }).aggregate(start);
#else
  grouped.cogroup<string>([](const string&, const string& value, const auto& all) { return all + value; })
      .aggregate(start);
#endif

#ifdef MILLRACE_MISUSE_cogroup_of_different_keys
  const auto other = keyed().group_by([](const string& value) { return static_cast<std::int64_t>(value.size()); });
#else
  const auto other = keyed().group_by([](const string& value) { return value; });
#endif
  const auto both = grouped.cogroup(add).cogroup(other, add);

#ifdef MILLRACE_MISUSE_cogrouped_sessions_without_merger
  both.windowed_by(sessions).aggregate(start).to_stream().to("out");
#else
  both.windowed_by(sessions).aggregate(start, add);
#endif

#ifdef MILLRACE_MISUSE_cogroup_takes_another_value
  grouped.cogroup([](const string&, std::int64_t value, const string& all) { return all + std::to_string(value); })
      .aggregate(start);
#else
  grouped.cogroup([](const string&, const string& value, const string& all) { return all + value; }).aggregate(start);
#endif

#ifdef MILLRACE_MISUSE_cogroup_starts_with_another_type
  grouped.cogroup(add).aggregate([] { return 0; });
#else
  grouped.cogroup(add).aggregate(start);
#endif
}
