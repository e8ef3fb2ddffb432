// SPDX-License-Identifier: Apache-2.0
#include "store_set.hpp"

#include <algorithm>
#include <utility>

#include "millrace/common/errors.hpp"
#include "millrace/common/logging.hpp"
#include "state/memory/stores.hpp"
#include "state/observing_store.hpp"
#include "state/store_type.hpp"

namespace millrace::detail {
namespace {

[[nodiscard]] const StoreSpec& spec_of(const StorePlan& plan) { return definition_of(*plan.builder).spec; }

}  // namespace

// Opens all stores. If one of them fails, the exception destroys the open ones and closes the database.
StoreSet::StoreSet(std::string owner, std::vector<StorePlan> plans, const std::filesystem::path& directory,
                   std::shared_ptr<StateMemory> memory)
    : owner_(std::move(owner)), plans_(std::move(plans)) {
  // A task without persistent stores has no directory and no database.
  if (std::ranges::any_of(plans_, &StorePlan::persistent)) {
    database_ = TaskDatabase::open(directory, std::move(memory));
    inputs_ = database_->inputs();
  }
  for (const StorePlan& plan : plans_) {
    const std::string& store = spec_of(plan).name;
    stores_.emplace(store, open(plan));
    if (!plan.persistent || database_->starts_empty(store)) note_emptied(plan);
    for (const TopicPartition& changelog : plan.changelogs) {
      StorePosition& position = positions_.emplace_back();
      position.store_ = store;
      position.changelog_ = changelog;
      position.persistent_ = plan.persistent;
      position.from_source_ = plan.from_source;
      if (!plan.from_source) position.table_of_ = plan.table_of;
      // An in-memory store starts empty, whatever was restored before.
      if (!plan.persistent) continue;
      position.next_offset_ = database_->position(store, changelog);
      position.proof_ = database_->proof(store, changelog);
    }
  }
}

StoreSet::~StoreSet() = default;

ByteStore StoreSet::open(const StorePlan& plan) {
  const StoreSpec& spec = spec_of(plan);
  if (!plan.persistent) return make_in_memory_store(spec);
  // All checks come before the store is opened: a check that fails deletes the store's data and positions.
  expect_type(plan);
  std::vector<TopicPartition> known = plan.changelogs;
  if (plan.table_of && !plan.from_source && database_->position(spec.name, *plan.table_of)) {
    // The database has a position in the source topic. So either the topic was the store's changelog until now, or the
    // process ended while the store was filled from the topic. In both cases the store's own changelog is incomplete.
    to_fill_.insert(spec.name);
    known.push_back(*plan.table_of);
  }
  if (!known.empty()) database_->expect_changelogs(spec.name, known);
  database_->expect_headers(spec.name, has_headers(spec.format));
  ByteStore bytes;
  switch (spec.kind) {
    case StoreKind::key_value: bytes.key_value = database_->key_value_store(spec.name); break;
    case StoreKind::window: bytes.window = database_->window_store(spec.name, spec.window); break;
    case StoreKind::session: bytes.session = database_->session_store(spec.name, spec.retention_ms); break;
    case StoreKind::versioned: bytes.versioned = database_->versioned_store(spec.name, spec.retention_ms); break;
    case StoreKind::custom: break;  // never persistent
  }
  return bytes;
}

void StoreSet::expect_type(const StorePlan& plan) {
  const StoreSpec& spec = spec_of(plan);
  const std::string now = write_store_type(spec);
  const auto before = database_->type_of(spec.name);
  if (before == now) return;
  if (const auto change = before ? compare_store_types(*before, now) : std::nullopt) {
    const std::string what = "store '" + spec.name + "' of " + owner_ + " had " + change->before + " before, and has " +
                             change->now + " now";
    const bool own_changelog = !plan.changelogs.empty() && !plan.from_source;
    if (change->unreadable && own_changelog) {
      throw TopologyException(
          what + ". So the store cannot read the records in its changelog " + plan.changelogs.front().topic +
          ". Generated store names change their meaning if operators are added, removed or moved: undo that change, or "
          "name the stores in the code (Materialized::as, Grouped::as, StreamJoined::as). If the store must have the "
          "new type, give the store another name, or reset the application");
    }
    if (change->unreadable) database_->wipe(spec.name);
    log(LogLevel::warn,
        what +
            (change->unreadable
                 ? (plan.from_source ? ": the store is filled from its topic again" : ": its data are deleted")
                 : ". Nothing needs to be done if only the name of the type has changed. If the topology now uses this "
                   "store name for other data, give the store another name"));
  }
  database_->note_type(spec.name, now);
}

// REQUIRES: the set has the store.
const StorePlan& StoreSet::plan_of(const std::string& store) const {
  return *std::ranges::find_if(plans_, [&](const StorePlan& plan) { return spec_of(plan).name == store; });
}

// --- custom stores

void StoreSet::attach(const std::string& store, RestorableStore& custom) {
  custom_[store] = &custom;
  for (StorePosition& position : positions_) {
    // The binding has made a new, empty store, so it is restored from the beginning.
    if (position.store_ != store) continue;
    position.next_offset_.reset();
    position.proof_.reset();
  }
}

void StoreSet::detach(const std::string& store) { custom_.erase(store); }

void StoreSet::wipe(const std::string& store) {
  const StorePlan& plan = plan_of(store);
  if (plan.persistent) {
    database_->wipe(store);
  } else {
    empty_in_memory(plan);
  }
  for (StorePosition& position : positions_) {
    if (position.store_ != store) continue;
    position.next_offset_.reset();
    position.proof_.reset();
  }
  to_rewrite_.erase(store);
  note_emptied(plan);
}

void StoreSet::note_emptied(const StorePlan& plan) {
  if (plan.changelogs.empty()) emptied_.insert(spec_of(plan).name);
}

std::vector<std::string> StoreSet::unlogged_on_disk() const {
  std::vector<std::string> names;
  for (const StorePlan& plan : plans_) {
    if (plan.persistent && plan.changelogs.empty()) names.push_back(spec_of(plan).name);
  }
  return names;
}

void StoreSet::add_partition(const std::string& store, const TopicPartition& changelog, Offset start) {
  StorePlan& plan = *std::ranges::find_if(plans_, [&](const StorePlan& one) { return spec_of(one).name == store; });
  plan.changelogs.push_back(changelog);
  StorePosition& position = positions_.emplace_back();
  position.store_ = store;
  position.changelog_ = changelog;
  position.persistent_ = plan.persistent;
  position.from_source_ = plan.from_source;
  position.next_offset_ = start;
}

void StoreSet::empty_in_memory(const StorePlan& plan) {
  // A custom store is new whenever it is attached.
  if (spec_of(plan).kind != StoreKind::custom) clear_in_memory_store(stores_.at(spec_of(plan).name));
}

// --- input

void StoreSet::begin(InputOffsets inputs, TaskDatabase::Wal wal) {
  if (!database_) return;
  wal_ = wal;
  inputs_ = std::move(inputs);
  if (database_->inputs() != inputs_) commit();
}

void StoreSet::processed(const TopicPartition& input, const OffsetAndMetadata& next) {
  if (inputs_) inputs_->processed[input] = {next.offset, std::nullopt, next.metadata};
}

void StoreSet::group_has(const TopicPartition& input, std::int64_t offset) {
  if (inputs_) inputs_->of_group[input] = offset;
}

// --- commit

void StoreSet::advance(StorePosition& position, const LogPosition& next) {
  // An older proof of the same log stays true.
  const bool stays = position.proof_ && position.proof_->offset < next.next.value() && !rewrites(position);
  if (next.proof || !stays) position.proof_ = next.proof;
  position.next_offset_ = next.next;
  to_rewrite_.erase(position.store_);
}

void StoreSet::commit() { commit_with(inputs_); }

void StoreSet::commit_with(const std::optional<InputOffsets>& inputs) {
  // Only persistent stores have positions on disk. An in-memory store restores everything after a restart.
  std::map<std::string, ChangelogPositions> positions;
  for (const StorePosition& position : positions_) {
    if (!position.persistent_ || !position.next_offset_) continue;
    positions[position.store_].emplace(position.changelog_, LogPosition(*position.next_offset_, position.proof_));
  }
  if (database_) database_->commit(positions, inputs, inputs ? wal_ : TaskDatabase::Wal::off);
  for (const StorePosition& position : positions_) {
    // The store has a position in its own changelog. So the changelog is complete from now on.
    if (position.next_offset_) to_fill_.erase(position.store_);
  }
}

// The transaction was aborted: its changelog records do not count, so the data must not contain them either.
void StoreSet::discard() {
  if (database_) {
    database_->discard();
    inputs_ = database_->inputs();
  }
  for (const StorePlan& plan : plans_) {
    if (plan.persistent) continue;
    empty_in_memory(plan);
    note_emptied(plan);
  }
  for (StorePosition& position : positions_) {
    position.next_offset_.reset();
    position.proof_.reset();
    if (!position.persistent_) continue;
    position.next_offset_ = database_->position(position.store_, position.changelog_);
    position.proof_ = database_->proof(position.store_, position.changelog_);
  }
  to_rewrite_.clear();
}

std::size_t StoreSet::uncommitted_bytes() const { return database_ ? database_->uncommitted_bytes() : 0; }

void StoreSet::flush_to_disk() {
  if (database_) database_->flush();
}

// --- time

std::map<std::string, Timestamp> StoreSet::observed_times() const {
  std::map<std::string, Timestamp> times;
  for (const auto& [store, bytes] : stores_) {
    if (bytes.window) times.emplace(store, bytes.window->observed_stream_time());
    if (bytes.session) times.emplace(store, bytes.session->observed_stream_time());
    if (bytes.versioned) times.emplace(store, bytes.versioned->observed_stream_time());
  }
  return times;
}

void StoreSet::observe(const std::string& store, Timestamp time) {
  const ByteStore& bytes = stores_.at(store);
  if (bytes.window) dynamic_cast<ObservingStore&>(*bytes.window).observe_time(time);
  if (bytes.session) dynamic_cast<ObservingStore&>(*bytes.session).observe_time(time);
  if (bytes.versioned) dynamic_cast<ObservingStore&>(*bytes.versioned).observe_time(time);
}

// --- readers

// Each message says what the caller can do instead.
void StoreSet::require_readable(const std::string& store, StoreKind kind) const {
  const auto plan = std::ranges::find_if(plans_, [&](const StorePlan& one) { return spec_of(one).name == store; });
  if (plan == plans_.end()) throw ProcessorStateException(owner_ + " has no state store '" + store + "'");
  const std::string name = "state store '" + store + "' of " + owner_;
  if (spec_of(*plan).kind != kind) {
    throw ProcessorStateException(name + " is a " + std::string(name_of(spec_of(*plan).kind)) +
                                  " store: read it as that, not as a " + std::string(name_of(kind)) + " store");
  }
  if (!plan->persistent) {
    throw ProcessorStateException(name + " is kept in memory, where only the thread of its task may read it: keep it " +
                                  "in RocksDB to read it from elsewhere");
  }
}

std::shared_ptr<const CommittedKeyValueReader> StoreSet::committed_key_value(const std::string& store) const {
  require_readable(store, StoreKind::key_value);
  return database_->committed_key_value(store);
}

std::shared_ptr<const CommittedWindowReader> StoreSet::committed_windows(const std::string& store) const {
  require_readable(store, StoreKind::window);
  return database_->committed_windows(store);
}

std::shared_ptr<const CommittedSessionReader> StoreSet::committed_sessions(const std::string& store) const {
  require_readable(store, StoreKind::session);
  return database_->committed_sessions(store);
}

std::shared_ptr<const CommittedVersionedReader> StoreSet::committed_versions(const std::string& store) const {
  require_readable(store, StoreKind::versioned);
  return database_->committed_versions(store, spec_of(plan_of(store)).retention_ms);
}

}  // namespace millrace::detail
