#include "runtime/task/task_stores.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "millrace/common/errors.hpp"
#include "millrace/state/detail/changelog_writer.hpp"
#include "millrace/state/detail/formats.hpp"
#include "state/cache/stores.hpp"
#include "state/changelog/stores.hpp"
#include "state/memory/stores.hpp"
#include "state/versioned_store.hpp"
#include "topology/topology_graph.hpp"

namespace millrace::detail {

/// Sends a store's changes under the task's current record.
class TaskStores::Writer final : public ChangelogWriter {
 public:
  Writer(TaskContext& task, TaskOutput& output, std::uint64_t token) : task_(task), output_(output), token_(token) {}

  void log(std::string_view key, BytesView value, Timestamp timestamp, const Headers* headers) override {
    output_.send_changelog(token_, key, value, timestamp, headers);
  }
  [[nodiscard]] Timestamp current_timestamp() const override { return task_.current_record().timestamp; }
  [[nodiscard]] const Headers* current_headers() const override { return task_.current_record().headers; }

 private:
  TaskContext& task_;
  TaskOutput& output_;
  std::uint64_t token_;
};

/// The task's current record, as caches keep it and put it in force again.
class TaskStores::Contexts final : public RecordContextHolder {
 public:
  explicit Contexts(TaskContext& task) : task_(task) {}

  void keep(KeptContext& context) const override {
    const CurrentRecord& record = task_.current_record();
    const RecordOrigin& origin = *record.origin;
    assign(context.topic, origin.topic == nullptr ? BytesView() : BytesView(*origin.topic));
    context.partition = origin.partition;
    context.offset = origin.offset;
    context.timestamp = record.timestamp;
    context.headers = *record.headers;
    assign(context.raw_key, origin.raw_key);
    assign(context.raw_value, origin.raw_value);
  }

  void run_under(const KeptContext& context, FunctionRef<void()> action) override {
    const RecordOrigin origin{context.topic ? &*context.topic : nullptr, context.partition, context.offset,
                              context.raw_key, context.raw_value};
    const RecordScope scope(task_, {&origin, context.timestamp, &context.headers});
    action();
  }

 private:
  static void assign(std::optional<std::string>& to, BytesView from) {
    if (!from) {
      to.reset();
    } else if (to) {
      to->assign(*from);
    } else {
      to.emplace(*from);
    }
  }

  TaskContext& task_;
};

std::shared_ptr<StateMemory> make_state_memory(const StreamsConfig& config) {
  DatabaseOptions options;
  options.tier_bytes = static_cast<std::size_t>(config.get_int("millrace.memory.tier.max.bytes"));
  options.block_cache_bytes = static_cast<std::size_t>(config.get_int("millrace.rocksdb.block.cache.bytes"));
  options.write_buffer_bytes = static_cast<std::size_t>(config.get_int("millrace.rocksdb.write.buffer.bytes"));
  return std::make_shared<StateMemory>(options);
}

/// For stores whose changes are in a source topic already.
class TaskStores::NoWriter final : public ChangelogWriter {
 public:
  void log(std::string_view, BytesView, Timestamp, const Headers*) override {}
  [[nodiscard]] Timestamp current_timestamp() const override { return kNoTimestamp; }
  [[nodiscard]] const Headers* current_headers() const override { return nullptr; }
};

TaskStores::TaskStores(TaskContext& task, TaskOutput& output, const Setup& setup,
                       const std::filesystem::path& directory,
                       const std::vector<std::shared_ptr<const StoreBuilder>>& builders, CacheBudget* cache)
    : task_(task),
      output_(output),
      contexts_(std::make_unique<Contexts>(task)),
      no_writer_(std::make_unique<NoWriter>()) {
  const StreamsConfig& config = setup.config;
  const bool default_persistent = config.get_string("default.dsl.store") != "in_memory";
  const auto persistent = [&](const StoreSpec& spec) {
    if (spec.kind == StoreKind::custom) return false;
    return spec.default_medium ? default_persistent : spec.persistent;
  };
  if (std::ranges::any_of(builders, [&](const auto& builder) { return persistent(definition_of(*builder).spec); })) {
    database_ = TaskDatabase::open(directory, setup.memory ? setup.memory : make_state_memory(config));
  }
  for (const auto& builder : builders) {
    if (definition_of(*builder).spec.kind == StoreKind::custom) {
      add_custom(*builder, changelog_topic(setup.application_id, definition_of(*builder).spec.name));
    } else {
      add(*builder, setup, persistent(definition_of(*builder).spec), cache);
    }
  }
}

void TaskStores::add(const StoreBuilder& builder, const Setup& setup, bool persistent, CacheBudget* cache) {
  const StoreSpec& spec = definition_of(builder).spec;
  const std::string changelog = changelog_topic(setup.application_id, spec.name);
  // As in Java, operators put no headers of their own into their stores, so that the format shows in three places only:
  // deletes are logged with the headers of their record, values in caches count a byte more (the size of no headers),
  // and what leaves a session store's cache has the session's headers, which are none. Java has the format in RocksDB.
  const bool headers_format = spec.dsl_format && persistent && setup.config.get_string("dsl.store.format") == "HEADERS";
  ByteStore bytes = make_bytes(spec, persistent);
  if (const auto source = setup.source_changelogs.find(spec.name); source != setup.source_changelogs.end()) {
    ChangelogWriter& writer = follow(spec.name, {source->second, task_.task_id().partition}, persistent);
    logged_.back().restorable = log_changes(bytes, spec, headers_format, writer);
  } else if (spec.logging) {
    Logged logged;
    logged.store = spec.name;
    logged.changelog = {changelog, task_.task_id().partition};
    logged.persistent = persistent;
    if (persistent) logged.next_offset = database_->changelog_offset(logged.changelog);
    logged.token = output_.open_changelog(logged.changelog);
    writers_.push_back(std::make_unique<Writer>(task_, output_, logged.token));
    logged.restorable = log_changes(bytes, spec, headers_format, *writers_.back());
    logged_.push_back(std::move(logged));
  }
  if (spec.caching && cache != nullptr) cache_changes(bytes, spec, headers_format, *cache);
  if (setup.share) setup.share(builder, changelog, bytes);
  insides_[spec.name] = {bytes.key_value.get(), bytes.window.get(), bytes.session.get()};
  keep(spec.name, definition_of(builder).wrap(std::move(bytes), changelog));
}

ChangelogWriter& TaskStores::follow(const std::string& store, const TopicPartition& source, bool persistent) {
  Logged logged;
  logged.store = store;
  logged.changelog = source;
  logged.persistent = persistent;
  logged.source_topic = true;
  if (persistent) logged.next_offset = database_->changelog_offset(source);
  logged_.push_back(std::move(logged));
  return *no_writer_;
}

void TaskStores::keep(const std::string& name, std::unique_ptr<StateStore> store) {
  in_order_.push_back(store.get());
  stores_.emplace(name, std::move(store));
}

void TaskStores::cache_changes(ByteStore& bytes, const StoreSpec& spec, bool headers_format, CacheBudget& budget) {
  CacheTraits traits;
  traits.value_extra_bytes = headers_format ? 1 : 0;
  if (bytes.key_value) {
    bytes.key_value = make_caching(std::move(bytes.key_value), budget, *contexts_, traits);
  } else if (bytes.window && !spec.window.retain_duplicates) {
    bytes.window = make_caching(std::move(bytes.window), budget, *contexts_, traits);
  } else if (bytes.session) {
    traits.forwards_headers = !headers_format;
    bytes.session = make_caching(std::move(bytes.session), budget, *contexts_, traits);
  }
}

void TaskStores::add_custom(const StoreBuilder& builder, const std::string& changelog) {
  const std::string& name = definition_of(builder).spec.name;
  if (!definition_of(builder).spec.logging) {
    keep(name, definition_of(builder).make(nullptr, changelog));
    return;
  }
  Logged logged;
  logged.store = name;
  logged.changelog = {changelog, task_.task_id().partition};
  logged.token = output_.open_changelog(logged.changelog);
  writers_.push_back(std::make_unique<Writer>(task_, output_, logged.token));
  auto store = definition_of(builder).make(writers_.back().get(), changelog);
  logged.restorable = store.get();
  logged_.push_back(std::move(logged));
  keep(name, std::move(store));
}

RestorableStore* TaskStores::log_changes(ByteStore& bytes, const StoreSpec& spec, bool headers_format,
                                         ChangelogWriter& writer) {
  const LoggedHeaders headers = headers_format ? LoggedHeaders::of_deletes : spec.log_headers;
  if (bytes.key_value) {
    bytes.key_value = make_change_logging(std::move(bytes.key_value), writer, spec.format, headers);
    return bytes.key_value.get();
  }
  if (bytes.window) {
    bytes.window = make_change_logging(std::move(bytes.window), writer, spec.format, headers);
    return bytes.window.get();
  }
  if (bytes.session) {
    bytes.session = make_change_logging(std::move(bytes.session), writer, spec.format, headers);
    return bytes.session.get();
  }
  bytes.versioned = make_change_logging(std::move(bytes.versioned), writer);
  return bytes.versioned.get();
}

TaskStores::~TaskStores() {
  for (const Logged& logged : logged_) {
    if (!logged.source_topic) output_.close_changelog(logged.token);
  }
}

ByteStore TaskStores::make_bytes(const StoreSpec& spec, bool persistent) {
  if (!persistent) return make_in_memory_store(spec);
  ByteStore bytes;
  database_->expect_headers(spec.name, has_headers(spec.format));
  switch (spec.kind) {
    case StoreKind::key_value: bytes.key_value = database_->key_value_store(spec.name); break;
    case StoreKind::window: bytes.window = database_->window_store(spec.name, spec.window); break;
    case StoreKind::session: bytes.session = database_->session_store(spec.name, spec.retention_ms); break;
    case StoreKind::versioned: bytes.versioned = database_->versioned_store(spec.name, spec.retention_ms); break;
    case StoreKind::custom: break;  // makes its own
  }
  return bytes;
}

StateStore* TaskStores::find(const std::string& name) const {
  const auto found = stores_.find(name);
  return found == stores_.end() ? nullptr : found->second.get();
}

std::vector<std::string> TaskStores::names() const {
  std::vector<std::string> names;
  for (const StateStore* store : in_order_) names.push_back(store->name());
  return names;
}

void TaskStores::dump(const std::string& name, FunctionRef<void(std::string_view, std::string_view)> visit) const {
  constexpr Timestamp kEndOfTime = std::numeric_limits<Timestamp>::max();
  const auto found = insides_.find(name);
  const Inside inside = found == insides_.end() ? Inside() : found->second;
  std::string key;
  if (inside.key_value != nullptr) {
    const auto all = inside.key_value->range(std::nullopt, std::nullopt, true);
    for (; all->valid(); all->next()) visit(all->key(), all->value());
  } else if (inside.window != nullptr) {
    const auto all = inside.window->fetch_range(std::nullopt, std::nullopt, 0, kEndOfTime, true);
    for (; all->valid(); all->next()) {
      key.clear();
      formats::append_window_key(key, all->key(), all->window_start(), all->seq());
      visit(key, all->value());
    }
  } else if (inside.session != nullptr) {
    const auto all = inside.session->find_sessions_in_range(std::nullopt, std::nullopt, 0, kEndOfTime, true);
    for (; all->valid(); all->next()) {
      key.clear();
      formats::append_session_key(key, all->key(), all->session().start, all->session().end);
      visit(key, all->value());
    }
  } else {
    throw TopologyException("there is no key-value, window or session store '" + name + "' to dump");
  }
}

void TaskStores::flush() {
  for (StateStore* store : in_order_) store->flush();
}

void TaskStores::checkpoint_restore() {
  if (!database_) return;
  std::map<TopicPartition, std::int64_t> offsets;
  for (const Logged& logged : logged_) {
    if (logged.persistent && logged.next_offset) offsets.emplace(logged.changelog, *logged.next_offset);
  }
  database_->commit(offsets);
}

void TaskStores::wipe(const Logged& logged) {
  if (logged.persistent) database_->wipe(logged.store);
}

void TaskStores::commit() {
  if (!database_) return;
  std::map<TopicPartition, std::int64_t> offsets = source_offsets_;
  for (Logged& logged : logged_) {
    const auto confirmed = logged.source_topic ? std::nullopt : output_.confirmed_offset(logged.token);
    if (confirmed) logged.next_offset = confirmed;
    if (logged.persistent && logged.next_offset) offsets.emplace(logged.changelog, *logged.next_offset);
  }
  database_->commit(offsets);
}

void TaskStores::source_processed(const TopicPartition& source, std::int64_t next_offset) {
  source_offsets_[source] = next_offset;
  for (Logged& logged : logged_) {
    if (logged.source_topic && logged.changelog == source) logged.next_offset = next_offset;
  }
}

std::optional<std::int64_t> TaskStores::source_offset(const TopicPartition& source) const {
  return database_ ? database_->changelog_offset(source) : std::nullopt;
}

std::size_t TaskStores::uncommitted_bytes() const { return database_ ? database_->uncommitted_bytes() : 0; }

void TaskStores::flush_to_disk() {
  if (database_) database_->flush();
}

}  // namespace millrace::detail
