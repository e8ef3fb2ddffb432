// SPDX-License-Identifier: Apache-2.0
// Locks and cleaning of the state directory.
#define BOOST_TEST_DYN_LINK
#include "state/state_directory.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>
#include <thread>

#include "millrace/common/errors.hpp"
#include "state/task_database.hpp"
#include "unit/state/temp_directory.hpp"

namespace millrace::detail {

namespace {

class ManualClock final : public Clock {
 public:
  [[nodiscard]] Timestamp now() const override { return now_; }
  void advance(Millis by) { now_ += by.count(); }

 private:
  Timestamp now_ = Clock::system().now();
};

std::string read(const std::filesystem::path& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

void touch(const std::filesystem::path& path) { std::ofstream(path) << "x"; }

}  // namespace

BOOST_AUTO_TEST_SUITE(StateDirectories)

BOOST_AUTO_TEST_CASE(the_process_keeps_its_id_over_restarts) {
  const TempDirectory directory;
  std::string id;
  {
    const StateDirectory state(directory.path(), "app");
    id = state.process_id();
    BOOST_TEST(state.path() == directory.path() / "app");
    BOOST_TEST(read(state.path() / "kafka-streams-process-metadata") == "{\"processId\":\"" + id + "\"}");
    BOOST_TEST(id.size() == 36u);
  }
  BOOST_TEST(StateDirectory(directory.path(), "app").process_id() == id);
  BOOST_TEST(StateDirectory(directory.path(), "other").process_id() != id);
}

BOOST_AUTO_TEST_CASE(a_process_file_with_fields_of_later_versions_is_read) {
  const TempDirectory directory;
  std::filesystem::create_directories(directory.path() / "app");
  std::ofstream(directory.path() / "app" / "kafka-streams-process-metadata")
      << R"({"later": {"a": 1}, "processId": "123e4567-e89b-12d3-a456-426614174000"})";
  BOOST_TEST(StateDirectory(directory.path(), "app").process_id() == "123e4567-e89b-12d3-a456-426614174000");
}

BOOST_AUTO_TEST_CASE(a_broken_process_file_is_replaced) {
  const TempDirectory directory;
  std::filesystem::create_directories(directory.path() / "app");
  std::ofstream(directory.path() / "app" / "kafka-streams-process-metadata") << "{";
  const std::string id = StateDirectory(directory.path(), "app").process_id();
  BOOST_TEST(id.size() == 36u);
  BOOST_TEST(StateDirectory(directory.path(), "app").process_id() == id);
}

BOOST_AUTO_TEST_CASE(a_second_holder_is_refused_with_directory_pid_and_remedy) {
  const TempDirectory directory;
  std::optional<StateDirectory> first(std::in_place, directory.path(), "app");
  const auto tells = [&](const LockException& error) {
    const std::string text = error.what();
    return text.find((directory.path() / "app").string()) != std::string::npos &&
           text.find(std::to_string(::getpid())) != std::string::npos && text.find("state.dir") != std::string::npos;
  };
  BOOST_CHECK_EXCEPTION(StateDirectory(directory.path(), "app"), LockException, tells);
  first.reset();
  BOOST_CHECK_NO_THROW(StateDirectory(directory.path(), "app"));
}

BOOST_AUTO_TEST_CASE(a_second_process_is_refused_until_the_first_is_gone) {
  const TempDirectory directory;
  int ready[2];
  BOOST_REQUIRE(::pipe(ready) == 0);
  const pid_t holder = ::fork();
  BOOST_REQUIRE(holder >= 0);
  if (holder == 0) {
    const StateDirectory state(directory.path(), "app");
    if (::write(ready[1], "x", 1) != 1) ::_exit(1);
    ::alarm(60);  // ends the child if the test dies
    for (;;) ::pause();
  }
  char byte = 0;
  BOOST_REQUIRE(::read(ready[0], &byte, 1) == 1);
  BOOST_CHECK_EXCEPTION(StateDirectory(directory.path(), "app"), LockException, [&](const LockException& error) {
    return std::string(error.what()).find("process " + std::to_string(holder)) != std::string::npos;
  });
  BOOST_REQUIRE(::kill(holder, SIGKILL) == 0);
  int status = 0;
  BOOST_REQUIRE(::waitpid(holder, &status, 0) == holder);
  BOOST_CHECK_NO_THROW(StateDirectory(directory.path(), "app"));
  ::close(ready[0]);
  ::close(ready[1]);
}

BOOST_AUTO_TEST_CASE(a_task_has_one_user_at_a_time) {
  const TempDirectory directory;
  StateDirectory state(directory.path(), "app");
  auto lock = state.try_lock({0, 1});
  BOOST_REQUIRE(lock.has_value());
  BOOST_TEST(lock->path() == directory.path() / "app" / "0_1");
  BOOST_TEST(std::filesystem::is_directory(lock->path()));
  bool taken = true;
  std::thread([&] { taken = state.try_lock({0, 1}).has_value(); }).join();
  BOOST_TEST(!taken);
  BOOST_TEST(state.try_lock({1, 0}).has_value());
  lock.reset();
  BOOST_TEST(state.try_lock({0, 1}).has_value());
}

BOOST_AUTO_TEST_CASE(lists_the_tasks_that_have_state) {
  const TempDirectory directory;
  StateDirectory state(directory.path(), "app");
  for (const TaskId& task : {TaskId{1, 10}, TaskId{0, 2}, TaskId{0, 11}}) touch(state.try_lock(task)->path() / "data");
  (void)state.try_lock({5, 5});  // its directory stays empty
  std::filesystem::create_directories(state.path() / "global" / "x");
  std::filesystem::create_directories(state.path() / "01_1" / "x");
  std::filesystem::create_directories(state.path() / "1_1_1" / "x");
  BOOST_TEST((state.tasks() == std::vector<TaskId>{{0, 2}, {0, 11}, {1, 10}}));
}

BOOST_AUTO_TEST_CASE(delete_obsolete_tasks_after_the_delay_unless_locked) {
  const TempDirectory directory;
  ManualClock clock;
  StateDirectory state(directory.path(), "app", clock);
  auto used = state.try_lock({0, 0});
  touch(used->path() / "data");
  clock.advance(1h);
  touch(state.try_lock({0, 1})->path() / "data");
  clock.advance(1h);
  touch(state.try_lock({0, 2})->path() / "data");
  BOOST_TEST(state.clean_obsolete(2h).empty());
  BOOST_TEST((state.clean_obsolete(30min) == std::vector<TaskId>{{0, 1}}));
  BOOST_TEST((state.tasks() == std::vector<TaskId>{{0, 0}, {0, 2}}));
  used.reset();
  BOOST_TEST(state.clean_obsolete(30min).empty());  // the delay counts from the end of the use
  state.clean();
  BOOST_TEST(state.tasks().empty());
}

BOOST_AUTO_TEST_CASE(a_wiped_task_starts_empty) {
  const TempDirectory directory;
  StateDirectory state(directory.path(), "app");
  auto lock = state.try_lock({0, 0});
  BOOST_REQUIRE(lock.has_value());
  TaskDatabase::open(lock->path())->commit({{"counts", {{{"app-counts-changelog", 0}, Offset(7)}}}});
  BOOST_TEST(TaskDatabase::open(lock->path())->position("counts", {"app-counts-changelog", 0}).value() == Offset(7));
  lock->wipe();
  BOOST_TEST(!TaskDatabase::open(lock->path())->position("counts", {"app-counts-changelog", 0}).has_value());
}

BOOST_AUTO_TEST_CASE(finish_an_interrupted_deletion_at_the_next_start) {
  const TempDirectory directory;
  const auto leftover = directory.path() / "app" / ".deleted-0_1-0";
  std::filesystem::create_directories(leftover);
  touch(leftover / "data");
  const StateDirectory state(directory.path(), "app");
  BOOST_TEST(!std::filesystem::exists(leftover));
}

BOOST_AUTO_TEST_CASE(an_application_id_that_leaves_the_directory_is_refused) {
  const TempDirectory directory;
  for (const std::string id : {"", "..", "a/b", ".hidden"}) {
    BOOST_CHECK_THROW(StateDirectory(directory.path(), id), ConfigException);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace millrace::detail
