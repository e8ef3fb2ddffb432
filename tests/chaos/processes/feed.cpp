// SPDX-License-Identifier: Apache-2.0
#include "chaos/processes/feed.hpp"

#include <algorithm>
#include <chrono>
#include <stdexcept>

namespace millrace::kill9 {
namespace {

using namespace std::chrono_literals;
using Steady = std::chrono::steady_clock;

constexpr Millis kPatience{120'000};
/// In seconds of the workload. While the broker does not confirm records that are older, no more are sent. So the
/// event times of two topics never differ by more, whatever happens to their leaders.
constexpr std::int64_t kMostUnconfirmed = 5;

}  // namespace

Feed::Feed(Broker& broker, const Workload& workload)
    : workload_(workload),
      producer_(broker.make_producer({{"enable.idempotence", "true"},
                                      {"linger.ms", "20"},
                                      {"delivery.timeout.ms", std::to_string(kPatience.count())}},
                                     &listener_)) {}

Feed::~Feed() {
  ending_ = true;
  if (thread_.joinable()) thread_.join();
}

void Feed::start() {
  write_accounts();
  thread_ = std::thread([this] {
    try {
      write_events();
    } catch (...) {
      failure_ = std::current_exception();
    }
  });
}

std::uint64_t Feed::finish() {
  ending_ = true;
  thread_.join();
  if (failure_) std::rethrow_exception(failure_);
  return sent_;
}

void Feed::write_accounts() {
  // Before all events. Of records with the same time, the one that arrived first would be processed first: perhaps an
  // event whose account is not in the table yet.
  const Timestamp before = workload_.start - 1'000;
  for (std::uint64_t i = 0; i < kAccountCount; ++i) {
    send(kAccounts, Workload::account(i), Workload::name(i), before);
  }
  wait_for_deliveries(0);
}

void Feed::write_events() {
  const auto begin = Steady::now();
  std::uint64_t event = 0;
  while (!ending_) {
    const auto elapsed = std::chrono::duration_cast<std::chrono::milliseconds>(Steady::now() - begin).count();
    const auto due = static_cast<std::uint64_t>(elapsed * workload_.events_per_second / 1000);
    for (; event < due && !ending_; ++event) {
      const std::string id = std::to_string(event);
      send(kTrades, id, Workload::account_of(event), workload_.time_of(event));
      send(kFees, id, id, workload_.time_of(event));
      sent_ = event + 1;
      if (event % 1000 == 0) {
        wait_for_deliveries(static_cast<std::uint64_t>(2 * kMostUnconfirmed * workload_.events_per_second));
      }
    }
    producer_->poll();
    std::this_thread::sleep_for(10ms);
  }
  wait_for_deliveries(0);
}

void Feed::send(const std::string& topic, const std::string& key, const std::string& value, Timestamp time) {
  ProducerRecord record;
  record.topic = topic;
  record.key = key;
  record.value = value;
  record.timestamp = time;
  producer_->send(record);
  ++records_;
}

/// Waits until at most `missing` records are unconfirmed.
void Feed::wait_for_deliveries(std::uint64_t missing) {
  const auto give_up = Steady::now() + kPatience;
  for (;;) {
    producer_->poll();
    if (!listener_.error.empty()) throw std::runtime_error("the input could not be written: " + listener_.error);
    if (records_ - listener_.delivered <= missing) return;
    if (Steady::now() > give_up) throw std::runtime_error("the broker does not confirm the input");
    std::this_thread::sleep_for(1ms);
  }
}

void Feed::Listener::on_delivery(const Delivery& delivery) {
  ++delivered;
  if (delivery.error != nullptr) error = delivery.error->what();
}

}  // namespace millrace::kill9
