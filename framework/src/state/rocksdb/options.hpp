#pragma once

#include <rocksdb/options.h>

#include <memory>
#include <string_view>

#include "state/task_database.hpp"

namespace millrace::detail {

class DurableExpiry;

/// How a task's database uses RocksDB: small, without WAL, on the process's shared background threads.
/// When the memtables of all column families together fill `write_buffers`, all are flushed.
[[nodiscard]] rocksdb::DBOptions database_options(std::shared_ptr<rocksdb::WriteBufferManager> write_buffers);

/// For a column family of the layout in database_layout.hpp. `block_cache` is shared by all.
[[nodiscard]] rocksdb::ColumnFamilyOptions family_options(std::string_view family, const DatabaseOptions& options,
                                                          const std::shared_ptr<rocksdb::Cache>& block_cache,
                                                          DurableExpiry& expiry);

}  // namespace millrace::detail
