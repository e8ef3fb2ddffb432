// SPDX-License-Identifier: Apache-2.0
#include "oracle/cpp/program/processors.hpp"
#include "millrace/state/session_store.hpp"
#include "millrace/state/versioned_key_value_store.hpp"
#include "millrace/state/window_store.hpp"
#include "oracle/cpp/program/extractor.hpp"

// The processors of a program, by name. The counterpart of Processors.java. `store` is the first store of the node.

namespace oracle::program {
namespace {

using millrace::FixedKeyRecord;
using millrace::Millis;
using millrace::PunctuationType;
using millrace::Record;
using millrace::Timestamp;

using Context = millrace::ProcessorContext<Key, Value>;

Value old_and_new(Store& store, const Dynamic& key, const Value& value) {
  const Value old = store.get(key);
  put_or_delete(store, key, value);
  return Dynamic(text(dynamic(old)) + ">" + text(dynamic(value)));
}

template <class K, class V>
struct Forward final : millrace::Processor<K, V> {
  void process(Record<K, V> record) override { this->context().forward(record); }
};
template <class K, class V>
struct ForwardValues final : millrace::FixedKeyProcessor<K, V> {
  void process(FixedKeyRecord<K, V> record) override { this->context().forward(record); }
};

struct ForwardLater final : Processor {
  explicit ForwardLater(Timestamp interval) : interval_(interval) {}
  void process(Record<Key, Value> record) override {
    context().forward(record);
    context().forward(record.with_timestamp(record.timestamp + interval_));
  }

 private:
  Timestamp interval_;
};

struct Remember final : Processor {
  explicit Remember(std::string store) : store_(std::move(store)) {}
  void process(Record<Key, Value> record) override {
    if (record.key.is_null()) return;
    auto& store = context().get_state_store<Store>(store_);
    context().forward(record.with_value(old_and_new(store, record.key, record.value)));
  }

 private:
  std::string store_;
};

struct UseTimestamped final : WithStore {
  using WithStore::WithStore;
  std::string use(const Record<Key, Value>& record) override {
    auto& store = this->store<millrace::TimestampedKeyValueStore<Dynamic, Dynamic>>();
    const auto old = store.get(record.key);
    if (record.value) {
      store.put(record.key, {*record.value, record.timestamp});
    } else {
      store.put_one(record.key, nullptr);
    }
    return (old ? text(old->value) + "@" + std::to_string(old->timestamp) : "null") + ">" + text(dynamic(record.value));
  }
};

struct UseWindows final : WithStore {
  using WithStore::WithStore;
  std::string use(const Record<Key, Value>& record) override {
    auto& store = this->store<millrace::WindowStore<Dynamic, Dynamic>>();
    store.put(record.key, record.value, record.timestamp);
    std::string seen;
    for (const auto& entry : store.fetch(record.key, before(record.timestamp), after(record.timestamp))) {
      seen += std::to_string(entry.key) + "=" + text(entry.value) + " ";
    }
    return seen;
  }
};

struct UseSessions final : WithStore {
  using WithStore::WithStore;
  std::string use(const Record<Key, Value>& record) override {
    auto& store = this->store<millrace::SessionStore<Dynamic, Dynamic>>();
    const auto time = record.timestamp;
    store.put({record.key, {time, after(time)}}, record.value ? &*record.value : nullptr);
    std::string seen;
    for (const auto& entry : store.find_sessions(record.key, before(time), after(time))) {
      seen += std::to_string(entry.key.window.start) + "-" + std::to_string(entry.key.window.end) + "=" +
              text(entry.value) + " ";
    }
    return seen;
  }
};

struct UseVersions final : WithStore {
  using WithStore::WithStore;
  std::string use(const Record<Key, Value>& record) override {
    auto& store = this->store<millrace::VersionedKeyValueStore<Dynamic, Dynamic>>();
    store.put(record.key, record.value ? &*record.value : nullptr, record.timestamp);
    return show(store.get(record.key)) + " " + show(store.get(record.key, before(record.timestamp)));
  }

 private:
  static std::string show(const std::optional<millrace::VersionedRecord<Dynamic>>& version) {
    return version ? text(version->value) + "@" + std::to_string(version->timestamp) : "none";
  }
};

/// Forwards values longer than 2 to the named child only, and other values to all children.
struct Route final : Processor {
  explicit Route(std::string child) : child_(std::move(child)) {}
  void process(Record<Key, Value> record) override {
    if (length(text(dynamic(record.value))) > 2) {
      context().forward(record, child_);
    } else {
      context().forward(record);
    }
  }

 private:
  std::string child_;
};

/// Puts records into a global store unchanged.
class Fill final : public Processor {
 public:
  explicit Fill(std::string store) : store_(std::move(store)) {}
  void process(Record<Key, Value> record) override {
    if (!record.key.is_null()) put_or_delete(context().get_state_store<Store>(store_), record.key, record.value);
  }

 private:
  std::string store_;
};

/// Keeps the latest value of each key. Its punctuation forwards all entries in key order and deletes them.
class Collect final : public Processor {
 public:
  Collect(std::string store, Millis interval, PunctuationType type)
      : store_(std::move(store)), interval_(interval), type_(type) {}

  void init(Context& context) override {
    Processor::init(context);
    context.schedule(interval_, type_, [this](Timestamp time) { flush(time); });
  }
  void process(Record<Key, Value> record) override {
    if (!record.key.is_null()) put_or_delete(store(), record.key, record.value);
  }

 private:
  Store& store() { return context().get_state_store<Store>(store_); }
  void flush(Timestamp time) {
    for (const auto& entry : store().all()) {
      context().forward({entry.key, entry.value, time, {}});
      store().remove(entry.key);
    }
  }

  std::string store_;
  Millis interval_;
  PunctuationType type_;
};

std::unique_ptr<Processor> make_stored_processor(const Function& f, const std::string& store) {
  if (f.name == "forward") return std::make_unique<Forward<Key, Value>>();
  if (f.name == "forward_later") return std::make_unique<ForwardLater>(f.number());
  if (f.name == "remember") return std::make_unique<Remember>(store);
  if (f.name == "route") return std::make_unique<Route>(f.argument);
  if (f.name == "timestamped") return std::make_unique<UseTimestamped>(store);
  if (f.name == "window") return std::make_unique<UseWindows>(store, f.number());
  if (f.name == "session") return std::make_unique<UseSessions>(store, f.number());
  if (f.name == "versioned") return std::make_unique<UseVersions>(store, f.number());
  if (f.name == "collect_until_stream_time") {
    return std::make_unique<Collect>(store, Millis(f.number()), PunctuationType::stream_time);
  }
  if (f.name == "collect_until_wall_clock") {
    return std::make_unique<Collect>(store, Millis(f.number()), PunctuationType::wall_clock_time);
  }
  f.unknown("processor");
}

struct ProcessValues final : millrace::FixedKeyProcessor<Key, Value> {
  ProcessValues(Function function, std::string store) : function_(std::move(function)), store_(std::move(store)) {}
  void process(FixedKeyRecord<Key, Value> record) override {
    if (function_.name == "forward") {
      context().forward(record);
    } else if (!record.key().is_null()) {
      auto& store = context().get_state_store<Store>(store_);
      context().forward(record.with_value(old_and_new(store, record.key(), record.value())));
    }
  }

 private:
  Function function_;
  std::string store_;
};

std::unique_ptr<FixedKeyProcessor> make_value_processor(const Function& f, const std::string& store) {
  if (auto found = make_context_value_processor(f)) return found;
  if (f.name != "forward" && f.name != "remember") f.unknown("value processor");
  return std::make_unique<ProcessValues>(f, store);
}

Types processed_types(const Json& op, const Node& from) {
  const auto function = Function(fn(op)).name;
  const bool shows = function == "change" || function == "headers" || function == "metadata";
  return {function == "change" ? Type::string : from.key, shows ? Type::string : from.value};
}

std::vector<std::string> stores_of(const Json& op) { return op.value("stores", std::vector<std::string>()); }
/// The first store of the node, or the global store that the node names.
std::string used_store(const Json& op) {
  const auto stores = stores_of(op);
  return stores.empty() ? op.value("global", std::string()) : stores.front();
}

void process(Program& program, const Json& op) {
  const auto& from = program.from(op);
  with_stream(from, [&]<class K, class V>(const millrace::KStream<K, V>& stream) {
    if constexpr (std::is_same_v<millrace::KStream<K, V>, Stream>) {
      const auto supply = [f = Function(fn(op)), store = used_store(op)] { return make_processor(f, store); };
      const auto types = processed_types(op, from);
      program.set(op, stream.process(supply, stores_of(op), named(op)), types.key, types.value);
    } else {
      const auto supply = [] { return std::make_unique<Forward<K, V>>(); };
      program.set(op, stream.process(supply, {}, named(op)), from.key, from.value);
    }
  });
}

void process_values(Program& program, const Json& op) {
  const auto& from = program.from(op);
  const Function function(fn(op));
  const auto supply = [function, store = used_store(op)] { return make_value_processor(function, store); };
  with_stream(from, [&]<class K, class V>(const millrace::KStream<K, V>& stream) {
    if constexpr (std::is_same_v<millrace::KStream<K, V>, Stream>) {
      program.set(op, stream.process_values(supply, stores_of(op), named(op)), from.key,
                  processed_types(op, from).value);
    } else {
      const auto forward = [] { return std::make_unique<ForwardValues<K, V>>(); };
      program.set(op, stream.process_values(forward, {}, named(op)), from.key, from.value);
    }
  });
}

void global_store(Program& program, const Json& op) {
  const auto store = op.at("store").at("name").get<std::string>();
  with_extractor(op, millrace::Consumed::with(DynamicSerde(), ValueSerde()).with_name(name(op)),
                 [&](const auto& consumed) {
                   program.builder().add_global_store<Key, Value>(make_store(op.at("store")), op.at("topic"), consumed,
                                                                  [store] { return make_filler(store); });
                 });
}

}  // namespace

std::unique_ptr<Processor> make_processor(const Function& f, const std::string& store) {
  if (auto found = make_context_processor(f)) return found;
  if (auto found = make_walking_processor(f, store)) return found;
  if (auto found = make_header_processor(f, store)) return found;
  return make_stored_processor(f, store);
}

std::unique_ptr<Processor> make_filler(const std::string& store) { return std::make_unique<Fill>(store); }

millrace::StoreBuilder make_store(const Json& store) {
  using millrace::Stores;
  const auto name = store.at("name").get<std::string>();
  const auto kind = store.value("kind", "key_value");
  const auto medium =
      store.value("in_memory", false) ? millrace::StoreMedium::in_memory : millrace::StoreMedium::rocksdb;
  const Millis retention(store.value("retention", std::int64_t(0)));
  const auto size = store.value("size", std::int64_t(0));
  const bool duplicates = store.value("duplicates", false);
  auto made =
      kind == "timestamped" ? Stores::timestamped_key_value_store<Dynamic, Dynamic>(name, medium)
      : kind == "window"    ? Stores::window_store<Dynamic, Dynamic>(name, retention, Millis(size), duplicates, medium)
      : kind == "session"   ? Stores::session_store<Dynamic, Dynamic>(name, retention, medium)
      : kind == "timestamped_window"
          ? Stores::timestamped_window_store<Dynamic, Dynamic>(name, retention, Millis(size), medium)
      : kind == "timestamped_with_headers"
          ? Stores::timestamped_key_value_store_with_headers<Dynamic, Dynamic>(name, medium)
      : kind == "timestamped_window_with_headers"
          ? Stores::timestamped_window_store_with_headers<Dynamic, Dynamic>(name, retention, Millis(size), medium)
      : kind == "session_with_headers" ? Stores::session_store_with_headers<Dynamic, Dynamic>(name, retention, medium)
      : kind == "lru"                  ? Stores::lru_map<Dynamic, Dynamic>(name, static_cast<std::size_t>(size))
      : kind == "versioned"            ? Stores::persistent_versioned_key_value_store<Dynamic, Dynamic>(name, retention)
                                       : Stores::key_value_store<Dynamic, Dynamic>(name, medium);
  if (!store.value("logging", true)) made.with_logging_disabled();
  if (store.value("caching", false)) made.with_caching_enabled();
  return made;
}

void add_store(millrace::StreamsBuilder& builder, const Json& store) { builder.add_state_store(make_store(store)); }

void add_processor_operators(Program::Operators& operators) {
  operators["process"] = process;
  operators["process_values"] = process_values;
  operators["global_store"] = global_store;
}

}  // namespace oracle::program
