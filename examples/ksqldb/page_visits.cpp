// SPDX-License-Identifier: Apache-2.0
// page_visits: splits lines of CSV into page views, and counts the views of each session. It replaces these statements:
//
//     CREATE STREAM clicks (user_id STRING, pages STRING)
//       WITH (KAFKA_TOPIC='clicks', KEY_FORMAT='NONE', VALUE_FORMAT='DELIMITED');
//     CREATE STREAM page_views WITH (KAFKA_TOPIC='page-views', VALUE_FORMAT='JSON') AS
//       SELECT user_id, EXPLODE(SPLIT(pages, ' ')) AS page FROM clicks PARTITION BY user_id EMIT CHANGES;
//     CREATE TABLE page_visits WITH (KAFKA_TOPIC='page-visits') AS
//       SELECT user_id, WINDOWSTART AS windowstart, WINDOWEND AS windowend, COUNT(*) AS views,
//              COLLECT_LIST(page) AS pages
//       FROM page_views WINDOW SESSION (30 MINUTES, GRACE PERIOD 5 MINUTES) GROUP BY user_id EMIT CHANGES;
//
// A session that grows is deleted under its old key and written under its new one.
//
// Try it on the embedded broker, which keeps its topics in a directory. For Kafka, write --bootstrap-servers
// localhost:9092 instead of --broker. As in ksqlDB, a new program reads only new records, unless told otherwise.
//
//     topics create clicks page-views page-visits --broker embedded:web
//     printf '%s\n' 'ann,/home /cart' 'bob,/home' 'ann,/pay' | topics put clicks --broker embedded:web
//     page_visits --broker embedded:web -c consumer.auto.offset.reset=earliest        # until Ctrl-C
//     topics cat page-visits --key session:string --broker embedded:web
#include <chrono>
#include <sstream>
#include <string>
#include <vector>

#include "millrace/app/app.hpp"
#include "millrace/functions/aggregates.hpp"
#include "millrace/functions/window_columns.hpp"
#include "millrace/millrace.hpp"
#include "millrace/serde/csv.hpp"

using namespace millrace;
using namespace millrace::aggregates;
using namespace std::chrono_literals;

namespace {

struct Clicks {
  std::string user_id;
  std::string pages;  // separated by spaces
};

struct PageView {
  std::string page;
};

struct Views {
  std::int64_t views = 0;
  std::vector<std::string> pages;
};

struct Visit : Views {
  Timestamp windowstart = 0;
  Timestamp windowend = 0;
};
MILLRACE_JSON(Visit, windowstart, windowend, inherits(Views))

std::vector<PageView> explode(const Clicks& clicks) {
  std::istringstream in(clicks.pages);
  std::vector<PageView> views;
  for (std::string page; in >> page;) views.push_back({page});
  return views;
}

Topology build_topology(const StreamsConfig& config) {
  StreamsBuilder builder;
  const auto views = builder.stream<Unkeyed, Clicks>("clicks", Consumed().with_value_serde(CsvSerde<Clicks>()))
                         .select_key([](const Clicks& clicks) { return clicks.user_id; })
                         .flat_map_values(explode);
  views.to("page-views");
  views.group_by_key()
      .windowed_by(SessionWindows::of_inactivity_gap_and_grace(30min, 5min))
      .aggregate(aggregate_to<Views>(count(), collect_list(&PageView::page, 1000)), Materialized::as("visits"))
      .map_values([](const Views& views) { return Visit{views}; })
      .map_values(window_columns(&Visit::windowstart, &Visit::windowend))
      .to("page-visits");
  return builder.build(config);
}

}  // namespace

int main(int argc, char** argv) {
  return run_app(argc, argv, {.defaults = StreamsConfig::like_ksqldb(), .topology = build_topology});
}
