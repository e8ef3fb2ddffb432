// SPDX-License-Identifier: Apache-2.0
#include "broker/embedded/core.hpp"

#include <algorithm>
#include <chrono>
#include <exception>
#include <optional>
#include <string>
#include <utility>

#include "millrace/common/logging.hpp"

namespace millrace::detail::embedded {
namespace {

/// How late a timeout (transaction.timeout.ms, max.poll.interval.ms) may be noticed at most.
constexpr Millis kDeadlineCheckInterval{50};

/// How often a broker that is open for reading looks for new records, at most.
constexpr Millis kFollowInterval{100};
/// The pause after a look is at least the time that the look took, times this number.
constexpr int kFollowPause = 4;

// Kafka's defaults: log.cleaner.backoff.ms, log.retention.check.interval.ms, and the delay of the first retention
// check.
constexpr Millis kCompactionInterval{15s};
constexpr Millis kRetentionInterval{5min};
constexpr Millis kFirstRetention{30s};

/// After a failure was logged, further failures are not logged for this time. A failing job is repeated every few
/// seconds or more often.
constexpr std::chrono::minutes kQuietTime{1};

/// Logs a failed job, unless one was logged within kQuietTime. `logged_at`: when a failure was last logged. A failed
/// job must not end the process, because it runs again later, for example when the disk has free space again.
void log_failure(const std::exception& error, std::optional<std::chrono::steady_clock::time_point>& logged_at) {
  const auto now = std::chrono::steady_clock::now();
  if (logged_at && now - *logged_at < kQuietTime) return;
  logged_at = now;
  log(LogLevel::error, std::string("embedded broker: ") + error.what());
}

}  // namespace

Core::Core(const std::filesystem::path& directory, Access access)
    : storage(directory, access),
      topics(storage),
      groups(storage, topics),
      transactions(storage, topics, groups, tail),
      cleaner(mutex, storage, tail, topics) {
  const auto now = std::chrono::steady_clock::now();
  if (access == Access::read) {
    timer.at(now + kFollowInterval, [this] { follow_writer(); });
    return;
  }
  // Transactions that the last process left open are aborted by now: the constructor of `transactions` does it.
  look_after_deadlines();
  housekeeping.at(now + kCompactionInterval, [this] { compact(); });
  housekeeping.at(now + kFirstRetention, [this] { apply_retention(); });
}

// The timers wait for their running job. stop() makes a running compaction return soon.
Core::~Core() { cleaner.stop(); }

void Core::end_of_process() {
  cleaner.stop();
  timer.stop();
  housekeeping.stop();
  // The thread that ends the process may hold the mutex itself. Then the database cannot be closed, and is left as
  // after a kill.
  if (const std::unique_lock lock(mutex, std::try_to_lock); lock.owns_lock()) storage.close();
}

void Core::refresh(bool files_are_gone) {
  for (int attempt = 1;; ++attempt) {
    try {
      const bool again = std::exchange(refresh_failed, true);
      if (storage.catch_up(files_are_gone) || again) {
        topics.reload();
        groups.reload();
      }
      refresh_failed = false;
      return;
    } catch (const StaleReadException&) {
      if (attempt == kStaleAttempts) throw;
      files_are_gone = true;
    }
  }
}

void Core::follow_writer() {
  const auto start = std::chrono::steady_clock::now();
  try {
    const std::lock_guard lock(mutex);
    refresh();
  } catch (const std::exception& error) {
    log_failure(error, deadlines_failed);
  }
  const auto now = std::chrono::steady_clock::now();
  timer.at(now + std::max<std::chrono::steady_clock::duration>(kFollowInterval, kFollowPause * (now - start)),
           [this] { follow_writer(); });
}

void Core::look_after_deadlines() {
  const auto now = std::chrono::steady_clock::now();
  try {
    const std::lock_guard lock(mutex);
    transactions.expire(now);
    groups.expire(now);
  } catch (const std::exception& error) {
    log_failure(error, deadlines_failed);
  }
  timer.at(now + kDeadlineCheckInterval, [this] { look_after_deadlines(); });
}

void Core::compact() {
  try {
    cleaner.compact(Clock::system().now());
  } catch (const std::exception& error) {
    log_failure(error, cleaning_failed);
  }
  housekeeping.at(std::chrono::steady_clock::now() + kCompactionInterval, [this] { compact(); });
}

void Core::apply_retention() {
  try {
    cleaner.apply_retention(Clock::system().now());
  } catch (const std::exception& error) {
    log_failure(error, cleaning_failed);
  }
  housekeeping.at(std::chrono::steady_clock::now() + kRetentionInterval, [this] { apply_retention(); });
}

}  // namespace millrace::detail::embedded
