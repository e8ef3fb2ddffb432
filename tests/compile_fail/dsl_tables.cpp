// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <optional>
#include <utility>

#include "dsl_streams.hpp"

// Tables that do not fit together, and functions that do not fit them.

using std::string;

struct Transformer : millrace::ValueTransformerWithKey<string, string, string> {
  std::optional<string> transform(const string& key, const string*) override { return key; }
};
struct OfNumbers : millrace::ValueTransformerWithKey<string, int, string> {
  std::optional<string> transform(const string& key, const int*) override { return key; }
};

void tables() {
#ifdef MILLRACE_MISUSE_table_of_nullable_values
  builder.table<string, std::optional<string>>("nullable");
#else
  builder.table<string, string>("nullable");
#endif

#ifdef MILLRACE_MISUSE_table_without_keys
  builder.table<millrace::Unkeyed, string>("table");
#endif
  const auto table = builder.table<string, string>("table");
  const auto other = builder.table<string, string>("other");
  const auto numbers = builder.table<int, string>("numbers");
  const auto everywhere = builder.global_table<int, string>("everywhere");
  const auto plus = [](const string& left, const string& right) { return left + right; };
  const auto length = [](const string& value) { return static_cast<int>(value.size()); };

#ifdef MILLRACE_MISUSE_filter_of_a_table_returns_no_bool
  table.filter([](const string& value) { return value; });
#else
  table.filter([](const string& value) { return value.empty(); });
#endif

#ifdef MILLRACE_MISUSE_transformer_of_another_type
  table.transform_values([] { return std::make_unique<OfNumbers>(); });
#else
  table.transform_values([] { return std::make_unique<Transformer>(); });
#endif

#ifdef MILLRACE_MISUSE_transformer_without_a_pointer
  table.transform_values([] { return Transformer(); });
#else
  table.transform_values([] { return std::make_unique<Transformer>(); }, {"store"});
#endif

#ifdef MILLRACE_MISUSE_tables_with_keys_of_different_types
  table.join(numbers, plus);
#else
  table.join(other, plus);
#endif

#ifdef MILLRACE_MISUSE_left_joiner_of_tables_takes_a_reference
  table.left_join(other, plus);
#else
  table.left_join(other, [](const string& left, const string* right) { return right ? *right : left; });
#endif

#ifdef MILLRACE_MISUSE_foreign_key_of_another_type
  table.join(
      numbers, [](const string& value) { return value; }, plus);
#else
  table.join(numbers, length, plus);
#endif

#ifdef MILLRACE_MISUSE_table_group_by_returns_a_key_alone
  table.group_by([](const string&, const string& value) { return value; });
#else
  table.group_by([](const string& key, const string& value) { return std::pair(value, key); });
#endif

  const auto grouped = table.group_by([](const string& key, const string& value) { return std::pair(value, key); });
#ifdef MILLRACE_MISUSE_reduce_of_a_table_without_subtractor
  grouped.reduce(plus).to_stream().to("out");
#endif

#ifdef MILLRACE_MISUSE_aggregate_of_a_table_without_subtractor
  grouped.aggregate([] { return 0; }, [](const string&, const string&, int sum) { return sum; }).to_stream().to("out");
#endif

#ifdef MILLRACE_MISUSE_subtractor_returns_another_type
  grouped.reduce(plus, [](const string& aggregate, const string&) { return aggregate.size() + 0.5; });
#else
  grouped.reduce(plus, [](const string& aggregate, const string&) { return aggregate; });
#endif

#ifdef MILLRACE_MISUSE_aggregate_of_a_table_without_subtractor_s_key
  grouped.aggregate([] { return 0; }, [](const string&, const string&, int sum) { return sum; },
                    [](const string&, int sum) { return sum; });
#else
  grouped.aggregate([] { return 0; }, [](const string&, const string&, int sum) { return sum; },
                    [](const string&, const string&, int sum) { return sum; });
#endif

#ifdef MILLRACE_MISUSE_unkeyed_stream_to_table
  unkeyed().to_table();
#else
  keyed().to_table();
#endif

#ifdef MILLRACE_MISUSE_unkeyed_stream_with_a_table
  unkeyed().join(table, plus);
#else
  keyed().join(table, plus);
#endif

#ifdef MILLRACE_MISUSE_global_key_of_another_type
  keyed().join(
      everywhere, [](const string& value) { return value; }, plus);
#else
  keyed().join(everywhere, length, plus);
#endif

#ifdef MILLRACE_MISUSE_windows_that_close_early
  (void)millrace::Suppressed::until_window_closes(millrace::BufferConfig::max_records(1));
#else
  (void)millrace::Suppressed::until_window_closes(millrace::BufferConfig::max_records(1).shut_down_when_full());
#endif
}
