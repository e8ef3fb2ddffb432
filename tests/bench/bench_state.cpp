// SPDX-License-Identifier: Apache-2.0
// Measures what the state stores cost per record, on one thread and without Kafka.
//
//     bench_state [RECORDS [CASE]]   default: 2,000,000 records, all cases whose name contains CASE

#include <sys/resource.h>
#include <unistd.h>

#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "state/memory/stores.hpp"
#include "state/task_database.hpp"

using namespace millrace;
using namespace millrace::detail;

namespace {

using SteadyClock = std::chrono::steady_clock;

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec);
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

double thread_seconds() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

/// Runs one case and prints its cost per record: elapsed time, CPU time of this thread, CPU time of all threads.
void report(const char* name, std::int64_t records, const std::function<void()>& run) {
  const double cpu = cpu_seconds();
  const double thread = thread_seconds();
  const auto start = SteadyClock::now();
  run();
  const double elapsed = std::chrono::duration<double>(SteadyClock::now() - start).count();
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto ns = [&](double seconds) { return 1e9 * seconds / static_cast<double>(records); };
  std::printf("%-44s %8.0f ns/record %8.0f ns thread %8.0f ns all threads %6ld MB peak\n", name, ns(elapsed),
              ns(thread_seconds() - thread), ns(cpu_seconds() - cpu), usage.ru_maxrss / 1024);
  std::fflush(stdout);
}

/// A database in a temporary directory, which is removed at the end.
struct Scratch {
  explicit Scratch(const DatabaseOptions& options = {}) {
    std::string name = (std::filesystem::temp_directory_path() / "bench-state-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("cannot create a temporary directory");
    path = name;
    database = TaskDatabase::open(path, options);
  }
  ~Scratch() {
    database.reset();
    std::filesystem::remove_all(path);
  }
  std::filesystem::path path;
  std::unique_ptr<TaskDatabase> database;
};

constexpr std::string_view kValue = R"({"id":"sensor-12345678","variation_ex":0.0312,"variation_in":0.0177})";

std::string_view key_of(std::int64_t number, char (&buffer)[32]) {
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, number).ptr;
  return {buffer, static_cast<std::size_t>(end - buffer)};
}

/// Does what an inner join does to its stores. Each record is looked up in the store of the other side and then put
/// into the store of its own side. The sides take turns, and both records of a pair have the same key and match. There
/// are `keys` distinct keys.
void join(WindowBytesStore& left, WindowBytesStore& right, std::int64_t records, std::int64_t keys,
          const std::function<void()>& commit, std::int64_t commit_every) {
  constexpr std::int64_t kWindowMs = 300'000;
  std::int64_t found = 0;
  char buffer[32];
  for (std::int64_t i = 0; i < records; ++i) {
    const auto key = key_of(i / 2 % keys, buffer);
    const Timestamp time = 1'700'000'000'000 + i * 2;
    WindowBytesStore& own = i % 2 == 0 ? left : right;
    WindowBytesStore& other = i % 2 == 0 ? right : left;
    other.fetch_each(key, time - kWindowMs, time + kWindowMs, [&](Timestamp, std::string_view value) {
      found += static_cast<std::int64_t>(value.size() > 0);
      return true;
    });
    own.put(key, kValue, time);
    if (commit && i % commit_every == commit_every - 1) commit();
  }
  if (commit) commit();
  if (found < records / 2) std::printf("only %lld matches\n", static_cast<long long>(found));
}

void bench_join(const char* name, std::int64_t records, std::int64_t keys, const DatabaseOptions& options) {
  const WindowStoreOptions window{2 * 300'000 + 24 * 3'600'000, 600'000, true};
  Scratch scratch(options);
  const auto left = scratch.database->window_store("left", window);
  const auto right = scratch.database->window_store("right", window);
  std::int64_t offset = 0;
  report(name, records, [&] {
    join(
        *left, *right, records, keys,
        [&] {
          scratch.database->commit({{"left", {{{"left-changelog", 0}, Offset(++offset)}}}});
        },
        20'000);
  });
}

void bench_key_value(const char* name, std::int64_t records, std::int64_t keys, const DatabaseOptions& options) {
  Scratch scratch(options);
  const auto store = scratch.database->key_value_store("counts");
  std::int64_t offset = 0;
  report(name, records, [&] {
    char buffer[32];
    std::uint64_t random = 1;
    for (std::int64_t i = 0; i < records; ++i) {
      random = random * 6364136223846793005u + 1442695040888963407u;
      const auto key = key_of(static_cast<std::int64_t>((random >> 33) % static_cast<std::uint64_t>(keys)), buffer);
      const auto old = store->get(key);
      store->put(key, old ? kValue : kValue.substr(1));
      if (i % 20'000 == 19'999) scratch.database->commit({{"counts", {{{"counts-changelog", 0}, Offset(++offset)}}}});
    }
  });
}

void bench_restore(std::int64_t records) {
  Scratch scratch;
  const auto store = scratch.database->key_value_store("counts");
  report("restore a key-value store", records, [&] {
    std::vector<std::string> keys(1000);
    for (std::int64_t i = 0; i < records; i += 1000) {
      std::vector<RestoreRecord> batch;
      for (std::int64_t j = 0; j < 1000; ++j) {
        keys[static_cast<std::size_t>(j)] = std::to_string((i + j) * 7919 % records);
        batch.push_back({keys[static_cast<std::size_t>(j)], kValue, 0});
      }
      store->restore(batch);
    }
    scratch.database->commit({{"counts", {{{"counts-changelog", 0}, Offset(records)}}}});
  });
}

}  // namespace

int main(int argc, char** argv) {
  const std::int64_t records = argc > 1 ? std::stoll(argv[1]) : 2'000'000;
  const auto wanted = [&](std::string_view name) { return argc < 3 || name.find(argv[2]) != std::string_view::npos; };
  const auto join_case = [&](const char* name, std::int64_t count, std::int64_t keys, std::size_t tier_mb) {
    if (wanted(name)) bench_join(name, count, keys, {.tier_bytes = tier_mb << 20});
  };
  join_case("join, unique keys", records, records, 32);
  join_case("join, unique keys, window in the tier", records, records, 128);
  join_case("join, unique keys, all in the tier", records, records, 4096);
  join_case("join, 10,000 keys", records, 10'000, 32);
  join_case("join, 1,000 keys, 150 matches each", records / 10, 1'000, 32);
  if (const char* name = "join, unique keys, in-memory stores"; wanted(name)) {
    const WindowStoreOptions window{2 * 300'000 + 24 * 3'600'000, 600'000, true};
    const auto left = make_in_memory_window_store("left", window);
    const auto right = make_in_memory_window_store("right", window);
    report(name, records, [&] { join(*left, *right, records, records, {}, 1); });
  }
  for (const auto& [name, keys] :
       {std::pair{"get and put, 100,000 keys", 100'000}, {"get and put, 2,000,000 keys", 2'000'000}}) {
    if (wanted(name)) bench_key_value(name, records, keys, {});
  }
  if (wanted("restore")) bench_restore(records);
}
