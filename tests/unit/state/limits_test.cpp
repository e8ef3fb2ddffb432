// SPDX-License-Identifier: Apache-2.0
// A full disk, and too many open files.
#define BOOST_TEST_DYN_LINK
#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "millrace/common/errors.hpp"
#include "state/task_database.hpp"
#include "support/limits.hpp"
#include "support/noise.hpp"

namespace millrace::detail {
namespace {

constexpr std::size_t kSmall = 12u << 20;
constexpr std::size_t kLarge = 256u << 20;
constexpr std::size_t kValue = 1'000;  // bytes
const TopicPartition kChangelog{"app-counts-changelog", 0};
const DatabaseOptions kOptions{32u << 10, 1u << 20, 64u << 10};

/// The text of the ProcessorStateException that `action` throws. Fails if the exception is a StateCorruptedException.
std::string failure_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const StateCorruptedException& error) {
    BOOST_ERROR("taken for damaged: " << error.what());
  } catch (const ProcessorStateException& error) {
    return error.what();
  } catch (const std::exception& error) {
    BOOST_ERROR("another exception: " << error.what());
  }
  return "";
}

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

/// Commits the numbers 1, 2, 3 and so on, one by one, until a commit fails. Returns the last committed number.
std::int64_t commit_until_failure(const std::filesystem::path& directory, bool with_inputs, std::string& failure) {
  const auto database = TaskDatabase::open(directory, kOptions);
  const auto store = database->key_value_store("counts");
  std::int64_t committed = 0;
  failure = failure_of([&] {
    for (std::int64_t n = 1; n < 100'000; ++n) {
      store->put("last", std::to_string(n));
      store->put("key" + std::to_string(n), test::noise(static_cast<std::uint64_t>(n), kValue));
      std::optional<InputOffsets> inputs;
      if (with_inputs) inputs.emplace().processed[{"in", 0}].offset = n;
      database->commit({{"counts", {{kChangelog, Offset(n)}}}}, inputs,
                       inputs ? TaskDatabase::Wal::on : TaskDatabase::Wal::off);
      committed = n;
    }
  });
  return committed;
}

BOOST_AUTO_TEST_SUITE(FullDisks)

BOOST_AUTO_TEST_CASE(are_named_and_lose_no_commit) {
  for (const bool with_inputs : {false, true}) {
    SmallDisk disk(kSmall);
    const auto directory = disk.path() / "0_0";
    std::string failure;
    const std::int64_t committed = commit_until_failure(directory, with_inputs, failure);
    BOOST_TEST(committed > 100);
    BOOST_TEST(has(failure, disk.complaint()), failure);
    BOOST_TEST(has(failure, directory.string()), failure);
    BOOST_TEST(has(failure, "then start again"), failure);

    // There must be no log file: a RocksDB with assertions ends the process at the second log line that cannot be
    // written.
    BOOST_TEST(!std::filesystem::exists(directory / "LOG"));

    disk.grow(kLarge);
    const auto database = TaskDatabase::open(directory, kOptions);
    const auto store = database->key_value_store("counts");
    const std::int64_t n = database->position("counts", kChangelog).value_or(Offset()).value();
    // A commit without input offsets uses no write-ahead log. Then the newest commits may be missing; the changelog has
    // them.
    BOOST_TEST(n <= committed + 1);
    if (with_inputs) BOOST_TEST(n >= committed);
    BOOST_TEST(std::string(store->get("last").value_or("0")) == std::to_string(n));
    for (std::int64_t i = 1; i <= n; ++i) {
      BOOST_REQUIRE(store->get("key" + std::to_string(i)).value_or("") ==
                    test::noise(static_cast<std::uint64_t>(i), kValue));
    }
    store->put("after", "room");
    database->commit({{"counts", {{kChangelog, Offset(n + 1)}}}});
  }
}

BOOST_AUTO_TEST_CASE(are_named_when_a_database_is_made) {
  SmallDisk disk(64u << 10);
  const std::string failure = failure_of([&] {
    for (int task = 0; task < 100; ++task) {
      const auto database = TaskDatabase::open(disk.path() / ("0_" + std::to_string(task)), kOptions);
      (void)database->key_value_store("counts");
    }
  });
  BOOST_TEST(has(failure, disk.complaint()), failure);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(TooManyOpenFiles)

BOOST_AUTO_TEST_CASE(are_named_and_lose_nothing) {
  const TempDir directory;
  const auto path = [&](int task) { return directory.path() / ("0_" + std::to_string(task)); };
  constexpr int kTasks = 8;
  for (int task = 0; task < kTasks; ++task) {
    const auto database = TaskDatabase::open(path(task), kOptions);
    const auto store = database->key_value_store("counts");
    store->put("task", std::to_string(task));
    database->commit({{"counts", {{kChangelog, Offset(1)}}}});
    database->flush();
  }
  // In each pass another file cannot be opened. The error must never be that the state is damaged or locked.
  int failures = 0;
  for (rlim_t more = 0; more < 40; ++more) {
    std::vector<std::unique_ptr<TaskDatabase>> open;
    std::string failure;
    {
      const ResourceLimit limit(RLIMIT_NOFILE, files_and(more));
      failure = failure_of([&] {
        for (int task = 0; task < kTasks; ++task) {
          open.push_back(TaskDatabase::open(path(task), kOptions));
          const auto store = open.back()->key_value_store("counts");
          BOOST_REQUIRE(std::string(store->get("task").value_or("")) == std::to_string(task));
        }
      });
    }
    if (failure.empty()) continue;
    ++failures;
    BOOST_TEST(has(failure, "(ulimit -n: "), failure);
  }
  BOOST_TEST(failures >= 30);
  for (int task = 0; task < kTasks; ++task) {
    const auto database = TaskDatabase::open(path(task), kOptions);
    const auto store = database->key_value_store("counts");
    BOOST_TEST(std::string(store->get("task").value_or("")) == std::to_string(task));
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace millrace::detail
