// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "millrace/common/detail/function_ref.hpp"
#include "millrace/config/streams_config.hpp"
#include "millrace/state/detail/changelog_writer.hpp"
#include "runtime/task/task_metrics.hpp"
#include "runtime/task/task_output.hpp"
#include "state/cache/budget.hpp"
#include "state/metered/stores.hpp"
#include "state/store_set.hpp"

namespace millrace::detail {

/// Gives the nodes of a task typed stores on top of the byte stores of a StoreSet. From the inside to the outside, a
/// store has these layers: byte store (in the StoreSet), change logging, cache, measuring, types. A store has only the
/// layers that it asks for.
///
/// Only one binding per StoreSet exists at a time. Exception: while stores are restored, SourceRestorer also has
/// bindings, each for one store. The binding of the task does not write during this time. Changes that are still in a
/// cache when the binding ends are lost. So are all other changes that were not committed, see StoreSet. Used by the
/// task's thread. (Kafka Streams: the stores that a `ProcessorContext` returns.)
class StoreBinding {
 public:
  /// What is the same for all tasks of an application. The references must outlive the binding.
  struct Setup {
    const StreamsConfig& config;
    const std::string& application_id;
    /// Called for each byte store before it gets its types, with the name of its changelog. The function may replace
    /// the byte store. The global thread uses this to put a lock in front of global stores.
    std::function<void(const StoreBuilder&, const std::string&, ByteStore&)> share = {};
    /// The metrics of the task. Null: the stores are not measured.
    TaskMetrics* metrics = nullptr;
    /// If not empty: the binding has only this store.
    std::string only_store = {};
  };

  /// `cache`: the memory budget that all caches of a thread share; null: no store gets a cache. `stores`, `task` and
  /// `output` must outlive the binding.
  StoreBinding(StoreSet& stores, TaskContext& task, TaskOutput& output, const Setup& setup, CacheBudget* cache);
  StoreBinding(const StoreBinding&) = delete;
  StoreBinding& operator=(const StoreBinding&) = delete;
  /// Closes the changelogs. Flushes and commits nothing.
  ~StoreBinding();

  /// The typed store; nullptr if the task has none with this name.
  [[nodiscard]] StateStore* find(const std::string& name) const;
  /// The names of all stores, in the order of the topology.
  [[nodiscard]] std::vector<std::string> names() const;

  /// Calls `visit` for all entries of a key-value, window or session store, with keys and values as bytes. Keys have
  /// the format of the store's changelog. Entries in caches are included. Throws TopologyException if the store does
  /// not exist or is of another kind.
  void dump(const std::string& name, FunctionRef<void(std::string_view, std::string_view)> visit) const;

  /// Writes the changes that caches hold back, which also forwards them to the next nodes. Caches are flushed in the
  /// order of the topology.
  void flush();
  /// For the key of each record, writes the store's present value to the changelog. Then a restore from the changelog
  /// gives the present state of the store. `records`: either records of the changelog that the store does not include,
  /// or records with which the store was filled from its topic. REQUIRES: the binding writes the store's changelog.
  void write_present(const StorePosition& position, std::span<const RestoreRecord> records);
  /// Returns a function that writes all entries of the store to its changelog. Each call writes some of them, and
  /// returns false after the last one. `time`: for values without a timestamp, in ms since the epoch. The store must
  /// not be written meanwhile. REQUIRES: the binding writes the store's changelog, and outlives the function.
  [[nodiscard]] std::function<bool()> rewrite(const StorePosition& position, Timestamp time);

  /// The stores whose changelog has records, if everything that was sent is confirmed. Only stores with a changelog of
  /// their own.
  [[nodiscard]] std::vector<std::string> logged() const;

  /// Makes data, changelog positions and input offsets durable in one write. REQUIRES: the broker has confirmed all
  /// changelog records.
  ///
  /// `processed`: offsets of input partitions up to which records were processed, perhaps of other tasks as well. They
  /// are also the positions of stores that are rebuilt from a source topic. `inputs`: the partitions that the task
  /// reads.
  void commit(const std::map<TopicPartition, OffsetAndMetadata>& processed, std::span<const TopicPartition> inputs);
  /// The group has committed these offsets. The next commit() writes them to the database.
  void group_has(const std::map<TopicPartition, OffsetAndMetadata>& committed, std::span<const TopicPartition> inputs);
  /// For statestore.uncommitted.max.bytes.
  [[nodiscard]] std::size_t uncommitted_bytes() const { return stores_.uncommitted_bytes(); }

 private:
  class Writer;
  class Contexts;
  /// The bytes under a typed store, for dump(). One is set, or none for versioned and custom stores.
  struct Inside {
    KeyValueBytesStore* key_value = nullptr;
    WindowBytesStore* window = nullptr;
    SessionBytesStore* session = nullptr;
  };

  /// Builds the layers of one store.
  void add(const StorePlan& plan, const Setup& setup, CacheBudget* cache);
  /// A store of the user's own class. It writes its changelog itself and has no other layers.
  void add_custom(const StorePlan& plan, const std::string& changelog, bool headers_format);
  /// Where the changes of a store are written. Null: the store has no changelog, or it is rebuilt from a source topic,
  /// which contains its changes already.
  [[nodiscard]] ChangelogWriter* writer_for(const StorePlan& plan);
  /// Takes ownership of a finished store.
  void keep(const std::string& name, std::unique_ptr<StateStore> store);
  /// Which headers go with each change into a changelog. `headers_format`: the store belongs to an operator of the DSL,
  /// and dsl.store.format is HEADERS.
  [[nodiscard]] static LoggedHeaders logged_headers(const StoreSpec& spec, bool headers_format);
  /// Puts change logging in front of `bytes`.
  static void log_changes(ByteStore& bytes, const StoreSpec& spec, LoggedHeaders headers, ChangelogWriter& writer);
  /// Puts a cache in front of `bytes`, if this kind of store can have one.
  void cache_changes(ByteStore& bytes, const StoreSpec& spec, bool headers_format, CacheBudget& budget);

  // Members are destroyed in reverse order: the typed stores first, then the parts that they use.
  StoreSet& stores_;
  TaskContext& task_;
  TaskOutput& output_;
  std::vector<std::unique_ptr<StoreMetrics>> metrics_;
  std::unique_ptr<Contexts> contexts_;
  std::vector<std::unique_ptr<Writer>> writers_;
  /// The changelogs that this task writes, with their tokens from TaskOutput.
  std::vector<std::pair<StorePosition*, std::uint64_t>> written_;
  std::map<std::string, LoggedHeaders> logged_headers_;  // by store
  /// Custom stores, which are attached to the StoreSet so that it can restore them.
  std::vector<std::string> custom_;
  std::map<std::string, std::unique_ptr<StateStore>> typed_;
  /// In the order of the topology. Owned by typed_.
  std::vector<StateStore*> in_order_;
  std::map<std::string, Inside> insides_;
};

}  // namespace millrace::detail
