// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <rocksdb/options.h>

#include <memory>
#include <string_view>

#include "state/task_database.hpp"

namespace millrace::detail {

class DurableExpiry;

/// The options of a task's database: small, on RocksDB's shared background threads. Flushes are atomic. When the
/// memtables of all column families together fill `write_buffers`, all are flushed. Each write says whether it goes
/// through the write-ahead log (WAL).
[[nodiscard]] rocksdb::DBOptions database_options(std::shared_ptr<rocksdb::WriteBufferManager> write_buffers);

/// The options of one column family of the layout in layout.hpp. `block_cache` is shared by all databases of the
/// application. `expiry` gives window and session families their expiry marks.
[[nodiscard]] rocksdb::ColumnFamilyOptions family_options(std::string_view family, const DatabaseOptions& options,
                                                          const std::shared_ptr<rocksdb::Cache>& block_cache,
                                                          DurableExpiry& expiry);

}  // namespace millrace::detail
