#include "store_set.hpp"

#include <algorithm>
#include <utility>

#include "millrace/common/errors.hpp"
#include "millrace/common/logging.hpp"
#include "state/changelog/change_logging.hpp"
#include "state/memory/stores.hpp"
#include "state/observing_store.hpp"

namespace millrace::detail {
namespace {

[[nodiscard]] const StoreSpec& spec_of(const StorePlan& plan) { return definition_of(*plan.builder).spec; }

/// For messages.
[[nodiscard]] std::string_view noun(StoreKind kind) {
  switch (kind) {
    case StoreKind::key_value: return "key-value";
    case StoreKind::window: return "window";
    case StoreKind::session: return "session";
    case StoreKind::versioned: return "versioned";
    case StoreKind::custom: return "custom";
  }
  return "?";
}

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
    for (const TopicPartition& changelog : plan.changelogs) {
      StorePosition& position = positions_.emplace_back();
      position.store_ = store;
      position.changelog_ = changelog;
      position.persistent_ = plan.persistent;
      position.from_source_ = plan.from_source;
      // An in-memory store starts empty, whatever was restored before.
      if (plan.persistent) position.next_offset_ = database_->position(store, changelog);
    }
  }
}

StoreSet::~StoreSet() = default;

ByteStore StoreSet::open(const StorePlan& plan) {
  const StoreSpec& spec = spec_of(plan);
  if (!plan.persistent) return make_in_memory_store(spec);
  // Both before the store is opened: they delete its data if these do not fit, positions included.
  if (!plan.changelogs.empty()) database_->expect_changelogs(spec.name, plan.changelogs);
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

// REQUIRES: the set has the store.
const StorePlan& StoreSet::plan_of(const std::string& store) const {
  return *std::ranges::find_if(plans_, [&](const StorePlan& plan) { return spec_of(plan).name == store; });
}

// --- custom stores

void StoreSet::attach(const std::string& store, RestorableStore& custom) {
  custom_[store] = &custom;
  for (StorePosition& position : positions_) {
    // The binding has made a new, empty store, so it is restored from the beginning.
    if (position.store_ == store) position.next_offset_.reset();
  }
}

void StoreSet::detach(const std::string& store) { custom_.erase(store); }

// --- restore

void StoreSet::begin_restore(const std::map<TopicPartition, Watermarks>& held) {
  for (const StorePosition& position : positions_) {
    // First wipe, then set offsets: a wipe resets all positions of its store, also those in other partitions.
    if (!fits(position, held.at(position.changelog_))) wipe(position.store_);
  }
  for (StorePosition& position : positions_) {
    if (!position.next_offset_) position.next_offset_ = Offset(held.at(position.changelog_).low);
  }
}

bool StoreSet::fits(const StorePosition& position, const Watermarks& held) const {
  // Below `low` records are missing, which retention or a purge has deleted. Above `high` the changelog was made anew,
  // so the data belong to an older one.
  const auto next = position.next_offset_;
  if (!next || (*next >= Offset(held.low) && *next <= Offset(held.high))) return true;
  log(LogLevel::warn, "store '" + position.store_ + "' of " + owner_ + " is at offset " + to_string(*next) +
                          " of its changelog " + position.changelog_.str() + ", which holds " +
                          std::to_string(held.low) + " to " + std::to_string(held.high) +
                          ": it is restored from the beginning");
  return false;
}

void StoreSet::restore(StorePosition& position, std::span<const RestoreRecord> records, Offset next_offset) {
  apply(position.store_, records);
  advance(position, next_offset);
  // Data and position in one write. A crash before it only repeats this batch.
  if (position.persistent_) commit_with(std::nullopt);
}

// The end can be behind the last record, because transaction markers take offsets too.
void StoreSet::finish_restore(StorePosition& position, Offset end) {
  advance(position, end);
  if (position.persistent_) commit_with(std::nullopt);
}

void StoreSet::apply(const std::string& store, std::span<const RestoreRecord> records) {
  // Custom stores get the changelog records as they are.
  if (const auto custom = custom_.find(store); custom != custom_.end()) {
    custom->second->restore(records);
    return;
  }
  const ByteStore& bytes = stores_.at(store);
  const ValueFormat format = spec_of(plan_of(store)).format;
  // One of the four is set.
  if (bytes.key_value) restore_changes(*bytes.key_value, format, records);
  if (bytes.window) restore_changes(*bytes.window, format, records);
  if (bytes.session) restore_changes(*bytes.session, format, records);
  if (bytes.versioned) bytes.versioned->restore(records);
}

void StoreSet::wipe(const std::string& store) {
  const StorePlan& plan = plan_of(store);
  if (plan.persistent) {
    database_->wipe(store);
  } else {
    empty_in_memory(plan);
  }
  for (StorePosition& position : positions_) {
    if (position.store_ == store) position.next_offset_.reset();
  }
}

void StoreSet::empty_in_memory(const StorePlan& plan) {
  // A custom store is new whenever it is attached.
  if (spec_of(plan).kind != StoreKind::custom) clear_in_memory_store(stores_.at(spec_of(plan).name));
}

// --- input

void StoreSet::begin(InputOffsets inputs) {
  if (!database_) return;
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

void StoreSet::commit() { commit_with(inputs_); }

void StoreSet::commit_with(const std::optional<InputOffsets>& inputs) {
  if (!database_) return;
  // Only persistent stores have positions on disk. An in-memory store restores everything after a restart.
  std::map<std::string, ChangelogPositions> positions;
  for (const StorePosition& position : positions_) {
    if (!position.persistent_ || !position.next_offset_) continue;
    positions[position.store_].emplace(position.changelog_, *position.next_offset_);
  }
  database_->commit(positions, inputs);
}

// The transaction was aborted: its changelog records do not count, so the data must not contain them either.
void StoreSet::discard() {
  if (database_) {
    database_->discard();
    inputs_ = database_->inputs();
  }
  for (const StorePlan& plan : plans_) {
    if (!plan.persistent) empty_in_memory(plan);
  }
  for (StorePosition& position : positions_) {
    position.next_offset_ =
        position.persistent_ ? database_->position(position.store_, position.changelog_) : std::nullopt;
  }
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
    throw ProcessorStateException(name + " is a " + std::string(noun(spec_of(*plan).kind)) +
                                  " store: read it as that, not as a " + std::string(noun(kind)) + " store");
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
