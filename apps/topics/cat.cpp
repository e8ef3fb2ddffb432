#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <limits>
#include <map>
#include <vector>

#include "topics/commands.hpp"
#include "topics/record_json.hpp"

namespace topics {
namespace {

/// How late the program may notice Ctrl-C.
constexpr millrace::Millis kPollTimeout{100};
constexpr std::size_t kPollRecords = 500;

}  // namespace

void cat(millrace::Broker& broker, const CatOptions& options, millrace::ClientConfig config,
         millrace::StopSignals& signals) {
  const auto from = StartPosition::parse(options.from);
  const auto partitions = partitions_of(broker, options.topic);
  if (options.partition && (*options.partition < 0 || *options.partition >= partitions)) {
    throw std::invalid_argument(
        fmt::format("topic '{}' has no partition {}, only 0 to {}", options.topic, *options.partition, partitions - 1));
  }
  config["isolation.level"] = options.isolation;
  const auto consumer = broker.make_consumer(config);

  // `start` is where each partition begins. `unread` holds the partitions with unread records and their present ends
  // (exclusive). Without --follow, the program ends when `unread` is empty.
  std::vector<std::pair<millrace::TopicPartition, std::int64_t>> start;
  std::map<millrace::TopicPartition, std::int64_t> unread;
  for (std::int32_t partition = 0; partition < partitions; ++partition) {
    if (options.partition && *options.partition != partition) continue;
    const millrace::TopicPartition id{options.topic, partition};
    const auto watermarks = consumer->query_watermarks(id, kTimeout);
    start.emplace_back(id, from.resolve(*consumer, id, watermarks, kTimeout));
    if (start.back().second < watermarks.high) unread.emplace(id, watermarks.high);
  }
  consumer->assign(start);

  auto left = options.count.value_or(std::numeric_limits<std::uint64_t>::max());
  std::vector<millrace::ConsumerRecord> records;
  while (left > 0 && (options.follow || !unread.empty()) && !signals.requested()) {
    records.clear();
    consumer->poll(records, std::min<std::uint64_t>(kPollRecords, left), kPollTimeout);
    for (const auto& record : records) {
      const auto end = unread.find({*record.topic, record.partition});
      // Without --follow, skips records that were written after the start of the program.
      if (!options.follow && (end == unread.end() || record.offset >= end->second)) continue;
      fmt::print("{}\n", record_json(record));
      --left;
    }
    std::fflush(stdout);
    // The position also passes transaction markers, which are not returned as records.
    std::erase_if(unread, [&](const auto& end) { return consumer->position(end.first).value_or(-1) >= end.second; });
  }
}

}  // namespace topics
