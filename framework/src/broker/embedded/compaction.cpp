// SPDX-License-Identifier: Apache-2.0
#include "broker/embedded/compaction.hpp"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

namespace millrace::detail::embedded {
namespace {

// All limits are in bytes, except kWidestBatch. A compaction stops when its keys use kKeyMemoryBytes; the next one does
// the rest.
constexpr std::size_t kKeyMemoryBytes = 64 << 20;  // memory for the keys of one compaction
constexpr std::size_t kKeyOverheadBytes = 80;      // approximate memory of a map node besides the key
constexpr std::size_t kBatchBytes = 64 << 10;      // size at which a batch is full
constexpr std::size_t kPieceBytes = 4 << 20;       // size of one write to disk
constexpr std::int64_t kWidestBatch = 1 << 30;     // offsets between first and last record; stored in 32 bits

}  // namespace

Offset Compaction::map_latest(const OffsetRange& range, const IsAborted& is_aborted) {
  Offset end = range.from;
  std::size_t memory = 0;
  storage_.read_batches(topic_id_, partition_, range.from, [&](const PagePtr& page) {
    if (page->base_offset() >= range.to) return false;
    const bool young =
        settings_.min_compaction_lag_ms > 0 && page->header().max_timestamp > now_ - settings_.min_compaction_lag_ms;
    if (young || stop_ || memory > kKeyMemoryBytes) return false;
    end = page->last_offset() + 1;
    if (page->is(format::kControl) || is_aborted(*page)) return true;
    PageCursor cursor(*page);
    PageRecord record;
    while (cursor.next(record)) {
      if (!record.key) continue;  // compaction cannot remove a record without a key
      if (const auto known = latest_.find(*record.key); known != latest_.end()) {
        known->second = record.offset;
      } else {
        memory += record.key->size() + kKeyOverheadBytes;
        latest_.emplace(*record.key, record.offset);
      }
    }
    return true;
  });
  return end;
}

bool Compaction::keep(const PageRecord& record, Timestamp horizon) const {
  if (!record.key) return true;
  // A key that is not in the map has no record in the dirty part. Its record below the dirty part is then the newest.
  const auto newest = latest_.find(*record.key);
  if (newest != latest_.end() && record.offset < newest->second) return false;
  return record.value.has_value() || horizon == 0 || now_ < horizon;
}

void Compaction::rewrite(const OffsetRange& range, const IsAborted& is_aborted,
                         const std::function<bool(Storage::Changes& changes, bool last)>& write) {
  Storage::Changes changes(storage_);
  BatchBuilder batch;
  Offset batch_base;
  Timestamp batch_horizon = 0;  // delete horizon of the batch's tombstones; 0: the batch has none
  Offset piece_from = range.from;
  bool given_up = false;

  struct Output {
    Offset base;
    std::string bytes;
  };
  std::vector<Output> piece;
  std::size_t piece_bytes = 0;

  const auto delta_to = [&](Offset offset) { return OffsetDelta(static_cast<std::uint32_t>(offset - batch_base)); };
  const auto close_batch = [&](std::optional<OffsetDelta> last_delta = std::nullopt) {
    piece.push_back({batch_base, batch.finish(0, ProducerId(), batch_horizon, last_delta)});
    piece_bytes += piece.back().bytes.size();
    batch_horizon = 0;
  };
  // Replaces the batches in [piece_from, piece_to), which were read completely, by the batches in `piece`.
  const auto write_piece = [&](Offset piece_to, bool last) {
    changes.erase_batches(topic_id_, partition_, {.from = piece_from, .to = piece_to});
    for (const Output& output : piece) changes.put_batch(topic_id_, partition_, output.base, output.bytes);
    given_up = !write(changes, last);
    piece.clear();
    piece_bytes = 0;
    piece_from = piece_to;
  };

  bool first = true;
  storage_.read_batches(topic_id_, partition_, range.from, [&](const PagePtr& page) {
    if (page->base_offset() >= range.to) return false;
    // The first batch may begin before `from`. It is rewritten as a whole.
    if (std::exchange(first, false)) piece_from = std::min(piece_from, page->base_offset());
    if (piece_bytes >= kPieceBytes) {
      if (!batch.empty()) close_batch();
      write_piece(page->base_offset(), false);
    }
    if (stop_) given_up = true;
    if (given_up) return false;
    if (page->is(format::kControl) || is_aborted(*page)) return true;
    // The first compaction that sees a batch sets the delete horizon of its tombstones.
    const Timestamp old_horizon = page->header().delete_horizon;
    const Timestamp horizon = old_horizon != 0 ? old_horizon : now_ + settings_.delete_retention_ms;
    PageCursor cursor(*page);
    PageRecord record;
    while (cursor.next(record)) {
      if (!keep(record, old_horizon)) continue;
      // A batch has one delete horizon. Tombstones with different horizons go to different batches. Otherwise new
      // tombstones would delay the removal of old ones again and again.
      const bool other_horizon = !record.value && batch_horizon != 0 && batch_horizon != horizon;
      const bool full = batch.bytes() >= kBatchBytes || record.offset - batch_base > kWidestBatch;
      if (!batch.empty() && (full || other_horizon)) close_batch();
      if (batch.empty()) batch_base = record.offset;
      batch.add(delta_to(record.offset), record);
      if (!record.value) batch_horizon = horizon;
      ++kept_;
    }
    return true;
  });
  if (given_up) return;
  // The last batch must cover the offset to - 1. The log finds its next offset from its last batch, even if all later
  // records are gone.
  if (batch.empty()) {
    batch_base = range.to - 1;
    close_batch();
  } else if (range.to - 1 - batch_base > kWidestBatch) {
    close_batch();
    batch_base = range.to - 1;
    close_batch();
  } else {
    close_batch(delta_to(range.to - 1));
  }
  write_piece(range.to, true);
}

}  // namespace millrace::detail::embedded
