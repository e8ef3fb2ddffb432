// SPDX-License-Identifier: Apache-2.0
// Compares window stores with a trace of Kafka Streams' stores (window_store_trace.txt, written by
// java/WindowStoreTrace.java).
#define BOOST_TEST_DYN_LINK
#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <fstream>
#include <memory>
#include <optional>
#include <sstream>
#include <string>

#include "state/memory/stores.hpp"
#include "state/task_database.hpp"
#include "unit/state/temp_directory.hpp"

namespace millrace::detail {

namespace {

/// Runs the operations of the trace and writes the answers in the form of java/WindowStoreTrace.java.
std::string answer(WindowBytesStore& store, const std::string& operation) {
  std::istringstream words(operation);
  std::string name;
  words >> name;
  const bool forward = !name.starts_with("backward-");
  const std::string what = forward ? name : name.substr(std::string_view("backward-").size());
  std::ostringstream found;
  const auto item = [&]() -> std::ostream& { return found << (found.tellp() > 0 ? " " : ""); };
  const auto end_of_range = [&]() -> std::optional<std::string> {
    std::string key;
    words >> key;
    return key == "*" ? std::nullopt : std::optional(key);
  };
  std::string key;
  Timestamp from = 0;
  Timestamp to = 0;
  if (what == "put") {
    std::string value;
    words >> key >> from >> value;
    store.put(key, value == "-" ? BytesView() : BytesView(value), from);
    return "ok";
  }
  if (what == "get") {
    words >> key >> from;
    return std::string(store.fetch(key, from).value_or("-"));
  }
  if (what == "fetch") {
    words >> key >> from >> to;
    for (const auto it = store.fetch(key, from, to, forward); it->valid(); it->next()) {
      item() << it->window_start() << "=" << it->value();
    }
  } else {
    const auto key_from = end_of_range();
    const auto key_to = end_of_range();
    words >> from >> to;
    const auto it = store.fetch_range(key_from ? BytesView(*key_from) : BytesView(),
                                      key_to ? BytesView(*key_to) : BytesView(), from, to, forward);
    for (; it->valid(); it->next()) item() << it->key() << "@" << it->window_start() << "=" << it->value();
  }
  return found.tellp() > 0 ? found.str() : "nothing";
}

/// Runs the whole trace on stores in databases with these options. Commits after every `commit_every` lines.
void follow_trace(const DatabaseOptions& database_options, int commit_every) {
  const TempDirectory directory;
  std::unique_ptr<TaskDatabase> database;
  std::unique_ptr<WindowBytesStore> store;
  std::ifstream trace(MILLRACE_WINDOW_STORE_TRACE);
  BOOST_REQUIRE(trace.is_open());
  int stores = 0;
  int answers = 0;
  for (std::string line; std::getline(trace, line);) {
    if (line.starts_with("#")) continue;
    if (line.starts_with("store ")) {
      std::istringstream words(line);
      std::string word;
      std::string kind;
      std::string duplicates;
      WindowStoreOptions options{0, 1000, false};
      words >> word >> kind >> word >> options.retention_ms >> word >> duplicates;
      options.retain_duplicates = duplicates == "true";
      store.reset();
      database = TaskDatabase::open(directory.path() / std::to_string(stores++), database_options);
      store =
          kind == "rocksdb" ? database->window_store("store", options) : make_in_memory_window_store("store", options);
      continue;
    }
    const auto arrow = line.find(" -> ");
    BOOST_REQUIRE(arrow != std::string::npos);
    BOOST_TEST(answer(*store, line.substr(0, arrow)) == line.substr(arrow + 4), "store " << stores << ": " << line);
    if (++answers % commit_every == 0) database->commit({});
  }
  BOOST_TEST(stores == 4);
  BOOST_TEST(answers == 1600);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(WindowStoresAgainstJava)

BOOST_AUTO_TEST_CASE(give_the_same_answers_from_the_tier) { follow_trace({}, 20); }

BOOST_AUTO_TEST_CASE(give_the_same_answers_from_rocksdb) { follow_trace({0, 1u << 20, 1u << 20}, 1); }

BOOST_AUTO_TEST_CASE(give_the_same_answers_from_both) { follow_trace({4u << 10, 1u << 20, 1u << 20}, 7); }

BOOST_AUTO_TEST_SUITE_END()

}  // namespace millrace::detail
