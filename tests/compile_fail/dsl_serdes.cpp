// SPDX-License-Identifier: Apache-2.0
#include "dsl_streams.hpp"
#include "millrace/serde/json.hpp"

// Missing serdes, and serdes of another type.

struct Point {
  int x = 0;
};
MILLRACE_JSON(Point, x)
class Secret {
 public:
  Secret() = default;
};

struct ReadPoint {
  Point deserialize(std::string_view) const { return {}; }
};

void serdes() {
#ifdef MILLRACE_MISUSE_source_without_serde
  builder.stream<std::string, Secret>("in").for_each([](const Secret&) {});
#else
  builder.stream<std::string, Point>("in").for_each([](const Point&) {});
#endif

#ifdef MILLRACE_MISUSE_sink_without_serde
  keyed().map_values([](const std::string&) { return Secret(); }).to("out");
#else
  keyed().map_values([](const std::string&) { return Point(); }).to("out");
#endif

#ifdef MILLRACE_MISUSE_join_without_serde
  keyed()
      .map_values([](const std::string&) { return Secret(); })
      .join(
          keyed(), [](const Secret&, const std::string& right) { return right; },
          millrace::JoinWindows::of_time_difference_with_no_grace(millrace::Millis(1)))
      .to("out");
#else
  keyed()
      .map_values([](const std::string&) { return Point(); })
      .join(
          keyed(), [](const Point&, const std::string& right) { return right; },
          millrace::JoinWindows::of_time_difference_with_no_grace(millrace::Millis(1)))
      .to("out");
#endif

#ifdef MILLRACE_MISUSE_aggregate_without_serde
  keyed().group_by_key().aggregate([] { return Secret(); },
                                   [](const std::string&, const std::string&, Secret secret) { return secret; });
#else
  keyed().group_by_key().aggregate([] { return Point(); },
                                   [](const std::string&, const std::string&, Point point) { return point; });
#endif

#ifdef MILLRACE_MISUSE_store_without_serde
  builder.add_state_store(millrace::Stores::key_value_store<std::string, Secret>("store"));
#else
  builder.add_state_store(millrace::Stores::key_value_store<std::string, Point>("store"));
#endif

#ifdef MILLRACE_MISUSE_source_with_another_type_s_serde
  builder.stream<std::string, Point>("in", millrace::Consumed().with_value_serde(millrace::Serde<std::string>()));
#else
  builder.stream<std::string, Point>("in", millrace::Consumed().with_value_serde(millrace::Serde<Point>()));
#endif

#ifdef MILLRACE_MISUSE_sink_with_another_type_s_serde
  keyed().to("out", millrace::Produced().with_key_serde(millrace::Serde<Point>()));
#else
  keyed().to("out", millrace::Produced().with_key_serde(millrace::Serde<std::string>()));
#endif

  builder
      .stream<std::string, Point>("in", millrace::Consumed().with_value_serde(ReadPoint()))
#ifdef MILLRACE_MISUSE_repartition_with_a_serde_that_only_reads
      .repartition(millrace::Repartitioned().with_value_serde(ReadPoint()));
#else
      .repartition(millrace::Repartitioned().with_value_serde(millrace::Serde<Point>()));
#endif

  const auto texts = millrace::Serde<std::string>();
  [[maybe_unused]] const auto points = millrace::Serde<Point>();
  const auto plus = [](const std::string& left, const std::string& right) { return left + right; };
  const auto windows = millrace::JoinWindows::of_time_difference_with_no_grace(millrace::Millis(1));
#ifdef MILLRACE_MISUSE_stream_joined_with_another_type_s_serde
  keyed().join(keyed(), plus, windows, millrace::StreamJoined::with(texts, texts, points)).to("out");
#else
  keyed().join(keyed(), plus, windows, millrace::StreamJoined::with(texts, texts, texts)).to("out");
#endif

#ifdef MILLRACE_MISUSE_joined_with_another_type_s_serde
  keyed().join(builder.table<std::string, std::string>("table"), plus, millrace::Joined::with(texts, points, texts));
#else
  keyed().join(builder.table<std::string, std::string>("table"), plus, millrace::Joined::with(texts, texts, texts));
#endif

#ifdef MILLRACE_MISUSE_joined_with_another_type_s_table_serde
  keyed().join(builder.table<std::string, std::string>("table"), plus, millrace::Joined::with(texts, texts, points));
#endif

#ifdef MILLRACE_MISUSE_grouped_with_another_type_s_serde
  keyed().group_by_key(millrace::Grouped().with_key_serde(points)).count();
#else
  keyed().group_by_key(millrace::Grouped().with_key_serde(texts)).count();
#endif

#ifdef MILLRACE_MISUSE_materialized_with_another_type_s_serde
  keyed().group_by_key().reduce(plus, millrace::Materialized().with_value_serde(points));
#else
  keyed().group_by_key().reduce(plus, millrace::Materialized().with_value_serde(texts));
#endif

#ifdef MILLRACE_MISUSE_table_materialized_with_another_type_s_serde
  builder.table<std::string, Point>("points", millrace::Materialized().with_value_serde(texts));
#else
  builder.table<std::string, Point>("points", millrace::Materialized().with_value_serde(points));
#endif
}
