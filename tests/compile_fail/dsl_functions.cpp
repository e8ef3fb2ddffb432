// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <vector>

#include "dsl_streams.hpp"

// Functions whose parameters or results do not fit their stream.

void functions() {
  const auto words = keyed();

#ifdef MILLRACE_MISUSE_filter_takes_another_type
  words.filter([](const std::vector<int>& value) { return value.empty(); });
#else
  words.filter([](const std::string& value) { return value.empty(); });
#endif

#ifdef MILLRACE_MISUSE_filter_returns_no_bool
  words.filter([](const std::string& key, const std::string& value) { return key + value; });
#else
  words.filter([](const std::string& key, const std::string& value) { return key < value; });
#endif

#ifdef MILLRACE_MISUSE_map_returns_no_pair
  words.map([](const std::string& value) { return value.size(); }).to("out");
#else
  words.map([](const std::string& value) { return millrace::KeyValue{value, value}; }).to("out");
#endif

#ifdef MILLRACE_MISUSE_map_values_returns_nothing
  words.map_values([](const std::string&) {}).to("out");
#else
  words.map_values([](const std::string& value) { return value; }).to("out");
#endif

#ifdef MILLRACE_MISUSE_select_key_leaves_out_null
  words.to_table().to_stream().select_key([](const std::string& value) { return value; }).to("out");
#else
  words.to_table().to_stream().map_values([](const std::string& value) { return value; }).to("out");
#endif

#ifdef MILLRACE_MISUSE_select_key_returns_nothing
  words.select_key([](const std::string&) {}).to("out");
#else
  words.select_key([](const std::string& value) { return value; }).to("out");
#endif

#ifdef MILLRACE_MISUSE_flat_map_returns_no_pairs
  words.flat_map([](const std::string& value) { return std::vector{value}; }).to("out");
#else
  words.flat_map([](const std::string& value) { return std::vector{std::pair(value, value)}; }).to("out");
#endif

#ifdef MILLRACE_MISUSE_flat_map_values_returns_no_range
  words.flat_map_values([](const std::string& value) { return value.size(); }).to("out");
#else
  words.flat_map_values([](const std::string& value) { return std::vector{value}; }).to("out");
#endif

#ifdef MILLRACE_MISUSE_for_each_takes_too_much
  words.for_each([](const std::string&, const std::string&, int) {});
#else
  words.for_each([](const std::string&, const std::string&) {});
#endif

#ifdef MILLRACE_MISUSE_print_returns_no_text
  words.print(millrace::Printed::to_sys_out(), [](const std::string& value) { return static_cast<int>(value.size()); });
#else
  words.print(millrace::Printed::to_sys_out(), [](const std::string& value) { return value; });
#endif

#ifdef MILLRACE_MISUSE_extractor_takes_no_time
  builder.stream<std::string, std::string>("timed", millrace::Consumed().with_timestamp_extractor(
                                                        [](const std::string&) { return millrace::Timestamp(0); }));
#else
  builder.stream<std::string, std::string>("timed", millrace::Consumed().with_timestamp_extractor(
                                                        [](const millrace::Record<std::string, std::string>& record,
                                                           millrace::Timestamp) { return record.timestamp; }));
#endif

#ifdef MILLRACE_MISUSE_timestamp_is_no_number
  builder.stream<std::string, std::string>("sized",
                                           millrace::Consumed().with_timestamp([](const std::string& v) { return v; }));
#else
  builder.stream<std::string, std::string>(
      "sized", millrace::Consumed().with_timestamp([](const std::string& v) { return v.size(); }));
#endif

#ifdef MILLRACE_MISUSE_table_takes_a_context
  builder.table<std::string, std::string>("contexts").filter([](const std::string&, const millrace::RecordContext&) {
    return true;
  });
#endif

#ifdef MILLRACE_MISUSE_branch_returns_no_bool
  words.split().branch([](const std::string& value) { return value; }).no_default_branch();
#else
  words.split().branch([](const std::string& value) { return value.empty(); }).no_default_branch();
#endif

#ifdef MILLRACE_MISUSE_to_chooses_by_value_alone
  words.to([](const std::string& value) { return value; });
#else
  words.to([](const std::string&, const std::string& value, const millrace::RecordMetadata&) { return value; });
#endif

#ifdef MILLRACE_MISUSE_partitioner_returns_a_number
  words.to("out", millrace::Produced().with_stream_partitioner(
                      [](const std::string&, const std::string&, const std::string&, std::int32_t) { return "0"; }));
#else
  words.to("out", millrace::Produced().with_stream_partitioner(
                      [](const std::string&, const std::string&, const std::string&,
                         std::int32_t) -> std::optional<std::set<std::int32_t> > { return std::nullopt; }));
#endif
}
