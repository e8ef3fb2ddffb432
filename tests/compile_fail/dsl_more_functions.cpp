// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <utility>
#include <vector>

#include "dsl_streams.hpp"

// Functions with wrong parameters, for the operators that dsl_functions.cpp and dsl_joiners.cpp leave out.

using std::string;
using namespace std::chrono_literals;

using Numbers = std::vector<int>;

void functions() {
  const auto words = keyed();

#ifdef MILLRACE_MISUSE_filter_not_takes_another_type
  words.filter_not([](const Numbers& value) { return value.empty(); });
#else
  words.filter_not([](const string& value) { return value.empty(); });
#endif

#ifdef MILLRACE_MISUSE_peek_takes_too_much
  words.peek([](const string&, const string&, int) {});
#else
  words.peek([](const string&, const string&) {});
#endif

#ifdef MILLRACE_MISUSE_map_takes_another_type
  words.map([](const Numbers& value) { return std::pair(value, value); });
#else
  words.map([](const string& value) { return std::pair(value, value); });
#endif

#ifdef MILLRACE_MISUSE_map_values_takes_another_type
  words.map_values([](const Numbers& value) { return value.empty(); });
#else
  words.map_values([](const string& value) { return value; });
#endif

#ifdef MILLRACE_MISUSE_flat_map_takes_another_type
  words.flat_map([](const Numbers& value) { return std::vector{std::pair(value, value)}; });
#else
  words.flat_map([](const string& value) { return std::vector{std::pair(value, value)}; });
#endif

#ifdef MILLRACE_MISUSE_flat_map_values_takes_another_type
  words.flat_map_values([](const Numbers& value) { return value; });
#else
  words.flat_map_values([](const string& value) { return std::vector{value}; });
#endif

#ifdef MILLRACE_MISUSE_select_key_takes_another_type
  words.select_key([](const Numbers& value) { return value.empty(); });
#else
  words.select_key([](const string& value) { return value; });
#endif

#ifdef MILLRACE_MISUSE_group_by_takes_another_type
  words.group_by([](const Numbers& value) { return value.empty(); });
#else
  words.group_by([](const string& value) { return value; });
#endif

#ifdef MILLRACE_MISUSE_branch_takes_another_type
  words.split().branch([](const Numbers& value) { return value.empty(); }).no_default_branch();
#else
  words.split().branch([](const string& value) { return value.empty(); }).no_default_branch();
#endif
}

void tables() {
  const auto table = builder.table<string, string>("table");
  const auto other = builder.table<string, string>("other");
  const auto everywhere = builder.global_table<string, string>("everywhere");
  const auto plus = [](const string& left, const string& right) { return left + right; };
  const auto same = [](const string& value) { return value; };

#ifdef MILLRACE_MISUSE_filter_not_of_a_table_takes_another_type
  table.filter_not([](const Numbers& value) { return value.empty(); });
#else
  table.filter_not([](const string& value) { return value.empty(); });
#endif

#ifdef MILLRACE_MISUSE_map_values_of_a_table_takes_another_type
  table.map_values([](const Numbers& value) { return value.empty(); });
#else
  table.map_values(same);
#endif

#ifdef MILLRACE_MISUSE_to_stream_takes_another_type
  table.to_stream([](const Numbers& value) { return value; }).to("out");
#else
  table.to_stream([](const string& key, const std::optional<string>&) { return key; }).to("out");
#endif

#ifdef MILLRACE_MISUSE_joiner_of_tables_takes_another_type
  table.join(other, [](const string& left, const Numbers&) { return left; });
#else
  table.join(other, plus);
#endif

#ifdef MILLRACE_MISUSE_outer_joiner_of_tables_takes_references
  table.outer_join(other, plus);
#else
  table.outer_join(other, [](const string* left, const string* right) { return left ? *left : *right; });
#endif

#ifdef MILLRACE_MISUSE_foreign_joiner_takes_another_type
  table.join(other, same, [](const string& left, const Numbers&) { return left; });
#else
  table.join(other, same, plus);
#endif

#ifdef MILLRACE_MISUSE_joiner_of_a_stream_and_a_table_takes_another_type
  keyed().join(table, [](const string& left, const Numbers&) { return left; });
#else
  keyed().join(table, plus);
#endif

#ifdef MILLRACE_MISUSE_left_joiner_of_a_global_table_takes_a_reference
  keyed().left_join(everywhere, same, plus);
#else
  keyed().left_join(everywhere, same, [](const string& left, const string*) { return left; });
#endif
}

void aggregations() {
  const auto grouped = keyed().group_by_key();
  const auto sessions = grouped.windowed_by(millrace::SessionWindows::of_inactivity_gap_with_no_grace(1ms));
  const auto sliding = grouped.windowed_by(millrace::SlidingWindows::of_time_difference_with_no_grace(1ms));
  const auto merge = [](const string&, int left, int right) { return left + right; };
  const auto add = [](const string&, const string&, int sum) { return sum; };

#ifdef MILLRACE_MISUSE_session_reducer_takes_another_type
  sessions.reduce([](const string& aggregate, const Numbers&) { return aggregate; });
#else
  sessions.reduce([](const string& aggregate, const string&) { return aggregate; });
#endif

#ifdef MILLRACE_MISUSE_sliding_aggregator_takes_no_key
  sliding.aggregate([] { return 0; }, [](const string&, int sum) { return sum; });
#else
  sliding.aggregate([] { return 0; }, add);
#endif

#ifdef MILLRACE_MISUSE_session_initializer_takes_something
  sessions.aggregate([](int start) { return start; }, add, merge);
#else
  sessions.aggregate([] { return 0; }, add, merge);
#endif

  const auto regrouped = builder.table<string, string>("numbers").group_by(
      [](const string& key, const string& value) { return std::pair(value, key); });

#ifdef MILLRACE_MISUSE_adder_takes_another_type
  regrouped.reduce([](const string& sum, const Numbers&) { return sum; },
                   [](const string& sum, const string&) { return sum; });
#else
  regrouped.reduce([](const string& sum, const string&) { return sum; },
                   [](const string& sum, const string&) { return sum; });
#endif

#ifdef MILLRACE_MISUSE_cogroup_in_other_windows
  (void)grouped.cogroup<int>(add).windowed_by(millrace::JoinWindows::of_time_difference_with_no_grace(1ms));
#else
  (void)grouped.cogroup<int>(add).windowed_by(millrace::TimeWindows::of_size_with_no_grace(1ms));
#endif
}

void options() {
  const auto table = builder.table<string, string>("left");
  const auto other = builder.table<string, string>("right");
  const auto plus = [](const string& left, const string& right) { return left + right; };
  const auto same = [](const string& value) { return value; };

#ifdef MILLRACE_MISUSE_join_of_tables_with_table_joined
  table.join(other, plus, millrace::TableJoined::as("joined"));
#else
  table.join(other, plus, millrace::Named::as("joined"));
#endif

#ifdef MILLRACE_MISUSE_foreign_key_join_named_twice
  table.join(other, same, plus, millrace::TableJoined::as("joined"), millrace::Named::as("twice"));
#else
  table.join(other, same, plus, millrace::TableJoined::as("joined"));
#endif
}
