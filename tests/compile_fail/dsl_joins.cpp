// SPDX-License-Identifier: Apache-2.0
#include "dsl_streams.hpp"

// Joins with wrong arguments.

using namespace millrace;
using std::string;

void joins() {
  const auto table = builder.table<string, string>("table");
  const auto other = builder.table<string, string>("other");
  const auto everywhere = builder.global_table<string, string>("everywhere");
  const auto plus = [](const string& left, const string& right) { return left + right; };
  const auto either = [](const string* left, const string*) { return left ? *left : ""; };
  const auto own_key = [](const string& key, const string&) { return key; };
  const auto windows = JoinWindows::of_time_difference_with_no_grace(1min);

#ifdef MILLRACE_MISUSE_join_without_windows
  keyed().join(keyed(), plus).to("out");
#else
  keyed().join(keyed(), plus, windows).to("out");
#endif

#ifdef MILLRACE_MISUSE_join_within_time_windows
  keyed().join(keyed(), plus, TimeWindows::of_size_with_no_grace(1min)).to("out");
#else
  keyed().join(keyed(), plus, windows, StreamJoined::as("store")).to("out");
#endif

#ifdef MILLRACE_MISUSE_joiner_behind_the_windows
  keyed().outer_join(keyed(), windows, either).to("out");
#else
  keyed().outer_join(keyed(), either, windows).to("out");
#endif

#ifdef MILLRACE_MISUSE_join_of_streams_with_joined
  keyed().join(keyed(), plus, windows, Joined::as("j")).to("out");
#endif

#ifdef MILLRACE_MISUSE_join_of_a_table_within_windows
  keyed().join(table, plus, windows).to("out");
#else
  keyed().join(table, plus, Joined::as("j")).to("out");
#endif

#ifdef MILLRACE_MISUSE_outer_join_of_a_stream_and_a_table
  keyed().outer_join(table, either).to("out");
#endif

#ifdef MILLRACE_MISUSE_join_of_a_global_table_without_selector
  keyed().join(everywhere, plus).to("out");
#else
  keyed().join(everywhere, own_key, plus).to("out");
#endif

#ifdef MILLRACE_MISUSE_join_of_a_topic
  keyed().join("table", plus).to("out");
#endif

#ifdef MILLRACE_MISUSE_table_that_joins_a_stream
  table.join(keyed(), plus).to_stream().to("out");
#else
  table.join(other, plus).to_stream().to("out");
#endif

#ifdef MILLRACE_MISUSE_table_that_outer_joins_a_global_table
  table.outer_join(everywhere, either).to_stream().to("out");
#else
  table.outer_join(other, either).to_stream().to("out");
#endif

#ifdef MILLRACE_MISUSE_table_that_joins_within_windows
  table.join(other, plus, windows).to_stream().to("out");
#else
  table.join(other, plus, Named::as("tables"), Materialized::as("joined")).to_stream().to("out");
#endif

#ifdef MILLRACE_MISUSE_partitioner_of_a_foreign_key_join_takes_the_value
  table.join(other, own_key, plus, TableJoined().with_partitioner([](const string&, const string&, const string&, int) {
    return std::optional<std::int32_t>(0);
  }));
#else
  table.join(other, own_key, plus, TableJoined().with_partitioner([](const string&, const string&, int) {
    return std::optional<std::int32_t>(0);
  }));
#endif

#ifdef MILLRACE_MISUSE_merge_of_other_values
  keyed().merge(keyed().map_values([](const string& value) { return value.size() > 1; })).to("out");
#else
  keyed().merge(keyed().map_values([](const string& value) { return value + value; })).to("out");
#endif
}
