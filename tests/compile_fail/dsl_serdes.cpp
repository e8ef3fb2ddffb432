#include "dsl_streams.hpp"
#include "millrace/serde/json.hpp"

// Serdes that are missing, or serialise another type.

struct Point {
  int x = 0;
};
MILLRACE_JSON(Point, x)
struct Secret {
  int x = 0;
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
}
