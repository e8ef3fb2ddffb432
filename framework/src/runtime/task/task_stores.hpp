#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "millrace/common/detail/function_ref.hpp"
#include "millrace/config/streams_config.hpp"
#include "millrace/processor/detail/topology_builder.hpp"
#include "millrace/state/detail/changelog_writer.hpp"
#include "runtime/task/task_output.hpp"
#include "state/cache/budget.hpp"
#include "state/state_memory.hpp"
#include "state/task_database.hpp"

namespace millrace::detail {

/// The memory that the configuration gives to the databases of all tasks together.
[[nodiscard]] std::shared_ptr<StateMemory> make_state_memory(const StreamsConfig& config);

/// All stores of one task: opens them, routes their changes to the changelogs, restores and commits them.
/// (Kafka Streams: `ProcessorStateManager`.)
class TaskStores {
 public:
  /// A logged store and how far it has come.
  struct Logged {
    std::string store;
    TopicPartition changelog;
    std::uint64_t token = 0;
    bool persistent = false;
    RestorableStore* restorable = nullptr;
    std::optional<std::int64_t> next_offset;  ///< to restore from; nullopt: from the beginning
    /// Set: the changelog is a source topic of the task, and restoring ends where processing starts.
    bool source_topic = false;
    std::int64_t processed = 0;  ///< of a source topic: the task's committed offset
  };

  /// What all tasks of an application have in common here. The references must outlive the stores.
  struct Setup {
    const StreamsConfig& config;
    const std::string& application_id;
    /// Store -> topic, of stores whose changelog is a source topic.
    const std::map<std::string, std::string>& source_changelogs;
    /// What the application's databases share; null: this one has all.
    std::shared_ptr<StateMemory> memory = {};
    /// Called for each byte store before it gets its types, with the changelog's name; may put another in its place.
    std::function<void(const StoreBuilder&, const std::string&, ByteStore&)> share = {};
  };

  /// `directory`: the task's own, used only if a store is persistent.
  /// `cache`: what the thread's caches share; null: no store has one. `builders`: in topology order, in which caches
  /// are flushed.
  TaskStores(TaskContext& task, TaskOutput& output, const Setup& setup, const std::filesystem::path& directory,
             const std::vector<std::shared_ptr<const StoreBuilder>>& builders, CacheBudget* cache);
  ~TaskStores();

  /// nullptr if there is none.
  [[nodiscard]] StateStore* find(const std::string& name) const;
  /// In topology order.
  [[nodiscard]] std::vector<std::string> names() const;

  /// All entries of a key-value, window or session store as bytes, with the keys that its changelog has. Throws
  /// TopologyException if it has another kind or does not exist.
  void dump(const std::string& name, FunctionRef<void(std::string_view, std::string_view)> visit) const;

  [[nodiscard]] std::vector<Logged>& logged() { return logged_; }

  /// Makes what was restored durable, so that an interrupted restore goes on where it stopped.
  void checkpoint_restore();

  /// Empties a store before it is restored from the beginning.
  void wipe(const Logged& logged);

  /// Writes what caches hold back.
  void flush();
  /// After the broker has confirmed everything: data and changelog offsets become durable together.
  void commit();
  /// A source topic is processed up to here: part of the next commit.
  void source_processed(const TopicPartition& source, std::int64_t next_offset);
  /// As of the last commit: the offset of a source topic that the data of a persistent store include.
  [[nodiscard]] std::optional<std::int64_t> source_offset(const TopicPartition& source) const;
  [[nodiscard]] std::size_t uncommitted_bytes() const;
  /// Brings everything committed to disk, for a clean end.
  void flush_to_disk();

 private:
  class Writer;
  class NoWriter;
  class Contexts;
  /// What a typed store holds; one is set.
  struct Inside {
    KeyValueBytesStore* key_value = nullptr;
    WindowBytesStore* window = nullptr;
    SessionBytesStore* session = nullptr;
  };

  void add(const StoreBuilder& builder, const Setup& setup, bool persistent, CacheBudget* cache);
  [[nodiscard]] ChangelogWriter& follow(const std::string& store, const TopicPartition& source, bool persistent);
  void add_custom(const StoreBuilder& builder, const std::string& changelog);
  void keep(const std::string& name, std::unique_ptr<StateStore> store);
  [[nodiscard]] ByteStore make_bytes(const StoreSpec& spec, bool persistent);
  /// Puts change logging in front; returns what takes the changelog back.
  /// `headers_format`: of an operator of the DSL, under dsl.store.format=HEADERS.
  [[nodiscard]] static RestorableStore* log_changes(ByteStore& bytes, const StoreSpec& spec, bool headers_format,
                                                    ChangelogWriter& writer);
  void cache_changes(ByteStore& bytes, const StoreSpec& spec, bool headers_format, CacheBudget& budget);

  TaskContext& task_;
  TaskOutput& output_;
  std::unique_ptr<TaskDatabase> database_;
  std::unique_ptr<Contexts> contexts_;
  std::unique_ptr<NoWriter> no_writer_;
  std::vector<std::unique_ptr<Writer>> writers_;
  std::map<std::string, std::unique_ptr<StateStore>> stores_;
  std::vector<StateStore*> in_order_;
  std::map<std::string, Inside> insides_;
  std::vector<Logged> logged_;
  std::map<TopicPartition, std::int64_t> source_offsets_;
};

}  // namespace millrace::detail
