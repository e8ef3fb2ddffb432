#pragma once

#include <filesystem>
#include <mutex>

#include "broker/embedded/appends.hpp"
#include "broker/embedded/cleaner.hpp"
#include "broker/embedded/groups.hpp"
#include "broker/embedded/storage.hpp"
#include "broker/embedded/timer.hpp"
#include "broker/embedded/topics.hpp"
#include "broker/embedded/transactions.hpp"

namespace millrace::detail::embedded {

/// What all clients of one directory share. One mutex guards it: every operation under it is short, and records are
/// encoded before and decoded after, outside of it.
struct Core {
  explicit Core(const std::filesystem::path& directory);
  ~Core();

  /// Memory for records that were written last, so that readers that keep up do not touch the disk.
  static constexpr std::size_t kTailBytes = 16 << 20;

  std::mutex mutex;
  Storage storage;
  TailCache tail{kTailBytes};
  Topics topics;
  Groups groups;
  Transactions transactions;
  Cleaner cleaner;
  // Last: their threads end before the rest goes.
  Timer timer;         ///< what must happen in time: linger.ms and other deadlines
  Timer housekeeping;  ///< what may take long

 private:
  void look_after_deadlines();
  void compact();
  void apply_retention();
};

}  // namespace millrace::detail::embedded
