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

rocksdb::CompressionType best_compression() {
  const auto supported = rocksdb::GetSupportedCompressions();
  const bool lz4 = std::find(supported.begin(), supported.end(), rocksdb::kLZ4Compression) != supported.end();
  return lz4 ? rocksdb::kLZ4Compression : rocksdb::kNoCompression;
}

/// All keys share one place in the memtable from which the next insert starts its search. The empty key has none: it is
/// how a DeleteRange over everything begins, and RocksDB (7.8) would apply the place in the table of entries to that of
/// range deletions.
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
  db.atomic_flush = true;
  db.write_buffer_manager = std::move(write_buffers);
  db.max_background_jobs = 2;  // of the process-wide pools
  db.max_open_files = 256;
  db.max_file_opening_threads = 1;
  db.skip_stats_update_on_db_open = true;
  db.stats_dump_period_sec = 0;
  db.stats_persist_period_sec = 0;
  db.info_log_level = rocksdb::WARN_LEVEL;
  db.keep_log_file_num = 2;
  db.max_manifest_file_size = 4u << 20;
  return db;
}

rocksdb::ColumnFamilyOptions family_options(std::string_view family, const DatabaseOptions& options,
                                            const std::shared_ptr<rocksdb::Cache>& block_cache, DurableExpiry& expiry) {
  rocksdb::ColumnFamilyOptions cf;
  cf.write_buffer_size = options.write_buffer_bytes;
  // Small against the least that a database may have, for every column family takes one at once.
  cf.arena_block_size = options.write_buffer_bytes >= StateMemory::kLeastWriteBuffer ? 32u << 10 : 16u << 10;
  cf.max_write_buffer_number = 3;
  cf.target_file_size_base = 16u << 20;
  cf.max_bytes_for_level_base = 64u << 20;
  cf.compression = best_compression();

  // Commits come sorted: an insert starts where the one before ended, instead of searching from the top.
  cf.memtable_insert_with_hint_prefix_extractor = std::make_shared<OneHint>();

  rocksdb::BlockBasedTableOptions table;
  table.block_cache = block_cache;
  table.cache_index_and_filter_blocks = true;
  table.pin_l0_filter_and_index_blocks_in_cache = true;
  if (!family.starts_with(layout::kWindowFamily)) {
    table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
  }
  cf.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));

  if (family.starts_with(layout::kWindowFamily) || family.starts_with(layout::kSessionFamily)) {
    // Level by level, not universal as in Kafka Streams: files are disjoint then, segment behind segment, so that old
    // segments move down without being rewritten and expired ones are dropped as files without being read.
    // Reads seldom get here, so that more files side by side cost less than merging them often.
    cf.level0_file_num_compaction_trigger = 12;
    cf.level0_slowdown_writes_trigger = 40;
    cf.level0_stop_writes_trigger = 60;
    cf.compaction_filter_factory = std::make_shared<WindowExpiryFilterFactory>(expiry.mark(std::string(family)));
  }
  return cf;
}

}  // namespace millrace::detail
