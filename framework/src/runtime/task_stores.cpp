#include "runtime/task_stores.hpp"

#include <algorithm>
#include <utility>

#include "millrace/state/changelog_writer.hpp"
#include "state/change_logging_stores.hpp"
#include "state/in_memory_stores.hpp"
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
  [[nodiscard]] Timestamp current_timestamp() const override { return task_.record.timestamp; }
  [[nodiscard]] const Headers* current_headers() const override { return task_.record.headers; }

 private:
  TaskContext& task_;
  TaskOutput& output_;
  std::uint64_t token_;
};

TaskStores::TaskStores(TaskContext& task, TaskOutput& output, const StreamsConfig& config,
                       const std::filesystem::path& directory, const std::string& application_id,
                       const std::vector<std::shared_ptr<const StoreBuilder>>& builders)
    : task_(task), output_(output) {
  const bool default_persistent = config.get_string("default.dsl.store") != "in_memory";
  const auto persistent = [&](const StoreSpec& spec) {
    return spec.default_medium ? default_persistent : spec.persistent;
  };
  if (std::ranges::any_of(builders, [&](const auto& builder) { return persistent(builder->spec); })) {
    DatabaseOptions options;
    options.tier_bytes = static_cast<std::size_t>(config.get_int("millrace.memory.tier.max.bytes"));
    options.block_cache_bytes = static_cast<std::size_t>(config.get_int("millrace.rocksdb.block.cache.bytes"));
    options.write_buffer_bytes = static_cast<std::size_t>(config.get_int("millrace.rocksdb.write.buffer.bytes"));
    database_ = TaskDatabase::open(directory, options);
  }
  for (const auto& builder : builders) {
    const StoreSpec& spec = builder->spec;
    const std::string changelog = changelog_topic(application_id, spec.name);
    if (spec.kind == StoreKind::custom) {
      add_custom(*builder, changelog);
      continue;
    }
    ByteStore bytes = make_bytes(spec, persistent(spec));
    if (spec.logging) {
      Logged logged;
      logged.store = spec.name;
      logged.changelog = {changelog, task.task_id().partition};
      logged.persistent = persistent(spec);
      if (logged.persistent) logged.next_offset = database_->changelog_offset(logged.changelog);
      logged.token = output.open_changelog(logged.changelog);
      writers_.push_back(std::make_unique<Writer>(task, output, logged.token));
      logged.restorable = log_changes(bytes, spec, *writers_.back());
      logged_.push_back(std::move(logged));
    }
    stores_.emplace(spec.name, builder->wrap(std::move(bytes), changelog));
  }
}

void TaskStores::add_custom(const StoreBuilder& builder, const std::string& changelog) {
  const std::string& name = builder.spec.name;
  if (!builder.spec.logging) {
    stores_.emplace(name, builder.make(nullptr, changelog));
    return;
  }
  Logged logged;
  logged.store = name;
  logged.changelog = {changelog, task_.task_id().partition};
  logged.token = output_.open_changelog(logged.changelog);
  writers_.push_back(std::make_unique<Writer>(task_, output_, logged.token));
  auto store = builder.make(writers_.back().get(), changelog);
  logged.restorable = store.get();
  logged_.push_back(std::move(logged));
  stores_.emplace(name, std::move(store));
}

RestorableStore* TaskStores::log_changes(ByteStore& bytes, const StoreSpec& spec, ChangelogWriter& writer) {
  if (bytes.key_value) {
    bytes.key_value = make_change_logging(std::move(bytes.key_value), writer, spec.format);
    return bytes.key_value.get();
  }
  if (bytes.window) {
    bytes.window = make_change_logging(std::move(bytes.window), writer, spec.format, spec.log_headers);
    return bytes.window.get();
  }
  if (bytes.session) {
    bytes.session = make_change_logging(std::move(bytes.session), writer);
    return bytes.session.get();
  }
  bytes.versioned = make_change_logging(std::move(bytes.versioned), writer);
  return bytes.versioned.get();
}

TaskStores::~TaskStores() {
  for (const Logged& logged : logged_) output_.close_changelog(logged.token);
}

ByteStore TaskStores::make_bytes(const StoreSpec& spec, bool persistent) {
  ByteStore bytes;
  switch (spec.kind) {
    case StoreKind::key_value:
      bytes.key_value = persistent ? database_->key_value_store(spec.name) : make_in_memory_key_value_store(spec.name);
      break;
    case StoreKind::window:
      bytes.window = persistent ? database_->window_store(spec.name, spec.window)
                                : make_in_memory_window_store(spec.name, spec.window);
      break;
    case StoreKind::session:
      bytes.session = persistent ? database_->session_store(spec.name, spec.retention_ms)
                                 : make_in_memory_session_store(spec.name, spec.retention_ms);
      break;
    case StoreKind::versioned:
      bytes.versioned = persistent ? database_->versioned_store(spec.name, spec.retention_ms)
                                   : make_versioned_store(make_in_memory_key_value_store(spec.name), spec.retention_ms);
      break;
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
  for (const auto& [name, store] : stores_) names.push_back(name);
  return names;
}

void TaskStores::flush() {
  for (const auto& [name, store] : stores_) store->flush();
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
  std::map<TopicPartition, std::int64_t> offsets;
  for (Logged& logged : logged_) {
    const auto confirmed = output_.confirmed_offset(logged.token);
    if (confirmed) logged.next_offset = confirmed;
    if (logged.persistent && logged.next_offset) offsets.emplace(logged.changelog, *logged.next_offset);
  }
  database_->commit(offsets);
}

std::size_t TaskStores::uncommitted_bytes() const { return database_ ? database_->uncommitted_bytes() : 0; }

void TaskStores::flush_to_disk() {
  if (database_) database_->flush();
}

}  // namespace millrace::detail
