// SPDX-License-Identifier: Apache-2.0
// Compares stores with a trace of Kafka Streams' stores (store_trace.txt, written by java/StoreTrace.java).
#define BOOST_TEST_DYN_LINK
#include <boost/test/unit_test.hpp>
#include <fstream>
#include <functional>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "state/cache/stores.hpp"
#include "state/changelog/stores.hpp"
#include "state/memory/stores.hpp"
#include "state/task_database.hpp"
#include "unit/state/bytes_support.hpp"
#include "unit/state/cache_support.hpp"
#include "unit/state/temp_directory.hpp"

namespace millrace::detail {

namespace {

constexpr Timestamp kEpoch = 1700000000000;

std::string joined(const std::vector<std::string>& texts, const std::string& between) {
  std::string all;
  for (const std::string& text : texts) all += (all.empty() ? "" : between) + text;
  return all.empty() ? "nothing" : all;
}

/// The changelog of a store: `key in hex=value@timestamp`.
class Changelog final : public ChangelogWriter {
 public:
  explicit Changelog(const FakeContexts& contexts) : contexts_(contexts) {}

  void log(std::string_view key, BytesView value, Timestamp timestamp, const Headers* /*headers*/) override {
    logged.push_back(hex(key) + "=" + std::string(value.value_or("-")) + "@" + std::to_string(timestamp));
  }
  [[nodiscard]] Timestamp current_timestamp() const override { return contexts_.now.timestamp; }
  [[nodiscard]] const Headers* current_headers() const override { return nullptr; }

  std::vector<std::string> logged;

 private:
  const FakeContexts& contexts_;
};

/// The words of one operation.
class Words {
 public:
  explicit Words(const std::string& operation) : in_(operation) {}

  std::string text() {
    std::string word;
    in_ >> word;
    return word;
  }
  Timestamp time() { return std::stoll(text()); }
  /// `*` stands for no bound, `-` for no value.
  std::optional<std::string> maybe(const char* none) {
    std::string word = text();
    return word == none ? std::nullopt : std::optional(std::move(word));
  }

 private:
  std::istringstream in_;
};

BytesView viewed(const std::optional<std::string>& bytes) { return bytes ? BytesView(*bytes) : std::nullopt; }

std::string answer(KeyValueBytesStore& store, Words words) {
  const std::string what = words.text();
  if (what == "put") {
    const auto key = words.text();
    store.put(key, viewed(words.maybe("-")));
    return "ok";
  }
  if (what == "get") return std::string(store.get(words.text()).value_or("-"));
  const auto from = words.maybe("*");
  const auto to = words.maybe("*");
  std::vector<std::string> found;
  for (const auto it = store.range(viewed(from), viewed(to)); it->valid(); it->next()) {
    found.push_back(std::string(it->key()) + "=" + std::string(it->value()));
  }
  return joined(found, " ");
}

std::string answer(WindowBytesStore& store, Words words) {
  const std::string what = words.text();
  const std::string key = words.text();
  const Timestamp start = words.time();
  if (what == "put") {
    store.put(key, viewed(words.maybe("-")), start);
    return "ok";
  }
  if (what == "get") return std::string(store.fetch(key, start).value_or("-"));
  std::vector<std::string> found;
  for (const auto it = store.fetch(key, start, words.time(), true); it->valid(); it->next()) {
    found.push_back(std::to_string(it->window_start()) + "=" + std::string(it->value()));
  }
  return joined(found, " ");
}

std::string sessions(SessionBytesIterator& it) {
  std::vector<std::string> found;
  for (; it.valid(); it.next()) {
    found.push_back(std::string(it.key()) + "@" + std::to_string(it.session().start) + "-" +
                    std::to_string(it.session().end) + "=" + std::string(it.value()));
  }
  return joined(found, " ");
}

std::string answer(SessionBytesStore& store, Words words) {
  std::string what = words.text();
  const bool forward = !what.starts_with("backward-");
  if (!forward) what.erase(0, std::string_view("backward-").size());
  if (what == "range") {
    const auto from = words.maybe("*");
    const auto to = words.maybe("*");
    const Timestamp earliest = words.time();
    return sessions(*store.find_sessions_in_range(viewed(from), viewed(to), {earliest, words.time()}, forward));
  }
  const std::string key = words.text();
  const Timestamp first = words.time();
  const Timestamp second = words.time();
  if (what == "find") return sessions(*store.find_sessions(key, {first, second}, forward));
  if (what == "get") return std::string(store.fetch_session(key, {first, second}).value_or("-"));
  store.put(key, {first, second}, viewed(words.maybe("-")));
  return "ok";
}

std::string answer(VersionedBytesStore& store, Words words) {
  const std::string what = words.text();
  const std::string key = words.text();
  if (what == "put") {
    const Timestamp timestamp = words.time();
    const auto put = store.put(key, viewed(words.maybe("-")), timestamp);
    if (!put.accepted) return "rejected";
    return put.valid_to ? "until " + std::to_string(*put.valid_to) : "latest";
  }
  const auto found = what == "get" ? store.get(key) : store.get(key, words.time());
  if (!found) return "-";
  return std::string(found->value) + "@" + std::to_string(found->timestamp);  // Java does not return valid_to here
}

/// A store with its changelog and, if the budget is not 0, a cache in front, as in a task.
class Run {
 public:
  /// `title`: `store <kind> <medium> cache <bytes>`.
  explicit Run(const std::string& title) {
    Words words(title);
    words.text();
    const std::string kind = words.text();
    const bool in_memory = words.text() == "memory";
    words.text();
    budget_.emplace(static_cast<std::size_t>(words.time()));
    if (kind == "key-value") {
      wire(make_change_logging(database_->key_value_store("s"), changelog_, ValueFormat::plain));
    } else if (kind == "lru") {
      wire(make_change_logging(make_in_memory_lru_store("s", 4), changelog_, ValueFormat::plain));
    } else if (kind == "window") {
      wire(make_change_logging(database_->window_store("s", {600'000, 1'000, false}), changelog_, ValueFormat::plain));
    } else if (kind == "session") {
      wire(make_change_logging(
          in_memory ? make_in_memory_session_store("s", 600'000) : database_->session_store("s", 600'000), changelog_));
    } else {
      keep(make_change_logging(database_->versioned_store("s", 1'000), changelog_));
    }
  }

  /// Runs the operations of one record. Returns the answers and the logged records in the form of the trace.
  std::string process(const std::string& operations) {
    contexts_.at(records_, kEpoch + records_);
    ++records_;
    std::vector<std::string> answers;
    for (std::size_t at = 0; at < operations.size();) {
      const std::size_t end = std::min(operations.find(", ", at), operations.size());
      answers.push_back(answer_(operations.substr(at, end - at)));
      at = end + 2;
    }
    store_->flush();
    return operations + " -> " + joined(answers, ", ") + " -> " + joined(std::exchange(changelog_.logged, {}), " ");
  }

 private:
  template <class Store>
  void wire(std::unique_ptr<Store> store) {
    if (budget_->limit() > 0) store = make_caching(std::move(store), *budget_, contexts_);
    keep(std::move(store));
  }
  template <class Store>
  void keep(std::unique_ptr<Store> store) {
    answer_ = [&inside = *store](const std::string& operation) { return answer(inside, Words(operation)); };
    store_ = std::move(store);
  }

  TempDirectory directory_;
  std::unique_ptr<TaskDatabase> database_ = TaskDatabase::open(directory_.path());
  FakeContexts contexts_;
  Changelog changelog_{contexts_};
  std::optional<CacheBudget> budget_;
  std::unique_ptr<StateStore> store_;
  std::function<std::string(const std::string&)> answer_;
  std::int64_t records_ = 0;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(StoresAgainstKafkaStreams)

BOOST_AUTO_TEST_CASE(give_the_same_answers_and_changelogs) {
  std::ifstream trace(MILLRACE_STORE_TRACE);
  BOOST_TEST_REQUIRE(trace.is_open());
  std::unique_ptr<Run> run;
  std::string title;
  int compared = 0;
  int number = 0;
  for (std::string line; std::getline(trace, line);) {
    ++number;
    if (line.starts_with("#")) continue;
    if (line.starts_with("store ")) {
      title = line;
      run = std::make_unique<Run>(line);
      continue;
    }
    BOOST_TEST_CONTEXT(title << ", line " << number) {
      BOOST_TEST_REQUIRE(run->process(line.substr(0, line.find(" -> "))) == line);
    }
    ++compared;
  }
  BOOST_TEST(compared > 900);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace millrace::detail
