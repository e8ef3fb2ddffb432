#include "broker/embedded/core.hpp"

#include <exception>
#include <string>

#include "millrace/common/logging.hpp"

namespace millrace::embedded {
namespace {

constexpr Millis kDeadlineCheckInterval{50};

}  // namespace

Core::Core(const std::filesystem::path& directory)
    : storage(directory), topics(storage), groups(storage, topics), transactions(storage, topics, groups, tail) {
  look_after_deadlines();
}

Core::~Core() = default;

void Core::delete_before(PartitionLog& log, std::int64_t offset) {
  if (offset <= log.entry.log_start) return;
  Storage::Changes changes(storage);
  // A batch that reaches over `offset` stays; readers skip its first records.
  PagePtr reaching;
  storage.read_batches(log.topic_id, log.name.partition, offset, [&](PagePtr page) {
    reaching = std::move(page);
    return false;
  });
  changes.erase_batches(log.topic_id, log.name.partition, 0, reaching ? reaching->base_offset() : offset);
  const format::PartitionEntry before = log.entry;
  log.entry.log_start = offset;
  log.save_entry(changes);
  std::size_t stale = 0;
  while (stale < log.aborted.size() && log.aborted[stale].last < offset) {
    changes.erase(format::aborted_key(log.topic_id, log.name.partition, log.aborted[stale++].last));
  }
  try {
    changes.write();
  } catch (...) {
    log.entry = before;
    throw;
  }
  log.aborted.erase(log.aborted.begin(), log.aborted.begin() + static_cast<std::ptrdiff_t>(stale));
}

void Core::look_after_deadlines() {
  const auto now = std::chrono::steady_clock::now();
  try {
    const std::lock_guard lock(mutex);
    transactions.expire(now);
    groups.expire(now);
  } catch (const std::exception& error) {
    log(LogLevel::error, std::string("embedded broker: ") + error.what());
  }
  timer.at(now + kDeadlineCheckInterval, [this] { look_after_deadlines(); });
}

}  // namespace millrace::embedded
