// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <istream>

#include "millrace/common/errors.hpp"
#include "topics/commands.hpp"

namespace topics {
namespace {

/// Keeps the first error of a record, because delivery reports come too late for an exception from send().
class FirstFailure final : public millrace::DeliveryListener {
 public:
  void on_delivery(const millrace::Delivery& delivery) override {
    if (delivery.error != nullptr && !failure_) failure_ = *delivery.error;
  }
  void throw_if_any() const {
    if (failure_) throw millrace::BrokerException(*failure_);
  }

 private:
  std::optional<millrace::BrokerException> failure_;
};

}  // namespace

void put(millrace::Broker& broker, const PutOptions& options, const millrace::ClientConfig& config,
         std::istream& lines) {
  // Fails early if the topic does not exist.
  (void)partitions_of(broker, options.topic);
  const auto input = make_input(options.input, lines);
  FirstFailure failures;
  const auto producer = broker.make_producer(config, &failures);
  std::uint64_t count = 0;
  const auto flush = [&] {
    // Delivery reports of all records arrive inside flush().
    producer->flush(kTimeout);
    failures.throw_if_any();
  };
  try {
    for (InputRecord record; input->next(record); ++count) {
      for (const auto& header : options.headers) record.headers.add(header.key, header.value);
      millrace::ProducerRecord sent;
      sent.topic = options.topic;
      // The views point into `record`. send() copies them.
      sent.key = record.key;
      sent.value = record.value;
      sent.timestamp = record.timestamp;
      sent.headers = &record.headers;
      producer->send(sent);
    }
  } catch (const millrace::BrokerException&) {
    throw;
  } catch (const millrace::StreamsException& error) {
    // The user must know which records are written, to go on after the wrong line.
    flush();
    throw millrace::StreamsException(fmt::format("{}; {} record{} before it {} put into {}", error.what(), count,
                                                 count == 1 ? "" : "s", count == 1 ? "was" : "were", options.topic));
  }
  flush();
  fmt::print("{} record{} put into {}\n", count, count == 1 ? "" : "s", options.topic);
}

}  // namespace topics
