// SPDX-License-Identifier: Apache-2.0
#define BOOST_TEST_DYN_LINK
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <csignal>
#include <cstdio>
#include <string>

#include "state/task_database.hpp"
#include "unit/state/random_source.hpp"
#include "unit/state/temp_directory.hpp"

extern char** environ;

namespace millrace::detail {

namespace {

/// Runs crash_writer until it has reported `commits` commits, and kills it. Returns the last commit that it reported.
/// `with_inputs`: the commits contain input offsets, see crash_writer.
std::int64_t write_and_kill(const std::filesystem::path& directory, std::int64_t commits, bool with_inputs = false) {
  int out[2];
  BOOST_REQUIRE(::pipe(out) == 0);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
  posix_spawn_file_actions_addclose(&actions, out[0]);
  std::string program = MILLRACE_CRASH_WRITER;
  std::string argument = directory.string();
  std::string inputs = "inputs";
  char* argv[] = {program.data(), argument.data(), with_inputs ? inputs.data() : nullptr, nullptr};
  pid_t writer = 0;
  const int failure = ::posix_spawn(&writer, program.c_str(), &actions, nullptr, argv, environ);
  posix_spawn_file_actions_destroy(&actions);
  ::close(out[1]);
  BOOST_REQUIRE(failure == 0);

  std::FILE* lines = ::fdopen(out[0], "r");
  std::int64_t last = 0;
  char line[64];
  for (std::int64_t i = 0; i < commits && std::fgets(line, sizeof line, lines) != nullptr; ++i) last = std::stoll(line);
  ::kill(writer, SIGKILL);
  int status = 0;
  BOOST_REQUIRE(::waitpid(writer, &status, 0) == writer);
  while (std::fgets(line, sizeof line, lines) != nullptr) last = std::stoll(line);
  std::fclose(lines);
  BOOST_REQUIRE(WIFSIGNALED(status));  // it did not fail by itself
  return last;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(Crashes)

BOOST_AUTO_TEST_CASE(leave_one_whole_commit_after_kill_9) {
  const TempDirectory directory;
  RandomSource random;
  BOOST_TEST_MESSAGE("seed " << random.seed());
  std::int64_t survived_before = 0;
  for (int round = 0; round < 8; ++round) {
    const std::int64_t told = write_and_kill(directory.path(), random.between(1, 3000));
    BOOST_TEST_CONTEXT("seed " << random.seed() << ", round " << round << ", commits " << told) {
      const auto database = TaskDatabase::open(directory.path());
      const auto counts = database->key_value_store("counts");
      const auto windows = database->window_store("windows", {600'000, 1000, true});
      const std::int64_t n = database->position("counts", {"app-counts-changelog", 0}).value_or(Offset()).value();
      // The writer may have finished one more commit without the time to report it.
      BOOST_TEST(n <= told + 1);
      BOOST_TEST(n >= survived_before);
      survived_before = n;
      BOOST_TEST(database->position("windows", {"app-windows-changelog", 0}).value_or(Offset()).value() == n);
      BOOST_TEST(std::string(counts->get("last").value_or("0")) == std::to_string(n));
      for (std::int64_t i = std::max<std::int64_t>(1, n - 96); i <= n; ++i) {
        BOOST_TEST(std::string(counts->get("key" + std::to_string(i % 97)).value_or("")) == std::to_string(i));
      }
      BOOST_TEST(windows->observed_stream_time() == (n > 0 ? n * 1000 : kNoTimestamp));
      // The store must have every window that was alive at that commit, and no later window.
      std::int64_t expected = std::max<std::int64_t>(1, n - 599);
      windows->fetch_each("last", 0, n * 1000 + 1'000'000, [&](Timestamp start, std::string_view value) {
        BOOST_TEST(start == expected * 1000);
        BOOST_TEST(std::string(value) == std::to_string(expected));
        ++expected;
        return true;
      });
      BOOST_TEST(expected == n + 1);
    }
  }
  BOOST_TEST(survived_before > 0);
}

BOOST_AUTO_TEST_CASE(after_kill_9_no_commit_with_input_offsets_is_missing) {
  const TempDirectory directory;
  RandomSource random;
  for (int round = 0; round < 4; ++round) {
    // Before the second round, data bypass the WAL, as in a restore.
    if (round == 1) (void)write_and_kill(directory.path(), 100);
    const std::int64_t told = write_and_kill(directory.path(), random.between(1, 3000), true);
    BOOST_TEST_CONTEXT("seed " << random.seed() << ", round " << round << ", commits " << told) {
      const auto database = TaskDatabase::open(directory.path());
      const auto counts = database->key_value_store("counts");
      const auto windows = database->window_store("windows", {600'000, 1000, true});
      const std::int64_t n = database->position("counts", {"app-counts-changelog", 0}).value_or(Offset()).value();
      BOOST_TEST(n >= told);
      BOOST_TEST(n <= told + 1);
      BOOST_REQUIRE(database->inputs().has_value());
      BOOST_TEST(database->inputs()->processed.at({"in", 0}).offset == n);
      BOOST_TEST(std::string(counts->get("last").value_or("0")) == std::to_string(n));
      BOOST_TEST(windows->observed_stream_time() == n * 1000);
      std::int64_t last = 0;
      windows->fetch_each("last", 0, n * 1000 + 1'000'000, [&](Timestamp, std::string_view value) {
        last = std::stoll(std::string(value));
        return true;
      });
      BOOST_TEST(last == n);
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace millrace::detail
