// SPDX-License-Identifier: Apache-2.0
#include "stored_positions.hpp"

#include <algorithm>
#include <memory>
#include <utility>

#include "database_store.hpp"
#include "layout.hpp"

namespace millrace::detail {

void StoredPositions::read(rocksdb::DB& db, rocksdb::ColumnFamilyHandle* meta) {
  meta_ = meta;
  const auto unreadable = [this] {
    return StateCorruptedException("the state in " + directory_.string() +
                                       " has an unreadable changelog position; it must be deleted and restored",
                                   directory_);
  };
  each(db, layout::kPositionPrefix, [&](std::string_view key, const LogPosition& position) {
    const auto place = layout::read_position_key(key);
    if (!place) throw unreadable();
    positions_[place->store].insert_or_assign(place->changelog, position);
  });
  each(db, layout::kOffsetPrefix, [&](std::string_view key, const LogPosition& position) {
    const auto changelog = layout::read_offset_key(key);
    if (!changelog) throw unreadable();
    of_format_1_.insert_or_assign(*changelog, position);
  });
}

void StoredPositions::each(rocksdb::DB& db, std::string_view prefix,
                           FunctionRef<void(std::string_view, const LogPosition&)> visit) const {
  const std::unique_ptr<rocksdb::Iterator> it(db.NewIterator({}, meta_));
  for (it->Seek(slice(prefix)); it->Valid() && it->key().starts_with(slice(prefix)); it->Next()) {
    const auto position = layout::read_position(view(it->value()));
    if (!position) {
      throw StateCorruptedException("the state in " + directory_.string() +
                                        " has an unreadable changelog position; it must be deleted and restored",
                                    directory_);
    }
    visit(view(it->key()), *position);
  }
  check(it->status(), "read", "", directory_);
}

std::optional<LogPosition> StoredPositions::get(const std::string& store, const TopicPartition& changelog) const {
  const auto of_store = positions_.find(store);
  if (of_store == positions_.end()) return std::nullopt;
  const auto found = of_store->second.find(changelog);
  return found == of_store->second.end() ? std::nullopt : std::optional(found->second);
}

const TopicPartition* StoredPositions::outside(const std::string& store,
                                               const std::vector<TopicPartition>& changelogs) const {
  const auto of_store = positions_.find(store);
  if (of_store == positions_.end()) return nullptr;
  for (const auto& [changelog, offset] : of_store->second) {
    if (std::ranges::find(changelogs, changelog) == changelogs.end()) return &changelog;
  }
  return nullptr;
}

void StoredPositions::put(rocksdb::WriteBatch& batch, const std::string& store, const TopicPartition& changelog,
                          const LogPosition& position) const {
  check(batch.Put(meta_, layout::position_key(store, changelog), layout::write_position(position)), "commit", store,
        directory_);
}

void StoredPositions::add_commit(rocksdb::WriteBatch& batch,
                                 const std::map<std::string, ChangelogPositions>& positions) const {
  for (const auto& [store, of_store] : positions) {
    for (const auto& [changelog, position] : of_store) {
      if (get(store, changelog) != position) put(batch, store, changelog, position);
    }
    const auto before = positions_.find(store);
    if (before == positions_.end()) continue;
    for (const auto& [changelog, offset] : before->second) {
      if (of_store.contains(changelog)) continue;
      check(batch.Delete(meta_, layout::position_key(store, changelog)), "commit", store, directory_);
    }
  }
}

void StoredPositions::committed(const std::map<std::string, ChangelogPositions>& positions) {
  for (const auto& [store, of_store] : positions) positions_[store] = of_store;
}

void StoredPositions::add_wipe(rocksdb::WriteBatch& batch, const std::string& store) const {
  const auto of_store = positions_.find(store);
  if (of_store == positions_.end()) return;
  for (const auto& [changelog, offset] : of_store->second) {
    check(batch.Delete(meta_, layout::position_key(store, changelog)), "wipe", store, directory_);
  }
}

ChangelogPositions StoredPositions::of_format_1(const std::string& store,
                                                const std::vector<TopicPartition>& changelogs) const {
  ChangelogPositions offsets;
  if (positions_.contains(store)) return offsets;
  for (const TopicPartition& changelog : changelogs) {
    const auto found = of_format_1_.find(changelog);
    if (found != of_format_1_.end()) offsets.insert(*found);
  }
  return offsets;
}

void StoredPositions::add_take_over(rocksdb::WriteBatch& batch, const std::string& store,
                                    const ChangelogPositions& offsets) const {
  for (const auto& [changelog, offset] : offsets) {
    put(batch, store, changelog, offset);
    check(batch.Delete(meta_, layout::offset_key(changelog)), "open", store, directory_);
  }
}

void StoredPositions::taken_over(const std::string& store, ChangelogPositions offsets) {
  for (const auto& [changelog, offset] : offsets) of_format_1_.erase(changelog);
  positions_[store] = std::move(offsets);
}

}  // namespace millrace::detail
