#pragma once

#include <rocksdb/db.h>

#include <memory>
#include <string>

#include "reader_gate.hpp"
#include "state/committed_reader.hpp"

namespace millrace::detail {

/// Readers of one column family each, for interactive queries. They show the last commit and never the uncommitted
/// writes, which are in the tier and not in RocksDB.
///
/// Threads: any. `family` must live until the gate closes. After that every call throws ProcessorStateException.
/// `store`: the name for error messages.
[[nodiscard]] std::shared_ptr<const CommittedKeyValueReader> make_committed_key_value_reader(
    std::shared_ptr<ReaderGate> gate, rocksdb::ColumnFamilyHandle* family, std::string store);
[[nodiscard]] std::shared_ptr<const CommittedWindowReader> make_committed_window_reader(
    std::shared_ptr<ReaderGate> gate, rocksdb::ColumnFamilyHandle* family, std::string store,
    const WindowStoreOptions& options);

}  // namespace millrace::detail
