#include <algorithm>

#include "millrace/state/session_store.hpp"
#include "millrace/state/versioned_key_value_store.hpp"
#include "millrace/state/window_store.hpp"
#include "oracle/cpp/program/program.hpp"

// The processors of a program, by name; twin of Processors.java. `store` is the first store of the node.

namespace oracle::program {
namespace {

using millrace::FixedKeyRecord;
using millrace::KeyValueStore;
using millrace::Millis;
using millrace::PunctuationType;
using millrace::Record;
using millrace::Timestamp;

using Store = KeyValueStore<Dynamic, Dynamic>;
using Processor = millrace::Processor<Key, Value>;
using Context = millrace::ProcessorContext<Key, Value>;

/// Java's put: null deletes.
void put_or_delete(Store& store, const Dynamic& key, const Value& value) {
  if (value) {
    store.put(key, *value);
  } else {
    store.remove(key);
  }
}

Value old_and_new(Store& store, const Dynamic& key, const Value& value) {
  const Value old = store.get(key);
  put_or_delete(store, key, value);
  return Dynamic(text(dynamic(old)) + ">" + text(dynamic(value)));
}

struct Forward final : Processor {
  void process(Record<Key, Value> record) override { context().forward(record); }
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

/// Base of the processors that show what their store answers.
class WithStore : public Processor {
 public:
  explicit WithStore(std::string store, Timestamp span = 0) : store_(std::move(store)), span_(span) {}
  void process(Record<Key, Value> record) override {
    if (record.key.is_null()) return;
    auto answer = use(record);
    context().forward(record.with_value(Value(std::move(answer))));
  }

 protected:
  [[nodiscard]] virtual std::string use(const Record<Key, Value>& record) = 0;
  template <class S>
  [[nodiscard]] S& store() {
    return context().get_state_store<S>(store_);
  }
  [[nodiscard]] Timestamp before(Timestamp time) const { return std::max<Timestamp>(0, time - span_); }
  [[nodiscard]] Timestamp after(Timestamp time) const { return time + span_; }

 private:
  std::string store_;
  Timestamp span_;
};

struct UseTimestamped final : WithStore {
  using WithStore::WithStore;
  std::string use(const Record<Key, Value>& record) override {
    auto& store = this->store<millrace::TimestampedKeyValueStore<Dynamic, Dynamic>>();
    const auto old = store.get(record.key);
    if (record.value) {
      store.put(record.key, {*record.value, record.timestamp});
    } else {
      store.remove(record.key);
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

/// Longer values go to the named child alone, the others to all.
struct Route final : Processor {
  explicit Route(std::string child) : child_(std::move(child)) {}
  void process(Record<Key, Value> record) override {
    if (text(dynamic(record.value)).size() > 2) {
      context().forward(record, child_);
    } else {
      context().forward(record);
    }
  }

 private:
  std::string child_;
};

/// Keeps the latest value of each key; when its time comes, forwards and deletes them all in key order.
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

std::unique_ptr<Processor> make_processor(const Function& f, const std::string& store) {
  if (f.name == "forward") return std::make_unique<Forward>();
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

std::vector<std::string> stores_of(const Json& op) { return op.value("stores", std::vector<std::string>()); }
std::string first_store(const Json& op) {
  const auto stores = stores_of(op);
  return stores.empty() ? std::string() : stores.front();
}

void process(Program& program, const Json& op) {
  const auto& from = program.from(op);
  const auto supply = [f = Function(fn(op)), store = first_store(op)] { return make_processor(f, store); };
  program.set(op, stream(from).process(supply, stores_of(op), named(op)), from.key, from.value);
}

void process_values(Program& program, const Json& op) {
  const auto& from = program.from(op);
  const Function function(fn(op));
  if (function.name != "forward" && function.name != "remember") function.unknown("value processor");
  const auto supply = [function, store = first_store(op)] { return std::make_unique<ProcessValues>(function, store); };
  program.set(op, stream(from).process_values(supply, stores_of(op), named(op)), from.key, from.value);
}

}  // namespace

void add_store(millrace::StreamsBuilder& builder, const Json& store) {
  using millrace::Stores;
  const auto name = store.at("name").get<std::string>();
  const auto kind = store.value("kind", "key_value");
  const auto medium =
      store.value("in_memory", false) ? millrace::StoreMedium::in_memory : millrace::StoreMedium::rocksdb;
  const Millis retention(store.value("retention", std::int64_t(0)));
  auto made = kind == "timestamped" ? Stores::timestamped_key_value_store<Dynamic, Dynamic>(name, medium)
              : kind == "window"    ? Stores::window_store<Dynamic, Dynamic>(
                                       name, retention, Millis(store.at("size").get<std::int64_t>()), false, medium)
              : kind == "session"   ? Stores::session_store<Dynamic, Dynamic>(name, retention, medium)
              : kind == "versioned" ? Stores::persistent_versioned_key_value_store<Dynamic, Dynamic>(name, retention)
                                    : Stores::key_value_store<Dynamic, Dynamic>(name, medium);
  if (!store.value("logging", true)) made.with_logging_disabled();
  if (store.value("caching", false)) made.with_caching_enabled();
  builder.add_state_store(std::move(made));
}

void add_processor_operators(Program::Operators& operators) {
  operators["process"] = process;
  operators["process_values"] = process_values;
}

}  // namespace oracle::program
