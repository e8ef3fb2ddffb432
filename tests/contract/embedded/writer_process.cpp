// SPDX-License-Identifier: Apache-2.0
#include "contract/embedded/writer_process.hpp"

#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <stdexcept>

extern char** environ;

namespace millrace::contract {

WriterProcess::WriterProcess(const std::filesystem::path& directory, const std::string& mode) {
  int ends[2];
  if (::pipe(ends) != 0) throw std::runtime_error("no pipe");
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  posix_spawn_file_actions_addclose(&actions, ends[0]);
  posix_spawn_file_actions_addclose(&actions, ends[1]);
  std::string program = MILLRACE_CRASH_WRITER;
  std::string directory_name = directory.string();
  std::string mode_name = mode;
  char* const arguments[] = {program.data(), directory_name.data(), mode_name.data(), nullptr};
  const int error = ::posix_spawn(&process_, program.c_str(), &actions, nullptr, arguments, environ);
  posix_spawn_file_actions_destroy(&actions);
  ::close(ends[1]);
  if (error != 0) throw std::runtime_error("cannot start " + program);
  output_ = ::fdopen(ends[0], "r");
}

long WriterProcess::next_confirmed() {
  long number = -1;
  if (std::fscanf(output_, "%ld", &number) != 1) return -1;
  last_ = number;
  return number;
}

long WriterProcess::kill() {
  if (process_ < 0) return last_;
  ::kill(process_, SIGKILL);
  ::waitpid(process_, nullptr, 0);
  process_ = -1;
  while (next_confirmed() >= 0) {
  }
  std::fclose(output_);
  return last_;
}

}  // namespace millrace::contract
