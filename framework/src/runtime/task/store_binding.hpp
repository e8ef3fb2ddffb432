#pragma once

#include <functional>
#include <map>
#include <memory>
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

/// Gives the nodes of a task typed stores on top of a StoreSet: changes go to the changelogs, and are held back in
/// caches where the store asks for one. What the caches hold back at the end of the binding is lost, as is everything
/// else that was not committed: see StoreSet. One binding per set at a time.
/// (Kafka Streams: the stores that a `ProcessorContext` hands out.)
class StoreBinding {
 public:
  /// What all tasks of an application have in common here. The reference must outlive the binding.
  struct Setup {
    const StreamsConfig& config;
    const std::string& application_id;
    /// Called for each byte store before it gets its types, with the changelog's name; may put another in its place.
    std::function<void(const StoreBuilder&, const std::string&, ByteStore&)> share = {};
    /// Of the task that the stores are for; null: the stores are not measured.
    TaskMetrics* metrics = nullptr;
  };

  /// `cache`: what the thread's caches share; null: no store has one. Caches are flushed in the order of the set.
  /// `stores`, `task` and `output` must outlive the binding.
  StoreBinding(StoreSet& stores, TaskContext& task, TaskOutput& output, const Setup& setup, CacheBudget* cache);
  StoreBinding(const StoreBinding&) = delete;
  StoreBinding& operator=(const StoreBinding&) = delete;
  ~StoreBinding();

  /// nullptr if there is none.
  [[nodiscard]] StateStore* find(const std::string& name) const;
  /// In topology order.
  [[nodiscard]] std::vector<std::string> names() const;

  /// All entries of a key-value, window or session store as bytes, with the keys that its changelog has. Throws
  /// TopologyException if it has another kind or does not exist.
  void dump(const std::string& name, FunctionRef<void(std::string_view, std::string_view)> visit) const;

  /// Writes what caches hold back.
  void flush();
  /// After the broker has confirmed everything: data and positions become durable together. `processed`: the committed
  /// offsets of source topics, of which those matter that stores are rebuilt from.
  void commit(const std::map<TopicPartition, OffsetAndMetadata>& processed);
  [[nodiscard]] std::size_t uncommitted_bytes() const { return stores_.uncommitted_bytes(); }

 private:
  class Writer;
  class Contexts;
  /// What a typed store holds; one is set.
  struct Inside {
    KeyValueBytesStore* key_value = nullptr;
    WindowBytesStore* window = nullptr;
    SessionBytesStore* session = nullptr;
  };

  void add(const StorePlan& plan, const Setup& setup, CacheBudget* cache);
  void add_custom(const StorePlan& plan, const std::string& changelog, bool headers_format);
  /// Where the changes of a store go; null: it has no changelog, or the topic of a source is one already.
  [[nodiscard]] ChangelogWriter* writer_for(const StorePlan& plan);
  void keep(const std::string& name, std::unique_ptr<StateStore> store);
  /// Puts change logging in front.
  /// `headers_format`: of an operator of the DSL, under dsl.store.format=HEADERS.
  static void log_changes(ByteStore& bytes, const StoreSpec& spec, bool headers_format, ChangelogWriter& writer);
  void cache_changes(ByteStore& bytes, const StoreSpec& spec, bool headers_format, CacheBudget& budget);

  StoreSet& stores_;
  TaskContext& task_;
  TaskOutput& output_;
  std::vector<std::unique_ptr<StoreMetrics>> metrics_;
  std::unique_ptr<Contexts> contexts_;
  std::vector<std::unique_ptr<Writer>> writers_;
  std::vector<std::pair<StorePosition*, std::uint64_t>> written_;  // changelogs that the task writes, with their tokens
  std::vector<std::string> custom_;
  std::map<std::string, std::unique_ptr<StateStore>> typed_;
  std::vector<StateStore*> in_order_;
  std::map<std::string, Inside> insides_;
};

}  // namespace millrace::detail
