// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <rocksdb/db.h>
#include <rocksdb/options.h>

#include <string>
#include <vector>

namespace millrace::detail::embedded {

/// The settings of the database in a broker's directory. Few threads, files and log lines: the broker shares its
/// machine with the application.
[[nodiscard]] rocksdb::DBOptions database_options(const std::string& directory);

/// The column families: bookkeeping (default) and `log`, in this order.
[[nodiscard]] std::vector<rocksdb::ColumnFamilyDescriptor> column_families();

}  // namespace millrace::detail::embedded
