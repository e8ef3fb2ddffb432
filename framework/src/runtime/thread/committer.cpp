// SPDX-License-Identifier: Apache-2.0
#include "runtime/thread/committer.hpp"

#include <algorithm>

namespace millrace::detail {

Committer::Committer(const Settings& settings, Timestamp now)
    : settings_(settings), next_(now + settings.interval.count()), last_full_(now) {}

Timestamp Committer::due_at(std::optional<Timestamp> transaction_since) const {
  if (!transaction_since || !settings_.transaction_timeout) return next_;
  return std::min(next_, *transaction_since + settings_.transaction_timeout->count() / 2);
}

bool Committer::asked_for(const Demand& demand) const {
  return demand.requested ||
         (settings_.uncommitted_max_bytes && demand.uncommitted_bytes > *settings_.uncommitted_max_bytes);
}

bool Committer::is_full(Timestamp now) const { return now - last_full_ >= kFullCommitInterval.count(); }

void Committer::succeeded(Timestamp now, bool full) {
  next_ = now + settings_.interval.count();
  if (full) last_full_ = now;
  fails_since_.reset();
  unanswered_ = false;
}

Committer::Failure Committer::failed(Timestamp began, Timestamp now, BrokerException::Severity severity,
                                     bool unflushed) {
  // With at-least-once, a failure can mean that only the offsets are late. The group is rebalancing, and this member
  // may not know the new generation yet. The group accepts the offsets after the rebalance. A member that has lost its
  // place will learn of it in the meantime.
  const bool exactly_once = settings_.transaction_timeout.has_value();
  if (exactly_once || severity == BrokerException::Severity::fatal || unflushed) return Failure::fails;
  unanswered_ = now - began >= kUnanswered.count();
  // A commit that fails again and again is not a rebalance any more.
  if (!fails_since_) fails_since_ = now;
  if (now - *fails_since_ >= settings_.give_up_after.count()) return Failure::fails;
  next_ = now + std::min(settings_.interval, kRetry).count();
  return Failure::later;
}

void Committer::restarted() {
  fails_since_.reset();
  unanswered_ = false;
}

bool Committer::take_batches_back(Timestamp now) {
  if (!no_batches_until_ || now < *no_batches_until_) return false;
  no_batches_until_.reset();
  return true;
}

}  // namespace millrace::detail
