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
  each(db, layout::kPositionPrefix, [&](std::string_view key, Offset offset) {
    const auto place = layout::read_position_key(key);
    if (!place) throw unreadable();
    positions_[place->store][place->changelog] = offset;
  });
  each(db, layout::kOffsetPrefix, [&](std::string_view key, Offset offset) {
    const auto changelog = layout::read_offset_key(key);
    if (!changelog) throw unreadable();
    of_format_1_[*changelog] = offset;
  });
}

void StoredPositions::each(rocksdb::DB& db, std::string_view prefix,
                           FunctionRef<void(std::string_view, Offset)> visit) const {
  const std::unique_ptr<rocksdb::Iterator> it(db.NewIterator({}, meta_));
  for (it->Seek(slice(prefix)); it->Valid() && it->key().starts_with(slice(prefix)); it->Next()) {
    if (it->value().size() != 8) {
      throw StateCorruptedException("the state in " + directory_.string() +
                                        " has an unreadable changelog position; it must be deleted and restored",
                                    directory_);
    }
    visit(view(it->key()), Offset(static_cast<std::int64_t>(formats::load_be64(it->value().data()))));
  }
  check(it->status(), "read", "", directory_);
}

std::optional<Offset> StoredPositions::get(const std::string& store, const TopicPartition& changelog) const {
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
                          Offset offset) const {
  std::string value;
  formats::append_be64(value, static_cast<std::uint64_t>(offset.value()));
  check(batch.Put(meta_, layout::position_key(store, changelog), value), "commit", store, directory_);
}

void StoredPositions::add_commit(rocksdb::WriteBatch& batch,
                                 const std::map<std::string, ChangelogPositions>& positions) const {
  for (const auto& [store, of_store] : positions) {
    for (const auto& [changelog, offset] : of_store) {
      if (get(store, changelog) != offset) put(batch, store, changelog, offset);
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
