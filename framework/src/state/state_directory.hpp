// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "millrace/common/time.hpp"
#include "millrace/processor/record.hpp"

namespace millrace::detail {

/// The directory in which one process keeps the local state of one application. (Kafka Streams: `StateDirectory`.)
///
///     <state.dir>/<application.id>/
///       .lock                             locked while the process runs; contains its pid
///       kafka-streams-process-metadata    {"processId":"<uuid>"}: the process keeps its id across restarts
///       0_0/, 0_1/, ...                   one TaskDatabase per task
///       .deleted-0_0-0/                   a task directory that is being deleted
///
/// Processes   One process at a time; a second process gets a LockException. Kafka Streams for Java is excluded too.
///             The operating system releases the lock when the process ends, also after a crash.
/// Threads     All methods are thread-safe.
/// Errors      ProcessorStateException naming the directory or file.
class StateDirectory {
 public:
  /// Creates the directory if missing and locks it. `clock` must outlive this object. Throws ConfigException if the
  /// application id is not usable as a directory name, LockException if another process has the directory.
  StateDirectory(const std::filesystem::path& state_dir, const std::string& application_id,
                 const Clock& clock = Clock::system());
  ~StateDirectory();
  StateDirectory(const StateDirectory&) = delete;
  StateDirectory& operator=(const StateDirectory&) = delete;

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  [[nodiscard]] const std::string& process_id() const { return process_id_; }

  /// A new random process id, for applications without persistent state: they have no directory to keep one in.
  [[nodiscard]] static std::string random_process_id();

  /// The exclusive right to use a task's directory within this process. Release it by destroying it. REQUIRES: it is
  /// destroyed before the StateDirectory, and after the task's database is closed.
  class TaskLock {
   public:
    TaskLock(TaskLock&& other) noexcept;
    TaskLock& operator=(TaskLock&& other) noexcept;
    ~TaskLock();

    [[nodiscard]] const TaskId& task() const { return task_; }
    [[nodiscard]] const std::filesystem::path& path() const { return path_; }

    /// Deletes the task's local state, so that its stores are restored from their changelogs. REQUIRES: the task's
    /// database is closed.
    void wipe();

   private:
    friend class StateDirectory;
    TaskLock(StateDirectory& owner, TaskId task);
    void release() noexcept;

    StateDirectory* owner_;  // null: moved from, holds no lock
    TaskId task_;
    std::filesystem::path path_;
  };

  /// Locks a task and creates its directory. nullopt: another thread still holds the task; try again later.
  [[nodiscard]] std::optional<TaskLock> try_lock(TaskId task);

  /// The tasks that have local state here, locked or not, sorted by id.
  [[nodiscard]] std::vector<TaskId> tasks() const;

  /// Deletes the state of tasks that were unlocked for more than `delay` (state.cleanup.delay.ms), because they moved
  /// to another process. Returns the deleted tasks. A directory that cannot be deleted is logged and stays.
  std::vector<TaskId> clean_obsolete(Millis delay);

  /// Deletes the state of all unlocked tasks. (Kafka Streams: `KafkaStreams#cleanUp`.)
  void clean();

 private:
  void create();
  void lock();
  void read_process_id();
  void remove_leftovers();
  /// Deletion has two steps, so that a half-deleted directory is never taken for a task's state. set_aside() renames
  /// the directory, which is fast and atomic, and returns the new path. remove_aside() then deletes its files.
  [[nodiscard]] std::filesystem::path set_aside(const TaskId& task);
  void remove_aside(const std::filesystem::path& aside);
  [[nodiscard]] std::filesystem::path task_path(const TaskId& task) const { return path_ / task.str(); }

  std::filesystem::path path_;
  const Clock& clock_;
  int lock_file_ = -1;  // holds the lock while open; -1: not open
  std::string process_id_;
  mutable std::mutex mutex_;  // guards locked_ and, against cleaning, the renaming of task directories
  std::set<TaskId> locked_;
};

}  // namespace millrace::detail
