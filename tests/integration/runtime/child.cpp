// SPDX-License-Identifier: Apache-2.0
#include "integration/runtime/child.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <sstream>

#include "integration/runtime/world.hpp"

#define BOOST_TEST_DYN_LINK
#include <boost/test/unit_test.hpp>

extern char** environ;

namespace millrace::runtime_test {

Child::Child(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), MILLRACE_COUNTING_APP);
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);

  int out[2];
  BOOST_REQUIRE(::pipe2(out, O_CLOEXEC) == 0);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
  const int failure = ::posix_spawn(&pid_, argv[0], &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  ::close(out[1]);
  BOOST_REQUIRE(failure == 0);
  reader_ = std::thread([this, file = out[0]] { read_output(file); });
}

Child::~Child() {
  if (!ended_) kill();
  reader_.join();
}

void Child::read_output(int file) {
  std::FILE* lines = ::fdopen(file, "r");
  char* line = nullptr;
  std::size_t capacity = 0;
  while (::getline(&line, &capacity, lines) > 0) {
    const std::lock_guard lock(mutex_);
    std::istringstream words(line);
    std::string first;
    words >> first;
    if (first == "FAILED") {
      std::getline(words, failure_);
    } else {
      status_.state = first;
      words >> status_.processed >> status_.restored >> status_.commits;
    }
  }
  std::free(line);
  std::fclose(lines);
}

Child::Status Child::status() const {
  const std::lock_guard lock(mutex_);
  return status_;
}

std::string Child::failure() const {
  const std::lock_guard lock(mutex_);
  return failure_;
}

void Child::wait_until_running() const {
  wait_until("RUNNING of the child process", [&] { return status().state == "RUNNING"; });
}

void Child::wait_until_processed(std::uint64_t records) const {
  wait_until("the child process has processed " + std::to_string(records),
             [&] { return status().processed >= records; });
}

void Child::signal(int number) const { BOOST_REQUIRE(::kill(pid_, number) == 0); }

int Child::wait() {
  int status = 0;
  wait_until("the end of the child process", [&] { return ::waitpid(pid_, &status, WNOHANG) == pid_; });
  ended_ = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  return *ended_;
}

void Child::kill() {
  ::kill(pid_, SIGKILL);
  int status = 0;
  ::waitpid(pid_, &status, 0);
  ended_ = -SIGKILL;
}

}  // namespace millrace::runtime_test
