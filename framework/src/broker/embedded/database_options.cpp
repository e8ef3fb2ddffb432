// SPDX-License-Identifier: Apache-2.0
#include "broker/embedded/database_options.hpp"

#include <rocksdb/convenience.h>
#include <rocksdb/table.h>

#include <algorithm>
#include <memory>

#include "broker/rocksdb_log.hpp"

namespace millrace::detail::embedded {
namespace {

/// LZ4 if this build of RocksDB has it, else none.
rocksdb::CompressionType compression() {
  const auto supported = rocksdb::GetSupportedCompressions();
  const auto has = [&](rocksdb::CompressionType type) {
    return std::find(supported.begin(), supported.end(), type) != supported.end();
  };
  return has(rocksdb::kLZ4Compression) ? rocksdb::kLZ4Compression : rocksdb::kNoCompression;
}

/// For the bookkeeping, which is small.
rocksdb::ColumnFamilyOptions meta_options() {
  rocksdb::ColumnFamilyOptions options;
  options.write_buffer_size = 4 << 20;
  return options;
}

/// For the batches.
rocksdb::ColumnFamilyOptions log_options() {
  rocksdb::ColumnFamilyOptions options;
  options.write_buffer_size = 16 << 20;
  options.max_write_buffer_number = 4;
  // Batches go into blob files. RocksDB's compaction does not rewrite blob files. So each batch is written twice
  // (write-ahead log, blob file) and not once per level.
  options.enable_blob_files = true;
  options.min_blob_size = 4096;
  options.blob_compression_type = compression();
  options.enable_blob_garbage_collection = true;
  options.compression = compression();
  rocksdb::BlockBasedTableOptions table;
  // No block cache: the TailCache keeps what is read again soon.
  table.no_block_cache = true;
  table.block_size = 64 << 10;
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return options;
}

}  // namespace

rocksdb::DBOptions database_options(const std::string& directory) {
  rocksdb::DBOptions options;
  options.create_if_missing = true;
  options.create_missing_column_families = true;
  options.max_background_jobs = 2;
  options.max_total_wal_size = 64 << 20;  // bytes; bounds the time that the next start needs to replay
  options.info_log = std::make_shared<RocksDbLog>(directory);
  options.avoid_flush_during_shutdown = true;  // closing is fast; the write-ahead log has everything
  options.max_open_files = 512;
  return options;
}

std::vector<rocksdb::ColumnFamilyDescriptor> column_families() {
  return {{rocksdb::kDefaultColumnFamilyName, meta_options()}, {"log", log_options()}};
}

}  // namespace millrace::detail::embedded
