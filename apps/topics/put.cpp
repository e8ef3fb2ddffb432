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
  FirstFailure failures;
  const auto producer = broker.make_producer(config, &failures);
  std::uint64_t count = 0;
  for (std::string line; std::getline(lines, line); ++count) {
    millrace::ProducerRecord record;
    record.topic = options.topic;
    record.value = std::string_view(line);
    if (options.key_separator) {
      const auto end = line.find(*options.key_separator);
      if (end == std::string::npos) {
        throw millrace::StreamsException(
            fmt::format("line {} has no '{}' between key and value: {}", count + 1, *options.key_separator, line));
      }
      // The views point into `line`. send() copies them.
      record.key = std::string_view(line).substr(0, end);
      record.value = std::string_view(line).substr(end + options.key_separator->size());
    }
    producer->send(record);
  }
  // Delivery reports of all records arrive inside flush().
  producer->flush(kTimeout);
  failures.throw_if_any();
  fmt::print("{} record{} put into {}\n", count, count == 1 ? "" : "s", options.topic);
}

}  // namespace topics
