// SPDX-License-Identifier: Apache-2.0
// How a StoreSet restores its stores from their changelogs.
#include "common/visible.hpp"
#include "millrace/common/errors.hpp"
#include "millrace/common/logging.hpp"
#include "state/changelog/change_logging.hpp"
#include "store_set.hpp"

namespace millrace::detail {
namespace {

/// Error messages show at most this many bytes of a key.
constexpr std::size_t kShownKey = 100;

}  // namespace

void StoreSet::begin_restore(const std::map<TopicPartition, Watermarks>& held, const RestoreStart& start) {
  to_rewrite_.clear();
  for (StorePosition& position : positions_) {
    // First wipe, then set offsets: a wipe resets all positions of its store, also those in other partitions.
    const Watermarks& own = held.at(position.changelog_);
    if (!fits(position, own, start)) replace(position, own, start);
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

// Below `low` records are missing, which retention or a purge has deleted. Above `high` the changelog was made anew, so
// the data belong to an older one.
bool StoreSet::fits(const StorePosition& position, const Watermarks& held, const RestoreStart& start) {
  const auto next = position.next_offset_;
  if (!next) return true;
  return *next >= Offset(held.low) && *next <= Offset(held.high) && !start.made_anew.contains(position.changelog_);
}

void StoreSet::replace(StorePosition& position, const Watermarks& held, const RestoreStart& start) {
  // The end of a source topic is the offset up to which it was processed. That offset may have been set back.
  const bool made_anew = start.made_anew.contains(position.changelog_) ||
                         (!position.from_source_ && *position.next_offset_ > Offset(held.high));
  const bool rewrite = made_anew && start.complete && position.persistent_ && !position.from_source_;
  log(LogLevel::warn, "store '" + position.store_ + "' of " + owner_ + " is at offset " +
                          to_string(*position.next_offset_) + " of its " +
                          (position.from_source_ ? "topic " : "changelog ") + position.changelog_.str() +
                          ", which holds " + std::to_string(held.low) + " to " + std::to_string(held.high) +
                          (made_anew ? ". The topic was deleted and created again: " : ": ") +
                          (rewrite ? "the store is complete, and is written to the new changelog"
                                   : "it is restored from the beginning"));
  if (rewrite) {
    to_rewrite_.insert(position.store_);
  } else {
    wipe(position.store_);
  }
}

void StoreSet::restore(StorePosition& position, std::span<const RestoreRecord> records, const LogPosition& next) {
  try {
    apply(position.store_, records);
  } catch (const SerializationException&) {
    // One by one, to find the record that failed. apply_alone() throws an exception that names the record.
    for (const RestoreRecord& record : records) apply_alone(position, record);
    throw;
  }
  advance(position, next);
  // Data and position in one write. A crash before it only repeats this batch.
  if (position.persistent_) commit_restored();
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
  if (position.persistent_) commit_restored();
}

void StoreSet::apply(const std::string& store, std::span<const RestoreRecord> records) {
  // Custom stores get the changelog records as they are.
  if (const auto custom = custom_.find(store); custom != custom_.end()) {
    custom->second->restore(records);
    return;
  }
  const ByteStore& bytes = stores_.at(store);
  const ValueFormat format = definition_of(*plan_of(store).builder).spec.format;
  // One of the four is set.
  if (bytes.key_value) restore_changes(*bytes.key_value, format, records);
  if (bytes.window) restore_changes(*bytes.window, format, records);
  if (bytes.session) restore_changes(*bytes.session, format, records);
  if (bytes.versioned) bytes.versioned->restore(records);
}

}  // namespace millrace::detail
