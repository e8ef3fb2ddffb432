#include "broker/embedded/compaction.hpp"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

namespace millrace::detail::embedded {
namespace {

constexpr std::size_t kKeyMemoryBytes = 64 << 20;
constexpr std::size_t kKeyOverheadBytes = 80;  // about what a node of the map costs besides the key's bytes
constexpr std::size_t kBatchBytes = 64 << 10;
constexpr std::size_t kPieceBytes = 4 << 20;
constexpr std::int64_t kWidestBatch = 1 << 30;  // offsets in a batch are 32 bits

}  // namespace

std::int64_t Compaction::map_latest(std::int64_t from, std::int64_t to, const IsAborted& is_aborted) {
  std::int64_t end = from;
  std::size_t memory = 0;
  storage_.read_batches(topic_id_, partition_, from, [&](const PagePtr& page) {
    if (page->base_offset() >= to) return false;
    const bool young =
        settings_.min_compaction_lag_ms > 0 && page->header().max_timestamp > now_ - settings_.min_compaction_lag_ms;
    if (young || stop_ || memory > kKeyMemoryBytes) return false;
    end = page->last_offset() + 1;
    if (page->is(format::kControl) || is_aborted(*page)) return true;
    PageCursor cursor(*page);
    PageRecord record;
    while (cursor.next(record)) {
      if (!record.key) continue;
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
  const auto newest = latest_.find(*record.key);
  if (newest != latest_.end() && record.offset < newest->second) return false;
  return record.value.has_value() || horizon == 0 || now_ < horizon;
}

void Compaction::rewrite(std::int64_t from, std::int64_t to, const IsAborted& is_aborted,
                         const std::function<bool(Storage::Changes& changes, bool last)>& write) {
  Storage::Changes changes(storage_);
  BatchBuilder batch;
  std::int64_t batch_base = 0;
  Timestamp batch_horizon = 0;  // of the batch's tombstones; 0: it has none
  std::int64_t piece_from = from;
  bool given_up = false;

  struct Output {
    std::int64_t base;
    std::string bytes;
  };
  std::vector<Output> piece;
  std::size_t piece_bytes = 0;

  const auto close_batch = [&](std::optional<std::uint32_t> last_delta = std::nullopt) {
    piece.push_back({batch_base, batch.finish(0, 0, batch_horizon, last_delta)});
    piece_bytes += piece.back().bytes.size();
    batch_horizon = 0;
  };
  // What lies in [piece_from, piece_to) was read completely and becomes the batches in `piece`.
  const auto write_piece = [&](std::int64_t piece_to, bool last) {
    changes.erase_batches(topic_id_, partition_, piece_from, piece_to);
    for (const Output& output : piece) changes.put_batch(topic_id_, partition_, output.base, output.bytes);
    given_up = !write(changes, last);
    piece.clear();
    piece_bytes = 0;
    piece_from = piece_to;
  };

  bool first = true;
  storage_.read_batches(topic_id_, partition_, from, [&](const PagePtr& page) {
    if (page->base_offset() >= to) return false;
    if (std::exchange(first, false)) piece_from = std::min(piece_from, page->base_offset());
    if (piece_bytes >= kPieceBytes) {
      if (!batch.empty()) close_batch();
      write_piece(page->base_offset(), false);
    }
    if (stop_) given_up = true;
    if (given_up) return false;
    if (page->is(format::kControl) || is_aborted(*page)) return true;
    const Timestamp old_horizon = page->header().delete_horizon;
    const Timestamp horizon = old_horizon != 0 ? old_horizon : now_ + settings_.delete_retention_ms;
    PageCursor cursor(*page);
    PageRecord record;
    while (cursor.next(record)) {
      if (!keep(record, old_horizon)) continue;
      // Tombstones that may go at different times stay apart: joined, new ones would put off the old ones for ever.
      const bool other_horizon = !record.value && batch_horizon != 0 && batch_horizon != horizon;
      const bool full = batch.bytes() >= kBatchBytes || record.offset - batch_base > kWidestBatch;
      if (!batch.empty() && (full || other_horizon)) close_batch();
      if (batch.empty()) batch_base = record.offset;
      batch.add(static_cast<std::uint32_t>(record.offset - batch_base), record);
      if (!record.value) batch_horizon = horizon;
      ++kept_;
    }
    return true;
  });
  if (given_up) return;
  // The last batch reaches up to the end, so that the next offset is known even if nothing else follows.
  if (batch.empty()) {
    batch_base = to - 1;
    close_batch();
  } else if (to - 1 - batch_base > kWidestBatch) {
    close_batch();
    batch_base = to - 1;
    close_batch();
  } else {
    close_batch(static_cast<std::uint32_t>(to - 1 - batch_base));
  }
  write_piece(to, true);
}

}  // namespace millrace::detail::embedded
