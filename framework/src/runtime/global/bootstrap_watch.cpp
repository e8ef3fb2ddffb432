// SPDX-License-Identifier: Apache-2.0
#include "runtime/global/bootstrap_watch.hpp"

#include <algorithm>
#include <string>

#include "millrace/common/errors.hpp"
#include "millrace/common/logging.hpp"

namespace millrace::detail {
namespace {

// After this time without progress the first warning is logged. Ordinary pauses of a broker are shorter.
constexpr Millis kFirstWarning{10'000};
// Timeout of the request that tests whether the broker answers. Short, because a stop waits for this request.
constexpr Millis kRequest{500};

}  // namespace

BootstrapWatch::BootstrapWatch(Admin& admin, Millis give_up_after)
    : admin_(admin),
      give_up_after_(give_up_after),
      moved_(SteadyClock::now()),
      next_(moved_ + std::min(kFirstWarning, give_up_after)) {}

void BootstrapWatch::look(Consumer& consumer, const std::map<TopicPartition, std::int64_t>& ends) {
  // A partition that has reached its end leaves the map. Positions also move over markers and compacted records.
  std::int64_t positions = 0;
  for (const auto& [partition, end] : ends) positions += consumer.position(partition).value_or(0);
  const auto now = SteadyClock::now();
  if (positions != positions_ || ends.size() != partitions_) {
    positions_ = positions;
    partitions_ = ends.size();
    moved_ = now;
    next_ = now + std::min(kFirstWarning, give_up_after_);
    return;
  }
  if (ends.empty() || now < next_) return;
  next_ = now + std::max(kFirstWarning, give_up_after_);
  const auto& [partition, end] = *ends.begin();
  const auto at = consumer.position(partition);
  const std::string text = "the global stores wait for " + partition.str() + ": the partition ends at offset " +
                           std::to_string(end) + ", but reading stops at offset " +
                           (at ? std::to_string(*at) : "unknown") + " since " +
                           std::to_string(std::chrono::duration_cast<std::chrono::seconds>(now - moved_).count()) +
                           " s (" + std::to_string(ends.size()) + " partitions are not complete)";
  try {
    (void)admin_.watermarks(partition, kRequest);
  } catch (const BrokerException& error) {
    if (error.severity() != BrokerException::Severity::retriable) throw;
    if (now - moved_ >= give_up_after_) {
      throw BrokerException(BrokerException::Severity::retriable,
                            text + ", and the broker does not answer (millrace.connect.timeout.ms=" +
                                std::to_string(give_up_after_.count()) + "): " + error.what());
    }
    // The next look must not come later than the time to give up.
    next_ = std::min(next_, moved_ + give_up_after_);
    log(LogLevel::warn, text + ". The broker does not answer: " + error.what());
    return;
  }
  log(LogLevel::warn, text +
                          ". The broker answers, so a transaction is open there. The broker aborts an open "
                          "transaction after the writer's transaction.timeout.ms. If it does not, find and abort "
                          "the transaction with kafka-transactions.sh");
}

}  // namespace millrace::detail
