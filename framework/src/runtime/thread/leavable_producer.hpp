// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>

#include "millrace/broker/broker.hpp"
#include "runtime/thread/patience.hpp"

namespace millrace::detail {

/// A producer that can be left behind in a call that does not return. Such a call owns the producer from then on, and
/// destroys it at its end. The listener gets no more reports, so it may be destroyed.
///
/// Threads  one; while call_or_leave() waits, the listener may be called on the thread of that call
class LeavableProducer {
 public:
  /// Makes the producer. The listener is not owned. It must outlive the object.
  LeavableProducer(Broker& broker, const ClientConfig& config, DeliveryListener& listener);

  /// The producer. Null after it was left.
  Producer* operator->() const;
  [[nodiscard]] explicit operator bool() const { return shared_ != nullptr; }

  /// Makes `call` on a thread of its own, and waits as long as `patience` allows. Returns true when it has returned,
  /// and throws its exception. Returns false if it does not return in time. Then the producer is left to it. `call`
  /// must own everything else that it uses.
  [[nodiscard]] bool call_or_leave(const Patience& patience, std::function<void(Producer&)> call);

 private:
  class Shared;
  /// Shared with the thread of a call.
  std::shared_ptr<Shared> shared_;
};

}  // namespace millrace::detail
