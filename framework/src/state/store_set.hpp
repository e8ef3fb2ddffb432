// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "millrace/broker/consumer.hpp"
#include "millrace/broker/topic_partition.hpp"
#include "millrace/state/store_builder.hpp"
#include "state/task_database.hpp"

namespace millrace::detail {

/// Describes one store of a set before the store is made.
struct StorePlan {
  std::shared_ptr<const StoreBuilder> builder;
  bool persistent = false;  ///< of stores of kind `custom` always false
  /// The partitions that the store is rebuilt from: those of its changelog, or of a source topic. Empty: the store has
  /// no changelog, and lost data stay lost.
  std::vector<TopicPartition> changelogs;
  /// True: `changelogs` belong to a source topic. The store does not write to them. Restoring ends at the offset where
  /// processing begins.
  bool from_source = false;
  /// The topic partition of which the store is the table: the store has the last record of each key, and nothing else.
  /// If the store's changelog lacks these records, the store is filled from this partition. Unset: the store is not the
  /// table of a topic.
  std::optional<TopicPartition> table_of = {};
};

/// How far a store has come in one partition that it is rebuilt from. Only its StoreSet changes it.
class StorePosition {
 public:
  [[nodiscard]] const std::string& store() const { return store_; }
  [[nodiscard]] const TopicPartition& changelog() const { return changelog_; }
  [[nodiscard]] bool persistent() const { return persistent_; }
  [[nodiscard]] bool from_source() const { return from_source_; }
  /// See StorePlan::table_of. Unset if the partition is `changelog()` already.
  [[nodiscard]] const std::optional<TopicPartition>& table_of() const { return table_of_; }
  /// The offset after the last record that the store's data include; nullopt: the store is empty.
  [[nodiscard]] std::optional<Offset> next_offset() const { return next_offset_; }
  /// Shows to which log the offset belongs; nullopt: not known.
  [[nodiscard]] const std::optional<LogProof>& proof() const { return proof_; }

 private:
  friend class StoreSet;

  std::string store_;
  TopicPartition changelog_;
  bool persistent_ = false;
  bool from_source_ = false;
  std::optional<TopicPartition> table_of_;
  std::optional<Offset> next_offset_;
  std::optional<LogProof> proof_;
};

/// What begin_restore() must know besides the offsets that exist.
struct RestoreStart {
  /// Partitions that were deleted and created again: the proof of a position was refuted.
  std::set<TopicPartition> made_anew = {};
  /// The stores on disk include exactly the input before the offsets from which the task continues. So a changelog that
  /// was deleted has nothing that they lack.
  bool complete = false;
};

/// The stores of one task: their database, the byte stores, and the position of each store in its changelog. Nodes
/// reach the stores through a StoreBinding. Bindings may come and go while the stores stay open. (Kafka Streams: the
/// stores and offsets of `ProcessorStateManager`.)
///
/// Restoring   begin_restore() says where to start, restore() applies a batch, finish_restore() ends it. Each step is
///             durable together with its position, so an interrupted restore continues where it stopped.
/// Rewriting   If the changelog was deleted and created again, but the store is complete, the store keeps its data. The
///             caller writes all of them to the new changelog. The store keeps its old position until these writes are
///             confirmed, so after a crash they are written again.
/// Filling     If the changelog of a table lacks records of the table's topic, the table is filled from the topic:
///             fill() is called instead of restore(). Filling ends with the next commit. After a crash or a discard()
///             before that commit, filling starts again from the beginning.
/// Commit      advance() notes how far the data go in a changelog. processed() and group_has() note how far they go in
///             the input. commit() makes data, positions and input offsets durable in one write. discard() goes back to
///             the last commit instead. A store in memory has no commit: discard() empties it, and it is restored from
///             the beginning.
/// Handing on  A new binding may follow the old one directly after commit(), if nothing was written since. Nothing is
///             lost then, also not in memory. Otherwise call discard() first. Custom stores belong to their binding;
///             the next binding makes and restores its own.
/// Readers     Other threads read the last commit through the readers that committed_key_value() and similar functions
///             return.
/// Threads     One at a time, except for those readers.
/// Errors      As TaskDatabase.
class StoreSet {
 public:
  /// `owner`: a name for messages, such as "task 0_1". `directory`: the task's own directory, used only if a store is
  /// persistent. `memory`: shared by the databases of the application. Throws StateCorruptedException if the directory
  /// must be deleted first.
  StoreSet(std::string owner, std::vector<StorePlan> plans, const std::filesystem::path& directory,
           std::shared_ptr<StateMemory> memory);
  StoreSet(const StoreSet&) = delete;
  StoreSet& operator=(const StoreSet&) = delete;
  ~StoreSet();

  [[nodiscard]] const std::string& owner() const { return owner_; }
  /// In the order in which the stores were given.
  [[nodiscard]] const std::vector<StorePlan>& plans() const { return plans_; }
  /// All members are null for a custom store.
  [[nodiscard]] const ByteStore& bytes(const std::string& store) const { return stores_.at(store); }

  /// One per store and partition that the store is rebuilt from. Their addresses never change.
  [[nodiscard]] std::deque<StorePosition>& positions() { return positions_; }
  [[nodiscard]] const std::deque<StorePosition>& positions() const { return positions_; }

  /// Adds a custom store that a binding has made. The store is new and empty.
  void attach(const std::string& store, RestorableStore& custom);
  void detach(const std::string& store);

  /// `held`: the offsets that exist in each changelog partition and in each table_of() partition. For a source topic,
  /// `high` is the offset up to which the task has processed the topic. Restoring ends at `high` (exclusive). A store
  /// continues from its position, or starts at `low`.
  ///
  /// A changelog may have been deleted or made again since. If the store's data do not fit it, the store is rewritten
  /// or emptied, see rewrites(), and a warning is logged.
  void begin_restore(const std::map<TopicPartition, Watermarks>& held, const RestoreStart& start = {});
  /// Whether the store can go on from its position: the position lies in `held`, and its log was not made anew.
  [[nodiscard]] static bool fits(const StorePosition& position, const Watermarks& held, const RestoreStart& start);
  /// Applies changelog records. `next`: after the last of them.
  void restore(StorePosition& position, std::span<const RestoreRecord> records, const LogPosition& next);
  /// Restoring is complete: the changelog has no more records before `end`.
  void finish_restore(StorePosition& position, Offset end);
  /// Empties a store. Its restoring starts from the beginning.
  void wipe(const std::string& store);

  /// Whether begin_restore() has decided to write the whole store to its changelog.
  [[nodiscard]] bool rewrites(const StorePosition& position) const { return to_rewrite_.contains(position.store()); }
  [[nodiscard]] bool rewrites_any() const { return !to_rewrite_.empty(); }

  /// Whether begin_restore() or begin_filling() has decided to fill the store from StorePosition::table_of(). The
  /// caller reads this partition from its first offset, and writes the changes to the store's changelog. The store has
  /// no position in its changelog until these writes are confirmed.
  [[nodiscard]] bool fills(const StorePosition& position) const { return to_fill_.contains(position.store()); }
  [[nodiscard]] bool fills_any() const { return !to_fill_.empty(); }
  /// Empties the store, and decides to fill it from its topic. Called if a restore has found no record in the
  /// changelog. `from`: the first offset of the topic partition.
  void begin_filling(StorePosition& position, Offset from);
  /// Applies records of the table's topic. The store's position does not move.
  void fill(const StorePosition& position, std::span<const RestoreRecord> records) { apply(position.store(), records); }
  /// Commits the data of a store that is being filled, to free memory. No position is written, so after a crash the
  /// store is filled from the beginning.
  void commit_filled() { commit_with(std::nullopt); }

  /// The stores without a changelog or source topic that have become empty since the last call. Such a store is new,
  /// its data were deleted, or it is in memory.
  [[nodiscard]] std::set<std::string> take_emptied() { return std::exchange(emptied_, {}); }
  /// The stores on disk without a changelog or source topic. They cannot be restored.
  [[nodiscard]] std::vector<std::string> unlogged_on_disk() const;

  /// Adds a partition to those from which `store` is rebuilt: the topic has got more partitions. The store has no
  /// record of the partition yet. `start`: the first offset that the store needs.
  void add_partition(const std::string& store, const TopicPartition& changelog, Offset start);

  // --- input offsets
  /// The input offsets that the next commit writes. Right after opening and after discard(), those of the last commit.
  /// nullopt: commits write none. This is the case before the first begin() and after forget_inputs().
  [[nodiscard]] const std::optional<InputOffsets>& inputs() const { return inputs_; }
  /// The stores are restored, and their data include the input up to `inputs`. Writes `inputs` to the database at once.
  /// From now on each commit writes input offsets. Does nothing if no store is persistent. `wal`: whether these commits
  /// survive the end of the process. Wal::off if the task can restore from changelogs what a crash loses.
  void begin(InputOffsets inputs, TaskDatabase::Wal wal);
  /// From now until begin(), commits write no input offsets.
  void forget_inputs() { inputs_.reset(); }
  /// The data include `input` up to `next` (exclusive). Becomes durable with the next commit. Does nothing if commits
  /// write no input offsets.
  void processed(const TopicPartition& input, const OffsetAndMetadata& next);
  /// The group's committed offset of `input` is `offset`. Becomes durable with the next commit. Does nothing if commits
  /// write no input offsets.
  void group_has(const TopicPartition& input, std::int64_t offset);

  /// The store's data include the changelog up to `next_offset` (exclusive). Becomes durable with the next commit.
  void advance(StorePosition& position, const LogPosition& next);
  void commit();
  /// REQUIRES: no binding exists, because its caches may hold uncommitted changes.
  void discard();
  [[nodiscard]] std::size_t uncommitted_bytes() const;
  /// Brings everything committed to disk, for a clean end.
  void flush_to_disk();

  // --- time
  /// The observed stream time (ms since the epoch) of each window, session and versioned store, by store. It is the
  /// latest time that the store has seen. The store drops entries that are older than its retention before this time.
  [[nodiscard]] std::map<std::string, Timestamp> observed_times() const;
  /// Moves the observed stream time of a store to `time` if that is later. A restore alone does not give the right
  /// time: a changelog loses records that were deleted, and a store without a changelog is empty.
  void observe(const std::string& store, Timestamp time);

  /// A persistent store as of its last commit, for any thread. Throws ProcessorStateException for stores of another
  /// kind, and for stores in memory: they have no commit and belong to the thread of their task.
  [[nodiscard]] std::shared_ptr<const CommittedKeyValueReader> committed_key_value(const std::string& store) const;
  [[nodiscard]] std::shared_ptr<const CommittedWindowReader> committed_windows(const std::string& store) const;
  [[nodiscard]] std::shared_ptr<const CommittedSessionReader> committed_sessions(const std::string& store) const;
  [[nodiscard]] std::shared_ptr<const CommittedVersionedReader> committed_versions(const std::string& store) const;

 private:
  [[nodiscard]] ByteStore open(const StorePlan& plan);
  /// Compares the types of the store with the types that its database has recorded. Throws TopologyException if the
  /// store cannot read the records in its changelog. Call this before the other checks, because they may delete data.
  void expect_type(const StorePlan& plan);
  [[nodiscard]] const StorePlan& plan_of(const std::string& store) const;
  /// The position does not fit: decides whether the store is rewritten or emptied, and says so.
  void replace(StorePosition& position, const Watermarks& held, const RestoreStart& start);
  void apply(const std::string& store, std::span<const RestoreRecord> records);
  /// Applies one record. If the store cannot read the record, throws a SerializationException that names the store, the
  /// changelog and the key.
  void apply_alone(const StorePosition& position, const RestoreRecord& record);
  void empty_in_memory(const StorePlan& plan);
  /// For take_emptied(). Does nothing for a store that has a changelog or source topic.
  void note_emptied(const StorePlan& plan);
  /// Commits data and positions with these input offsets.
  void commit_with(const std::optional<InputOffsets>& inputs);
  /// The commit of a restore. It has no input offsets, because its data belong to no known offset. Exception: while a
  /// store is rewritten, the input offsets are the evidence that it is complete.
  void commit_restored() { commit_with(rewrites_any() ? inputs_ : std::nullopt); }
  void require_readable(const std::string& store, StoreKind kind) const;

  std::string owner_;
  std::vector<StorePlan> plans_;
  std::unique_ptr<TaskDatabase> database_;  // null: no store is persistent
  std::map<std::string, ByteStore> stores_;
  std::map<std::string, RestorableStore*> custom_;
  std::deque<StorePosition> positions_;             // a deque: elements keep their address when more are added
  std::optional<InputOffsets> inputs_;              // nullopt: commits write no input offsets
  TaskDatabase::Wal wal_ = TaskDatabase::Wal::off;  // of commits with input offsets
  std::set<std::string> to_rewrite_;                // see rewrites(); a store leaves at its first advance()
  std::set<std::string> to_fill_;  // see fills(); a store leaves at its first commit with a changelog position
  std::set<std::string> emptied_;  // see take_emptied()
};

}  // namespace millrace::detail
