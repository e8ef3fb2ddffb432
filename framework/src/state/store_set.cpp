#include "store_set.hpp"

#include <algorithm>
#include <utility>

#include "common/visible.hpp"
#include "millrace/common/errors.hpp"
#include "millrace/common/logging.hpp"
#include "state/changelog/change_logging.hpp"
#include "state/memory/stores.hpp"
#include "state/observing_store.hpp"
#include "state/store_type.hpp"

namespace millrace::detail {
namespace {

[[nodiscard]] const StoreSpec& spec_of(const StorePlan& plan) { return definition_of(*plan.builder).spec; }

/// Error messages show at most this many bytes of a key.
constexpr std::size_t kShownKey = 100;

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
      if (plan.persistent) position.next_offset_ = database_->position(store, changelog);
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
    const Watermarks& own = held.at(position.changelog_);
    if (position.table_of_ && !position.next_offset_ && (own.low == own.high || fills(position))) {
      const Watermarks& topic = held.at(*position.table_of_);
      if (topic.low < topic.high) {
        begin_filling(position, Offset(topic.low));
        continue;
      }
      // Nothing of the topic was processed yet. The store starts empty, and processing fills it.
      if (to_fill_.erase(position.store_) > 0) wipe(position.store_);
    }
    if (!position.next_offset_) position.next_offset_ = Offset(own.low);
  }
}

void StoreSet::begin_filling(StorePosition& position, Offset from) {
  wipe(position.store_);
  to_fill_.insert(position.store_);
  if (!position.persistent_) return;
  // The position in the topic is written before the first record. After a crash it tells open() that the store's
  // changelog is incomplete.
  database_->commit({{position.store_, {{*position.table_of_, from}}}});
  database_->flush();
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
  try {
    apply(position.store_, records);
  } catch (const SerializationException&) {
    // One by one, to find the record that failed. apply_alone() throws an exception that names the record.
    for (const RestoreRecord& record : records) apply_alone(position, record);
    throw;
  }
  advance(position, next_offset);
  // Data and position in one write. A crash before it only repeats this batch.
  if (position.persistent_) commit_with(std::nullopt);
}

void StoreSet::apply_alone(const StorePosition& position, const RestoreRecord& record) {
  try {
    apply(position.store_, {&record, 1});
  } catch (const SerializationException& error) {
    throw SerializationException(
        "store '" + position.store_ + "' of " + owner_ + ": its changelog " + position.changelog_.str() +
        " has a record that does not belong to this store, with the key '" + visible(record.key, kShownKey) + "' (" +
        std::to_string(record.key.size()) + " bytes) and " +
        (record.value ? "a value of " + std::to_string(record.value->size()) + " bytes" : std::string("no value")) +
        ": " + error.what() +
        ". Either another program has written to the changelog, or the store had another type before: stop that "
        "program and delete the record, or give the store another name");
  }
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
  // Only persistent stores have positions on disk. An in-memory store restores everything after a restart.
  std::map<std::string, ChangelogPositions> positions;
  for (const StorePosition& position : positions_) {
    if (!position.persistent_ || !position.next_offset_) continue;
    positions[position.store_].emplace(position.changelog_, *position.next_offset_);
  }
  if (database_) database_->commit(positions, inputs);
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
