// SPDX-License-Identifier: Apache-2.0
#include "state_directory.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/uuid/random_generator.hpp>
#include <boost/uuid/uuid_io.hpp>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <fstream>
#include <sstream>
#include <system_error>
#include <utility>

#include "common/io_remedy.hpp"
#include "millrace/common/errors.hpp"
#include "millrace/common/logging.hpp"
#include "millrace/serde/json.hpp"

namespace millrace::detail {

namespace fs = std::filesystem;

namespace {

// File names in the application's directory. `kProcessFile` is Kafka Streams' own name and format.
constexpr const char* kLockFile = ".lock";
constexpr const char* kProcessFile = "kafka-streams-process-metadata";
constexpr const char* kDeletedPrefix = ".deleted-";

/// The content of kProcessFile.
struct ProcessMetadata {
  std::string process_id;
};
MILLRACE_JSON(ProcessMetadata, (process_id, "processId"))

// Both throw ProcessorStateException with the cause and its remedy. The first function is for system calls (errno).
[[noreturn]] void fail(const std::string& doing, const fs::path& path, int error) {
  throw ProcessorStateException("cannot " + doing + " " + path.string() + ": " + std::strerror(error) + "; " +
                                io_remedy(std::strerror(error), path));
}

[[noreturn]] void fail(const std::string& doing, const fs::path& path, const std::error_code& error) {
  throw ProcessorStateException("cannot " + doing + " " + path.string() + ": " + error.message() + "; " +
                                io_remedy(error.message(), path));
}

/// Returns an empty string if the file cannot be read.
std::string read_file(const fs::path& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

// The file clock's epoch is not the system clock's, so times must be converted.
fs::file_time_type file_time(Timestamp ms) {
  return std::chrono::file_clock::from_sys(std::chrono::sys_time<std::chrono::milliseconds>(Millis(ms)));
}

Timestamp from_file_time(fs::file_time_type time) {
  return std::chrono::duration_cast<Millis>(std::chrono::file_clock::to_sys(time).time_since_epoch()).count();
}

}  // namespace

StateDirectory::StateDirectory(const fs::path& state_dir, const std::string& application_id, const Clock& clock)
    : path_(state_dir / application_id), clock_(clock) {
  // A name that is a path would leave the state directory. A leading dot would hide it, or mean a parent.
  if (application_id.empty() || application_id.find('/') != std::string::npos || application_id.starts_with('.')) {
    throw ConfigException("application.id '" + application_id +
                          "' cannot name a state directory: use letters, digits, '.', '_' and '-'");
  }
  // Lock before reading or deleting anything: another process may use the directory.
  create();
  lock();
  try {
    read_process_id();
    remove_leftovers();
    // The destructor does not run when the constructor throws: release the lock here.
  } catch (...) {
    ::close(lock_file_);
    throw;
  }
}

// Closing the file releases the lock.
StateDirectory::~StateDirectory() { ::close(lock_file_); }

void StateDirectory::create() {
  std::error_code error;
  fs::create_directories(path_, error);
  if (error) fail("create the state directory", path_, error);
  // Other users of the machine get no access. The parent directory belongs to its creator, so its rights stay as they
  // are.
  fs::permissions(path_, fs::perms::owner_all | fs::perms::group_read | fs::perms::group_exec, error);
  if (error) log(LogLevel::warn, "cannot restrict access to " + path_.string() + ": " + error.message());
}

// Uses an "open file description" lock. A plain POSIX lock cannot tell two holders in one process apart; this lock can.
// It also conflicts with Java's FileLock, which is a plain POSIX lock.
void StateDirectory::lock() {
  const fs::path file = path_ / kLockFile;
  lock_file_ = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0640);
  if (lock_file_ < 0) fail("open the lock file", file, errno);
  struct flock request = {};
  request.l_type = F_WRLCK;
  request.l_whence = SEEK_SET;
  if (::fcntl(lock_file_, F_OFD_SETLK, &request) != 0) {
    const int error = errno;
    ::close(lock_file_);
    // These two mean that another process or instance holds the lock.
    if (error != EAGAIN && error != EACCES) fail("lock", file, error);
    // Keep the leading digits only: other text may follow the pid.
    std::string holder = read_file(file);
    holder = holder.substr(0, holder.find_first_not_of("0123456789"));
    throw LockException("the state directory " + path_.string() + " is in use by " +
                        (holder.empty() ? std::string("another process")
                         : holder == std::to_string(::getpid())
                             ? "another instance in this process (pid " + holder + ")"
                             : "process " + holder) +
                        "; stop it, or give this instance a state.dir of its own");
  }
  const std::string pid = std::to_string(::getpid()) + "\n";
  if (::ftruncate(lock_file_, 0) != 0 || ::pwrite(lock_file_, pid.data(), pid.size(), 0) < 0) {
    // Not fatal: only a second process's error message will lack the pid.
    log(LogLevel::warn, "cannot write the pid to " + file.string() + ": " + std::strerror(errno));
  }
}

std::string StateDirectory::random_process_id() { return boost::uuids::to_string(boost::uuids::random_generator()()); }

// Reads the process id, or makes a new one. Writes through a temporary file and a rename, so that a crash never leaves
// half a file.
void StateDirectory::read_process_id() {
  const fs::path file = path_ / kProcessFile;
  if (fs::exists(file)) {
    try {
      process_id_ = from_json_string<ProcessMetadata>(read_file(file)).process_id;
    } catch (const SerializationException& error) {
      // A damaged file is no reason to stop: the process only gets a new id.
      log(LogLevel::warn, file.string() + " is not readable and gets a new process id: " + error.what());
    }
    if (!process_id_.empty()) return;
  }
  process_id_ = random_process_id();
  const fs::path temporary = path_ / (std::string(kProcessFile) + ".tmp");
  std::ofstream out(temporary, std::ios::binary | std::ios::trunc);
  out << to_json_string(ProcessMetadata{process_id_});
  out.close();
  if (!out) fail("write", temporary, errno);
  std::error_code error;
  fs::rename(temporary, file, error);
  if (error) fail("write", file, error);
}

// Deletes the directories that an earlier run set aside but did not finish deleting.
void StateDirectory::remove_leftovers() {
  std::vector<fs::path> leftovers;
  // Collect first: deleting while iterating over a directory is unspecified.
  for (const auto& entry : fs::directory_iterator(path_)) {
    if (entry.path().filename().string().starts_with(kDeletedPrefix)) leftovers.push_back(entry.path());
  }
  for (const fs::path& leftover : leftovers) remove_aside(leftover);
}

fs::path StateDirectory::set_aside(const TaskId& task) {
  fs::path aside;
  for (int i = 0; aside.empty() || fs::exists(aside); ++i) {
    // Find a free name: an earlier deletion of the same task may have failed.
    aside = path_ / (kDeletedPrefix + task.str() + "-" + std::to_string(i));
  }
  std::error_code error;
  // One step on the same file system. After it nobody takes the directory for a task's state.
  fs::rename(task_path(task), aside, error);
  if (error) fail("delete", task_path(task), error);
  return aside;
}

void StateDirectory::remove_aside(const fs::path& aside) {
  std::error_code error;
  fs::remove_all(aside, error);
  // Only a warning: the task's state is gone already, and the rest costs only space.
  if (!error) return;
  log(LogLevel::warn, "cannot delete " + aside.string() + ": " + error.message() + "; the next start tries it again");
}

std::optional<StateDirectory::TaskLock> StateDirectory::try_lock(TaskId task) {
  {
    const std::lock_guard guard(mutex_);
    if (!locked_.insert(task).second) return std::nullopt;
  }
  // Outside of the mutex, because creating a directory may be slow. The destructor of `lock` gives the claim back if
  // the next step fails.
  TaskLock lock(*this, task);
  std::error_code error;
  fs::create_directories(lock.path(), error);
  if (error) fail("create the task directory", lock.path(), error);
  return lock;
}

// A set, so that the result is sorted by id.
std::vector<TaskId> StateDirectory::tasks() const {
  std::set<TaskId> found;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(path_, error)) {
    const auto task = TaskId::parse(entry.path().filename().string());
    // Empty directories do not count: the task has a lock but no state yet.
    std::error_code ignored;
    if (task && entry.is_directory(ignored) && !fs::is_empty(entry.path(), ignored)) found.insert(*task);
  }
  if (error) fail("list", path_, error);
  return {found.begin(), found.end()};
}

std::vector<TaskId> StateDirectory::clean_obsolete(Millis delay) {
  std::vector<TaskId> cleaned;
  for (const TaskId& task : tasks()) {
    fs::path aside;
    {
      const std::lock_guard guard(mutex_);  // until the rename is done, no thread can lock the task
      if (locked_.contains(task)) continue;
      std::error_code error;
      const auto modified = fs::last_write_time(task_path(task), error);
      // TaskLock::release() sets the modification time, so the time says when the task was last in use.
      if (error || clock_.now() - from_file_time(modified) <= delay.count()) continue;
      try {
        aside = set_aside(task);
      } catch (const ProcessorStateException& failure) {
        log(LogLevel::warn, failure.what());
        continue;
      }
    }
    // Deleting the files can take long, so it happens without the mutex.
    remove_aside(aside);
    cleaned.push_back(task);
    log(LogLevel::info, "deleted the state of task " + task.str() + " in " + path_.string() +
                            ": no one has used it for state.cleanup.delay.ms");
  }
  return cleaned;
}

// Throws on the first directory that cannot be renamed, unlike clean_obsolete(): the user has called it.
void StateDirectory::clean() {
  for (const TaskId& task : tasks()) {
    fs::path aside;
    {
      const std::lock_guard guard(mutex_);
      if (locked_.contains(task)) continue;
      aside = set_aside(task);
    }
    remove_aside(aside);
  }
}

StateDirectory::TaskLock::TaskLock(StateDirectory& owner, TaskId task)
    : owner_(&owner), task_(task), path_(owner.task_path(task)) {}

StateDirectory::TaskLock::TaskLock(TaskLock&& other) noexcept
    : owner_(std::exchange(other.owner_, nullptr)), task_(other.task_), path_(std::move(other.path_)) {}

StateDirectory::TaskLock& StateDirectory::TaskLock::operator=(TaskLock&& other) noexcept {
  if (this != &other) {
    release();
    owner_ = std::exchange(other.owner_, nullptr);
    task_ = other.task_;
    path_ = std::move(other.path_);
  }
  return *this;
}

StateDirectory::TaskLock::~TaskLock() { release(); }

// REQUIRES: the database is closed.
void StateDirectory::TaskLock::wipe() {
  std::error_code error;
  if (fs::exists(path_, error)) owner_->remove_aside(owner_->set_aside(task_));
}

// Called by the destructor and by move assignment.
void StateDirectory::TaskLock::release() noexcept {
  if (owner_ == nullptr) return;
  const std::lock_guard guard(owner_->mutex_);
  // state.cleanup.delay.ms counts from now. RocksDB may have written its last file long ago.
  std::error_code ignored;
  fs::last_write_time(path_, file_time(owner_->clock_.now()), ignored);
  owner_->locked_.erase(task_);
  owner_ = nullptr;
}

}  // namespace millrace::detail
