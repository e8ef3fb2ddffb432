// SPDX-License-Identifier: Apache-2.0
#include "options.hpp"

#include <rocksdb/cache.h>
#include <rocksdb/convenience.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/slice_transform.h>
#include <rocksdb/table.h>

#include <algorithm>
#include <string>
#include <utility>

#include "layout.hpp"
#include "state/state_memory.hpp"
#include "window_expiry.hpp"

namespace millrace::detail {

namespace {

// LZ4 if this build of RocksDB has it: distributions build RocksDB with different libraries.
rocksdb::CompressionType best_compression() {
  const auto supported = rocksdb::GetSupportedCompressions();
  const bool lz4 = std::find(supported.begin(), supported.end(), rocksdb::kLZ4Compression) != supported.end();
  return lz4 ? rocksdb::kLZ4Compression : rocksdb::kNoCompression;
}

/// A prefix extractor for insert hints that gives all keys the same prefix, the empty one. RocksDB then starts each
/// insert where the last one ended. Commits are sorted, so that is the right place.
///
/// The empty key must have no hint. A DeleteRange over a whole column family begins with the empty key, and RocksDB 7.8
/// would use the hint of the table of entries in the table of range deletions.
class OneHint final : public rocksdb::SliceTransform {
 public:
  [[nodiscard]] const char* Name() const override { return "millrace.OneHint"; }
  [[nodiscard]] rocksdb::Slice Transform(const rocksdb::Slice& key) const override { return {key.data(), 0}; }
  [[nodiscard]] bool InDomain(const rocksdb::Slice& key) const override { return !key.empty(); }
};

}  // namespace

rocksdb::DBOptions database_options(std::shared_ptr<rocksdb::WriteBufferManager> write_buffers) {
  rocksdb::DBOptions db;
  db.create_if_missing = true;
  // Flush all column families together: after a crash all stores must be at the same commit.
  db.atomic_flush = true;
  db.write_buffer_manager = std::move(write_buffers);
  db.max_background_jobs = 2;  // RocksDB's thread pools are shared by the whole process
  // A process can have hundreds of tasks. Keep files, threads and logs of each database few.
  db.max_open_files = 256;
  db.max_file_opening_threads = 1;
  db.skip_stats_update_on_db_open = true;
  db.stats_dump_period_sec = 0;
  db.stats_persist_period_sec = 0;
  db.max_manifest_file_size = 4u << 20;
  return db;
}

rocksdb::ColumnFamilyOptions family_options(std::string_view family, const DatabaseOptions& options,
                                            const std::shared_ptr<rocksdb::Cache>& block_cache, DurableExpiry& expiry) {
  rocksdb::ColumnFamilyOptions cf;
  cf.write_buffer_size = options.write_buffer_bytes;
  // Every column family allocates one arena block at once. So a block must be small compared to the smallest write
  // buffer that a database can have.
  cf.arena_block_size = options.write_buffer_bytes >= StateMemory::kLeastWriteBuffer ? 32u << 10 : 16u << 10;
  // Up to three memtables per family, so that a commit need not wait while one of them is being flushed.
  cf.max_write_buffer_number = 3;
  // RocksDB's defaults are 64 MB and 256 MB. The database of one task is small, so smaller files and levels suffice.
  cf.target_file_size_base = 16u << 20;
  cf.max_bytes_for_level_base = 64u << 20;
  cf.compression = best_compression();

  // Commits are sorted. With the hint an insert starts where the previous one ended, not at the top of the skip list.
  cf.memtable_insert_with_hint_prefix_extractor = std::make_shared<OneHint>();

  rocksdb::BlockBasedTableOptions table;
  // Index and filter blocks count into the shared cache, so its size bounds them too. Those of level 0 stay: each read
  // of RocksDB needs them.
  table.block_cache = block_cache;
  table.cache_index_and_filter_blocks = true;
  table.pin_l0_filter_and_index_blocks_in_cache = true;
  // Window lookups are mostly range scans. A filter of whole keys does not help them.
  if (!family.starts_with(layout::kWindowFamily)) {
    table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
  }
  cf.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));

  if (family.starts_with(layout::kWindowFamily) || family.starts_with(layout::kSessionFamily)) {
    // Leveled compaction; Kafka Streams uses universal. Leveled files do not overlap, and segments follow each other.
    // So RocksDB moves old segments down without a rewrite, and deletes expired segments as files without reading them.
    // Reads seldom reach RocksDB, so many level-0 files cost less than frequent compactions.
    cf.level0_file_num_compaction_trigger = 12;
    cf.level0_slowdown_writes_trigger = 40;
    cf.level0_stop_writes_trigger = 60;
    cf.compaction_filter_factory = std::make_shared<WindowExpiryFilterFactory>(expiry.mark(std::string(family)));
  }
  return cf;
}

}  // namespace millrace::detail
