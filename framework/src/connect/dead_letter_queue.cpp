// SPDX-License-Identifier: Apache-2.0
#include "connect/dead_letter_queue.hpp"

#include <utility>

#include "common/log_seldom.hpp"
#include "connect/dead_letters.hpp"
#include "millrace/common/errors.hpp"

namespace millrace::connect::detail {
namespace {

constexpr Millis kLook{100};

}  // namespace

DeadLetterQueue::DeadLetterQueue(Broker& broker, std::string connector, const StreamsConfig& config)
    : broker_(broker),
      connector_(std::move(connector)),
      topic_(config.get_string("errors.dead.letter.queue.topic.name")),
      settings_(config.client_settings("producer")) {}

DeadLetterQueue::~DeadLetterQueue() = default;

void DeadLetterQueue::add(const ConsumerRecord& record, std::string_view reason, const std::string& sink) {
  const std::string place =
      *record.topic + "-" + std::to_string(record.partition) + " offset " + std::to_string(record.offset);
  millrace::detail::log_seldom(LogLevel::warn, connector_ + " rejects " + std::string(reason.substr(0, 40)),
                               sink + " refuses record " + place + ": " + std::string(reason) + "; key " +
                                   excerpt(record.key) + "; value " + excerpt(record.value) +
                                   (topic_.empty() ? "; skipped (--dead-letters TOPIC would keep it)"
                                                   : "; written to the dead-letter topic '" + topic_ + "'"));
  if (topic_.empty()) return;
  if (!producer_) {
    auto config = settings_;
    config["enable.idempotence"] = "true";
    config["delivery.timeout.ms"] = "2147483647";
    producer_ = broker_.make_producer(config, this);
  }
  const Headers headers = dead_letter_headers(record.headers, {.connector = connector_,
                                                               .topic = *record.topic,
                                                               .partition = record.partition,
                                                               .offset = record.offset,
                                                               .reason = reason});
  producer_->send({.topic = topic_,
                   .partition = {},
                   .key = record.key,
                   .value = record.value,
                   .timestamp = record.timestamp < 0 ? std::nullopt : std::optional(record.timestamp),
                   .headers = &headers});
  ++sent_;
}

std::size_t DeadLetterQueue::flush(const std::stop_token& stop) {
  bool done = sent_ == 0;
  while (!done) {
    try {
      producer_->flush(kLook);
      done = true;
    } catch (const BrokerException& error) {
      if (error.severity() != BrokerException::Severity::retriable) throw;
      if (stop.stop_requested()) throw RetriableException("the broker does not take dead letters");
    }
  }
  if (refused_) throw StreamsException(*std::exchange(refused_, std::nullopt));
  return std::exchange(sent_, 0);
}

void DeadLetterQueue::on_delivery(const Delivery& delivery) {
  if (delivery.error == nullptr) return;
  refused_ = "the dead-letter topic '" + topic_ + "' does not take a record: " + delivery.error->what();
}

}  // namespace millrace::connect::detail
