// SPDX-License-Identifier: Apache-2.0
#include "runtime/thread/leavable_producer.hpp"

#include <mutex>
#include <utility>

namespace millrace::detail {

class LeavableProducer::Shared final : private DeliveryListener {
 public:
  Shared(Broker& broker, const ClientConfig& config, DeliveryListener& listener)
      : listener_(&listener), producer_(broker.make_producer(config, this)) {}

  [[nodiscard]] Producer& producer() { return *producer_; }

  /// Whether another thread may be inside a call of the producer. Changed only while there is no such thread.
  void set_concurrent(bool concurrent) { concurrent_ = concurrent; }

  /// Waits for the report that is being delivered now. There are no more reports afterwards.
  void cut_off_listener() {
    const std::lock_guard lock(mutex_);
    listener_ = nullptr;
  }

 private:
  void on_delivery(const Delivery& delivery) override {
    // Each record has a report. So the usual case takes no lock.
    if (!concurrent_) return listener_->on_delivery(delivery);
    const std::lock_guard lock(mutex_);
    if (listener_ != nullptr) listener_->on_delivery(delivery);
  }

  bool concurrent_ = false;
  std::mutex mutex_;
  /// Guarded by the mutex while concurrent_. Null: cut off.
  DeliveryListener* listener_;
  /// The last member, because it may report deliveries until it is destroyed.
  std::unique_ptr<Producer> producer_;
};

LeavableProducer::LeavableProducer(Broker& broker, const ClientConfig& config, DeliveryListener& listener)
    : shared_(std::make_shared<Shared>(broker, config, listener)) {}

Producer* LeavableProducer::operator->() const { return shared_ == nullptr ? nullptr : &shared_->producer(); }

bool LeavableProducer::call_or_leave(const Patience& patience, std::function<void(Producer&)> call) {
  shared_->set_concurrent(true);
  try {
    if (patience.make_or_leave([shared = shared_, call = std::move(call)] { call(shared->producer()); })) {
      shared_->set_concurrent(false);
      return true;
    }
  } catch (...) {
    // The call has returned, or its thread could not be started.
    shared_->set_concurrent(false);
    throw;
  }
  shared_->cut_off_listener();
  shared_.reset();
  return false;
}

}  // namespace millrace::detail
