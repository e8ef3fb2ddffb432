// SPDX-License-Identifier: Apache-2.0
#include "dsl_streams.hpp"

// Names and settings of a wrong type.

using namespace millrace;
using std::string;

void names() {
  const auto table = builder.table<string, string>("table");
  const auto grouped = keyed().group_by_key();
  const auto any = [](const string&) { return true; };
  const auto first = [](const string& value, const string&) { return value; };

#ifdef MILLRACE_MISUSE_filter_named_by_text
  keyed().filter(any, "node").to("out");
#else
  keyed().filter(any, Named::as("node")).to("out");
#endif

#ifdef MILLRACE_MISUSE_filter_of_a_table_named_by_text
  table.filter(any, "node").to_stream().to("out");
#else
  table.filter(any, Named::as("node")).to_stream().to("out");
#endif

#ifdef MILLRACE_MISUSE_filter_of_a_table_into_a_joined
  table.filter(any, Joined::as("store")).to_stream().to("out");
#else
  table.filter(any, Materialized::as("store")).to_stream().to("out");
#endif

#ifdef MILLRACE_MISUSE_count_into_text
  grouped.count("store").to_stream().to("out");
#else
  grouped.count(Materialized::as("store")).to_stream().to("out");
#endif

#ifdef MILLRACE_MISUSE_windowed_reduce_into_text
  grouped.windowed_by(TimeWindows::of_size_with_no_grace(1min)).reduce(first, string("store"));
#else
  grouped.windowed_by(TimeWindows::of_size_with_no_grace(1min)).reduce(first, Materialized::as("store"));
#endif

#ifdef MILLRACE_MISUSE_count_of_a_table_into_text
  table.group_by([](const string& key, const string& value) { return KeyValue{value, key}; }).count("store");
#else
  table.group_by([](const string& key, const string& value) {
         return KeyValue{value, key};
       })
      .count(Materialized::as("store"));
#endif

#ifdef MILLRACE_MISUSE_branch_named_by_text
  keyed().split().branch(any, "some").default_branch();
#else
  keyed().split().branch(any, Branched::as("some")).default_branch();
#endif

#ifdef MILLRACE_MISUSE_branch_named_by_named
  keyed().split().default_branch(Named::as("others"));
#else
  keyed().split().default_branch(Branched::as("others"));
#endif

#ifdef MILLRACE_MISUSE_to_table_with_consumed
  keyed().to_table(Consumed()).to_stream().to("out");
#else
  keyed().to_table(Materialized::as("store")).to_stream().to("out");
#endif
}
