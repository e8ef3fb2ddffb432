// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <cstdio>
#include <vector>

#include "millrace/common/errors.hpp"
#include "topics/commands.hpp"
#include "topics/reading.hpp"

namespace topics {
namespace {

/// Prints records. Counts those that do not fit their format.
class Printer {
 public:
  explicit Printer(bool for_people) : for_people_(for_people) {}

  void print(const millrace::ShownRecord& record) {
    ++printed_;
    if (!record.fits() && ++misfits_ == 1) {
      const bool key = !record.key.problem.empty();
      first_misfit_ = fmt::format("partition {}, offset {}, {}: {}", record.partition, record.offset,
                                  key ? "key" : "value", key ? record.key.problem : record.value.problem);
    }
    fmt::print("{}\n", for_people_ ? people_.line(record) : millrace::json_line(record));
  }
  static void flush() { std::fflush(stdout); }

  void throw_if_misfits() const {
    if (misfits_ == 0) return;
    throw millrace::StreamsException(
        fmt::format("{} of {} records do not fit --key or --value, and are shown in hex; the first is {}", misfits_,
                    printed_, first_misfit_));
  }

 private:
  const bool for_people_;
  millrace::PeopleLines people_;
  std::uint64_t printed_ = 0;
  std::uint64_t misfits_ = 0;
  std::string first_misfit_;
};

/// The offsets to read in each partition.
std::vector<Part> parts_of(millrace::Consumer& consumer, const CatOptions& options, std::int32_t partitions) {
  const auto from = StartPosition::parse(options.from);
  std::vector<Part> parts;
  for (std::int32_t partition = 0; partition < partitions; ++partition) {
    if (options.partition && *options.partition != partition) continue;
    const millrace::TopicPartition id{options.topic, partition};
    const auto watermarks = consumer.query_watermarks(id, kTimeout);
    parts.push_back({id, from.resolve(consumer, id, watermarks, kTimeout), watermarks.high});
  }
  return parts;
}

}  // namespace

void cat(millrace::Broker& broker, const CatOptions& options, millrace::ClientConfig config,
         millrace::StopSignals& signals) {
  const millrace::RecordFormat format{millrace::BytesFormat::parse(options.key),
                                      millrace::BytesFormat::parse(options.value)};
  std::vector<Condition> conditions;
  for (const auto& condition : options.where) conditions.push_back(Condition::parse(condition));
  // A mistake in --from is found before the broker is asked.
  (void)StartPosition::parse(options.from);
  const auto partitions = partitions_of(broker, options.topic);
  if (options.partition && (*options.partition < 0 || *options.partition >= partitions)) {
    throw std::invalid_argument(
        fmt::format("topic '{}' has no partition {}, only 0 to {}", options.topic, *options.partition, partitions - 1));
  }
  config["isolation.level"] = options.isolation;
  const auto consumer = broker.make_consumer(config);
  auto parts = parts_of(*consumer, options, partitions);

  Reading reading(*consumer, format, conditions, signals);
  Printer printer(options.for_people);
  if (options.tail) {
    for (const auto& record : reading.tail(parts, *options.tail)) printer.print(record);
    Printer::flush();
    for (auto& part : parts) part.from = part.end;
  }
  auto left = options.count;
  const auto visit = [&](const millrace::ShownRecord& record) {
    printer.print(record);
    return !left || --*left > 0;
  };
  if (left == 0) {
    // Prints nothing.
  } else if (options.follow) {
    reading.follow(parts, visit, Printer::flush);
  } else {
    reading.to_ends(parts, visit, Printer::flush);
  }
  printer.throw_if_misfits();
}

}  // namespace topics
