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

/// The directory in which one process keeps the local state of one application:
///
///     <state.dir>/<application.id>/
///       .lock                             held while the process runs; says its pid
///       kafka-streams-process-metadata    {"processId":"<uuid>"}: the process keeps its id over restarts
///       0_0/, 0_1/, ...                   one TaskDatabase per task
///
/// Concurrency  One process at a time: a second one gets a LockException. The lock also excludes Kafka Streams for
/// Java,
///              and falls with the process, however that ends. All methods are thread-safe.
/// Errors       ProcessorStateException naming the directory.
/// (Kafka Streams: `StateDirectory`.)
class StateDirectory {
 public:
  /// Creates the directory if missing and locks it.
  StateDirectory(const std::filesystem::path& state_dir, const std::string& application_id,
                 const Clock& clock = Clock::system());
  ~StateDirectory();
  StateDirectory(const StateDirectory&) = delete;
  StateDirectory& operator=(const StateDirectory&) = delete;

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  [[nodiscard]] const std::string& process_id() const { return process_id_; }

  /// A fresh random process id, for applications without persistent state.
  [[nodiscard]] static std::string random_process_id();

  /// Keeps a task's directory for one user within the process. Must not outlive the StateDirectory; the task's database
  /// must be closed before.
  class TaskLock {
   public:
    TaskLock(TaskLock&& other) noexcept;
    TaskLock& operator=(TaskLock&& other) noexcept;
    ~TaskLock();

    [[nodiscard]] const TaskId& task() const { return task_; }
    [[nodiscard]] const std::filesystem::path& path() const { return path_; }

    /// Deletes the task's local state, so that its stores are restored from their changelogs. REQUIRES: the database is
    /// closed.
    void wipe();

   private:
    friend class StateDirectory;
    TaskLock(StateDirectory& owner, TaskId task);
    void release() noexcept;

    StateDirectory* owner_;
    TaskId task_;
    std::filesystem::path path_;
  };

  /// The lock on a task, whose directory it creates; nullopt: another thread has it still, try again later.
  [[nodiscard]] std::optional<TaskLock> try_lock(TaskId task);

  /// The tasks that have local state here, locked or not, by id.
  [[nodiscard]] std::vector<TaskId> tasks() const;

  /// Deletes the state of tasks that nobody has locked for `delay` (state.cleanup.delay.ms): they have moved to another
  /// process. Returns them. A directory that resists is logged and left.
  std::vector<TaskId> clean_obsolete(Millis delay);

  /// Deletes the state of all tasks that nobody has locked. (Kafka Streams: `KafkaStreams#cleanUp`.)
  void clean();

 private:
  void create();
  void lock();
  void read_process_id();
  void remove_leftovers();
  /// Deleting has two steps, so that no half-deleted directory is ever taken for a task's state: out of the way (quick,
  /// returns where to), then gone.
  [[nodiscard]] std::filesystem::path set_aside(const TaskId& task);
  void remove_aside(const std::filesystem::path& aside);
  [[nodiscard]] std::filesystem::path task_path(const TaskId& task) const { return path_ / task.str(); }

  std::filesystem::path path_;
  const Clock& clock_;
  int lock_file_ = -1;
  std::string process_id_;
  mutable std::mutex mutex_;
  std::set<TaskId> locked_;
};

}  // namespace millrace::detail
