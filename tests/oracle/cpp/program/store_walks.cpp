// SPDX-License-Identifier: Apache-2.0
#include "millrace/state/session_store.hpp"
#include "millrace/state/versioned_key_value_store.hpp"
#include "millrace/state/window_store.hpp"
#include "oracle/cpp/program/processors.hpp"
#include "oracle/cpp/program/store_show.hpp"

// Processors that iterate over a store in every possible way and forward what they see as the value.

namespace oracle::program {
namespace {

using millrace::Record;
using KeyLimit = std::optional<Dynamic>;

struct Walk final : WithStore {
  using WithStore::WithStore;
  std::string use(const Record<Key, Value>& record) override {
    auto& store = this->store<Store>();
    const auto key = text(record.key);
    put_or_delete(store, record.key, kept(record.value));
    const auto prefix = key.empty() ? "a" : first_characters(key, 1);
    return in_order({show(store.range(Dynamic("a"), record.key)), show(store.range(record.key, Dynamic("b"))),
                     show(store.range(std::nullopt, record.key)), show(store.reverse_range(Dynamic("a"), record.key)),
                     show(store.reverse_range(record.key, std::nullopt)), show(store.reverse_all()),
                     show(store.prefix_scan(prefix))});
  }
};

struct PutAll final : WithStore {
  using WithStore::WithStore;
  std::string use(const Record<Key, Value>& record) override {
    auto& store = this->store<Store>();
    if (!record.value) return "deleted " + show(store.remove(record.key));
    const auto value = kept(record.value).value();
    store.put_all({{record.key, value}, {Dynamic("c"), value}});
    const auto there = show(store.put_if_absent(Dynamic("b"), value));
    return there + show(store.all());
  }
};

/// At each step of an iteration, overwrites, deletes or adds an entry before, at or after the current position.
struct WriteInWalk final : WithStore {
  WriteInWalk(std::string store, bool backward) : WithStore(std::move(store)), backward_(backward) {}
  std::string use(const Record<Key, Value>& record) override {
    auto& store = this->store<Store>();
    if (record.value) {
      store.put(record.key, kept(record.value).value());
    } else {
      (void)store.remove(record.key);
    }
    const auto value = text(dynamic(kept(record.value)));
    const auto units = static_cast<std::size_t>(length(value));
    std::size_t step = 0;
    std::string seen = "[";
    for (const auto& entry : backward_ ? store.reverse_all() : store.all()) {
      seen += show(entry.key) + "=" + show(entry.value) + " ";
      static const std::vector<std::string> kTargets{"a", "ab", "b", "c", "dd"};
      const Dynamic target(kTargets[(units + 2 * step) % kTargets.size()]);
      if ((units + step) % 3 == 1) {
        (void)store.remove(target);
      } else {
        store.put(target, Dynamic(value + std::to_string(step)));
      }
      ++step;
    }
    return seen + "]" + show(store.all());
  }

 private:
  bool backward_;
};

struct WalkWindows final : WithStore {
  using WithStore::WithStore;
  std::string use(const Record<Key, Value>& record) override {
    auto& store = this->store<millrace::WindowStore<Dynamic, Dynamic>>();
    const auto time = record.timestamp;
    const auto from = before(time);
    const auto to = after(time);
    store.put(record.key, kept(record.value), time);
    return in_order({show(store.backward_fetch(record.key, from, to)),
                     show(store.fetch(KeyLimit(Dynamic("a")), record.key, from, to)),
                     show(store.backward_fetch(KeyLimit(), record.key, from, to)), show(store.fetch_all(from, time)),
                     show(store.backward_fetch_all(from, time)), show(store.all()), show(store.backward_all())});
  }
};

struct TimestampedWindows final : WithStore {
  using WithStore::WithStore;
  std::string use(const Record<Key, Value>& record) override {
    auto& store = this->store<millrace::TimestampedWindowStore<Dynamic, Dynamic>>();
    const auto time = record.timestamp;
    const auto start = time - time % 10;
    const auto old = show(store.fetch(record.key, start));
    store.put(record.key, record.value ? std::optional(Stamped{*record.value, time}) : std::nullopt, start);
    return old + show(store.fetch(record.key, before(time), after(time)));
  }
};

struct WalkSessions final : WithStore {
  using WithStore::WithStore;
  std::string use(const Record<Key, Value>& record) override {
    auto& store = this->store<millrace::SessionStore<Dynamic, Dynamic>>();
    const auto time = record.timestamp;
    const auto from = before(time);
    const KeyLimit key = record.key;
    const KeyLimit least = std::min(record.key, Dynamic("a"));
    const auto value = kept(record.value);
    store.put({record.key, {time, after(time)}}, value ? &*value : nullptr);
    return in_order({show(store.fetch_session(record.key, time, after(time))), show(store.fetch(record.key)),
                     show(store.backward_fetch(record.key)), show(store.backward_find_sessions(record.key, from, time)),
                     show(store.find_sessions(least, key, from, after(time))), show(store.fetch(least, key)),
                     show(store.backward_fetch(least, key))});
  }
};

struct DeleteVersions final : WithStore {
  using WithStore::WithStore;
  std::string use(const Record<Key, Value>& record) override {
    auto& store = this->store<millrace::VersionedKeyValueStore<Dynamic, Dynamic>>();
    const auto time = record.timestamp;
    std::string done;
    if (contains(text(dynamic(record.value)), "x")) {
      done = version(store.remove(record.key, time));
    } else {
      done = put(store.put(record.key, record.value ? &*record.value : nullptr, time));
    }
    return done + " " + version(store.get(record.key)) + " " + version(store.get(record.key, before(time))) + " " +
           version(store.get(record.key, time));
  }

 private:
  static std::string version(const std::optional<millrace::VersionedRecord<Dynamic>>& found) {
    return found ? text(found->value) + "@" + std::to_string(found->timestamp) : "none";
  }
  /// The number that Java's put returns.
  static std::string put(const millrace::VersionedPut& put) {
    return std::to_string(put.accepted ? put.valid_to.value_or(-1) : std::numeric_limits<std::int64_t>::min());
  }
};

// Through a cache, Kafka Streams iterates correctly only forward, or in both directions if nothing is ever deleted.

constexpr millrace::Timestamp kSpan = 25;

struct CachedWalk final : WithStore {
  CachedWalk(std::string store, bool forward) : WithStore(std::move(store)), forward_(forward) {}
  std::string use(const Record<Key, Value>& record) override {
    auto& store = this->store<Store>();
    const auto key = text(record.key);
    if (!forward_ && !record.value) return "ignored";
    put_or_delete(store, record.key, kept(record.value));
    if (!forward_) {
      return in_order({show(store.reverse_range(Dynamic("a"), record.key)),
                       show(store.reverse_range(record.key, std::nullopt)), show(store.reverse_all()),
                       show(store.range(Dynamic(""), record.key))});
    }
    const auto prefix = key.empty() ? "a" : first_characters(key, 1);
    return in_order({show(store.range(Dynamic("a"), record.key)), show(store.range(record.key, Dynamic("b"))),
                     show(store.range(std::nullopt, record.key)), show(store.prefix_scan(prefix)), show(store.all())});
  }

 private:
  bool forward_;
};

struct CachedWindowWalk final : WithStore {
  CachedWindowWalk(std::string store, bool forward) : WithStore(std::move(store)), forward_(forward) {}
  std::string use(const Record<Key, Value>& record) override {
    auto& store = this->store<millrace::WindowStore<Dynamic, Dynamic>>();
    const auto time = record.timestamp;
    const auto from = std::max<millrace::Timestamp>(0, time - kSpan);
    const auto to = time + kSpan;
    const KeyLimit least = Dynamic("");
    if (!forward_ && !record.value) return "ignored";
    store.put(record.key, kept(record.value), time);
    if (!forward_) {
      return in_order({show(store.backward_fetch(record.key, from, to)),
                       show(store.backward_fetch(least, record.key, from, to)),
                       show(store.backward_fetch_all(from, time)), show(store.backward_all())});
    }
    return in_order({show(store.fetch(record.key, from, to)), show(store.fetch(least, record.key, from, to)),
                     show(store.fetch_all(from, time)), show(store.all())});
  }

 private:
  bool forward_;
};

struct CachedSessionWalk final : WithStore {
  CachedSessionWalk(std::string store, bool forward) : WithStore(std::move(store)), forward_(forward) {}
  std::string use(const Record<Key, Value>& record) override {
    auto& store = this->store<millrace::SessionStore<Dynamic, Dynamic>>();
    const auto time = record.timestamp;
    const auto from = std::max<millrace::Timestamp>(0, time - kSpan);
    const KeyLimit least = Dynamic("");
    const KeyLimit key = record.key;
    const auto value = kept(record.value);
    if (!forward_ && !value) return "ignored";
    store.put({record.key, {time, time + kSpan}}, value ? &*value : nullptr);
    if (!forward_) {
      return in_order(
          {show(store.backward_find_sessions(least, key, from, time)), show(store.backward_fetch(least, key))});
    }
    return in_order({show(store.fetch_session(record.key, time, time + kSpan)),
                     show(store.find_sessions(record.key, from, time)),
                     show(store.find_sessions(least, key, from, time)), show(store.fetch(least, key))});
  }

 private:
  bool forward_;
};

/// Reads a global store, such as that of a global table. V is the value type of the store.
template <class V>
struct Lookup final : WithStore {
  using WithStore::WithStore;
  std::string use(const Record<Key, Value>& record) override {
    auto& store = this->store<millrace::KeyValueStore<Dynamic, V>>();
    return in_order({show(store.get(record.key)), show(store.range(std::nullopt, record.key))});
  }
};

}  // namespace

std::unique_ptr<Processor> make_walking_processor(const Function& f, const std::string& store) {
  if (f.name == "walk") return std::make_unique<Walk>(store);
  const bool forward = f.argument == "forward";
  if (f.name == "cached_walk") return std::make_unique<CachedWalk>(store, forward);
  if (f.name == "cached_window_walk") return std::make_unique<CachedWindowWalk>(store, forward);
  if (f.name == "cached_session_walk") return std::make_unique<CachedSessionWalk>(store, forward);
  if (f.name == "put_all") return std::make_unique<PutAll>(store);
  if (f.name == "write_in_walk") return std::make_unique<WriteInWalk>(store, f.argument == "backward");
  if (f.name == "window_walk") return std::make_unique<WalkWindows>(store, f.number());
  if (f.name == "timestamped_window") return std::make_unique<TimestampedWindows>(store, f.number());
  if (f.name == "session_walk") return std::make_unique<WalkSessions>(store, f.number());
  if (f.name == "versioned_delete") return std::make_unique<DeleteVersions>(store, f.number());
  if (f.name == "lookup" && f.argument == "timestamped") return std::make_unique<Lookup<Stamped>>(store);
  if (f.name == "lookup") return std::make_unique<Lookup<Dynamic>>(store);
  return nullptr;
}

}  // namespace oracle::program
