#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "millrace/broker/consumer.hpp"
#include "millrace/broker/topic_partition.hpp"
#include "millrace/state/store_builder.hpp"
#include "state/task_database.hpp"

namespace millrace::detail {

/// One store of a set, as it will be made.
struct StorePlan {
  std::shared_ptr<const StoreBuilder> builder;
  bool persistent = false;  ///< of stores of kind `custom` always false
  /// The partitions that the store is rebuilt from: of its changelog, or of the topic of a source. Empty: of none, what
  /// is lost is lost.
  std::vector<TopicPartition> changelogs;
  /// `changelogs` are of the topic of a source: nobody writes them for the store, and restoring ends where processing
  /// begins.
  bool from_source = false;
};

/// How far a store has come in one partition that it is rebuilt from. Changed by its StoreSet alone.
class StorePosition {
 public:
  [[nodiscard]] const std::string& store() const { return store_; }
  [[nodiscard]] const TopicPartition& changelog() const { return changelog_; }
  [[nodiscard]] bool persistent() const { return persistent_; }
  [[nodiscard]] bool from_source() const { return from_source_; }
  /// The offset behind the last record that the data of the store include; nullopt: the store is empty.
  [[nodiscard]] std::optional<Offset> next_offset() const { return next_offset_; }

 private:
  friend class StoreSet;

  std::string store_;
  TopicPartition changelog_;
  bool persistent_ = false;
  bool from_source_ = false;
  std::optional<Offset> next_offset_;
};

/// The stores of one task, without the task: their database, the byte stores, and the position of each store in its
/// changelog. Nodes get at it through a StoreBinding. Bindings may come and go; the stores stay open.
///
/// Restoring   begin_restore() says where to start, restore() applies a batch, finish_restore() ends it. Each step is
///             durable together with its position, so that an interrupted restore goes on where it stopped.
/// Commit      advance() notes how far the data go, commit() makes data and positions durable in one write. Or
///             discard() takes everything back to the last commit. A store in memory knows no commit: it is emptied
///             then and restored from the beginning.
/// Handing on  From one binding to the next after commit() without writes since: nothing is lost, in memory neither. In
///             any other case discard() comes first. Custom stores belong to their binding and are restored by the
///             next.
/// Readers     Other threads read the last commit through committed_key_value() and committed_windows().
/// Threads     One at a time, but for those readers.
/// Errors      As TaskDatabase.
/// (Kafka Streams: the stores and offsets of `ProcessorStateManager`.)
class StoreSet {
 public:
  /// `owner`: for messages, such as "task 0_1". `directory`: the task's own, used only if a store is persistent.
  /// `memory`: what the databases of the application share. Throws StateCorruptedException if the directory must be
  /// deleted first.
  StoreSet(std::string owner, std::vector<StorePlan> plans, const std::filesystem::path& directory,
           std::shared_ptr<StateMemory> memory);
  StoreSet(const StoreSet&) = delete;
  StoreSet& operator=(const StoreSet&) = delete;
  ~StoreSet();

  [[nodiscard]] const std::string& owner() const { return owner_; }
  /// In the order in which the stores were given.
  [[nodiscard]] const std::vector<StorePlan>& plans() const { return plans_; }
  /// None is set: the store is custom.
  [[nodiscard]] const ByteStore& bytes(const std::string& store) const { return stores_.at(store); }

  /// One for each store and partition that it is rebuilt from. Their addresses stay.
  [[nodiscard]] std::vector<StorePosition>& positions() { return positions_; }
  [[nodiscard]] const std::vector<StorePosition>& positions() const { return positions_; }

  // --- custom stores, which a binding makes
  /// The store is new and empty.
  void attach(const std::string& store, RestorableStore& custom);
  void detach(const std::string& store);

  // --- restore
  /// `held`: for each changelog what it holds, `high` being where restoring ends. A store goes on from its position, or
  /// starts at `low`. If its data do not fit a changelog that was deleted or made anew meanwhile, the store is emptied
  /// first, and a warning says so.
  void begin_restore(const std::map<TopicPartition, Watermarks>& held);
  /// Applies records of the changelog, which end before `next_offset`.
  void restore(StorePosition& position, std::span<const RestoreRecord> records, Offset next_offset);
  /// There is nothing more before `end`.
  void finish_restore(StorePosition& position, Offset end);
  /// Empties a store, which starts from the beginning.
  void wipe(const std::string& store);

  // --- commit
  /// The data include the changelog up to here: part of the next commit.
  void advance(StorePosition& position, Offset next_offset) { position.next_offset_ = next_offset; }
  void commit();
  /// REQUIRES: no binding, since its caches may hold uncommitted changes.
  void discard();
  [[nodiscard]] std::size_t uncommitted_bytes() const;
  /// Brings everything committed to disk, for a clean end.
  void flush_to_disk();

  // --- readers
  /// A persistent store as of its last commit, for any thread. Throws ProcessorStateException for stores in memory,
  /// which know no commit and belong to the thread of their task, and for stores of another kind.
  [[nodiscard]] std::shared_ptr<const CommittedKeyValueReader> committed_key_value(const std::string& store) const;
  [[nodiscard]] std::shared_ptr<const CommittedWindowReader> committed_windows(const std::string& store) const;

 private:
  [[nodiscard]] ByteStore open(const StorePlan& plan);
  [[nodiscard]] const StorePlan& plan_of(const std::string& store) const;
  [[nodiscard]] bool fits(const StorePosition& position, const Watermarks& held) const;
  void apply(const std::string& store, std::span<const RestoreRecord> records);
  void empty_in_memory(const StorePlan& plan);
  void require_readable(const std::string& store, StoreKind kind) const;

  std::string owner_;
  std::vector<StorePlan> plans_;
  std::unique_ptr<TaskDatabase> database_;  // null: no store is persistent
  std::map<std::string, ByteStore> stores_;
  std::map<std::string, RestorableStore*> custom_;
  std::vector<StorePosition> positions_;
};

}  // namespace millrace::detail
