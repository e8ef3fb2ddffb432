// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <exception>
#include <memory>
#include <stop_token>
#include <thread>

#include "buy_signals/replay/replay.hpp"

namespace buy_signals {

/// Runs replay_prices() in a thread of its own. The destructor stops the replay. The functions may be called from one
/// other thread.
class ReplayThread {
 public:
  /// Starts the replay. `prices` must outlive the object.
  ReplayThread(std::shared_ptr<millrace::Broker> broker, OrderedPrices& prices, ReplayOptions options)
      : thread_([this, broker = std::move(broker), &prices, options = std::move(options)](const std::stop_token& stop) {
          run(broker, prices, options, stop);
        }) {}

  /// Number of rows of the source that were sent, by this run or by an earlier one.
  [[nodiscard]] std::uint64_t rows_done() const { return rows_done_; }

  /// Ends the replay early and waits for the thread.
  void stop() {
    thread_.request_stop();
    if (thread_.joinable()) thread_.join();
  }

  /// True when the replay has ended. Throws the error that ended it early. summary() is valid from then on.
  [[nodiscard]] bool finished() {
    if (!finished_) return false;
    if (failure_) std::rethrow_exception(failure_);
    return true;
  }
  [[nodiscard]] const ReplaySummary& summary() const { return summary_; }

 private:
  void run(const std::shared_ptr<millrace::Broker>& broker, OrderedPrices& prices, const ReplayOptions& options,
           const std::stop_token& stop) noexcept {
    try {
      summary_ = replay_prices(broker, prices, options, stop, [this](std::uint64_t rows) { rows_done_ = rows; });
    } catch (...) {
      failure_ = std::current_exception();
    }
    finished_ = true;
  }

  std::atomic<std::uint64_t> rows_done_ = 0;
  std::atomic<bool> finished_ = false;
  // The replay's thread writes failure_ and summary_ before it sets finished_. The other thread reads them afterwards.
  std::exception_ptr failure_;
  ReplaySummary summary_;
  std::jthread thread_;  // last: uses the members above
};

}  // namespace buy_signals
