// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "millrace/state/detail/bytes_store.hpp"
#include "millrace/state/detail/changelog_writer.hpp"
#include "millrace/state/detail/value_format.hpp"

namespace millrace::detail {

/// Put a layer in front of a store that writes a changelog record for each put, in Kafka Streams' format. (Kafka
/// Streams: `ChangeLoggingKeyValueBytesStore`, `ChangeLoggingWindowBytesStore`...)
///
/// The layer is below the record cache, so collapsed changes are logged once. restore() passes records to the store
/// without logging them again. `writer` must outlive the store. Runs on the thread of the task.
[[nodiscard]] std::unique_ptr<KeyValueBytesStore> make_change_logging(std::shared_ptr<KeyValueBytesStore> inner,
                                                                      ChangelogWriter& writer, ValueFormat format,
                                                                      LoggedHeaders headers = LoggedHeaders::none);
[[nodiscard]] std::unique_ptr<WindowBytesStore> make_change_logging(std::shared_ptr<WindowBytesStore> inner,
                                                                    ChangelogWriter& writer, ValueFormat format,
                                                                    LoggedHeaders headers = LoggedHeaders::none);
[[nodiscard]] std::unique_ptr<SessionBytesStore> make_change_logging(std::shared_ptr<SessionBytesStore> inner,
                                                                     ChangelogWriter& writer,
                                                                     ValueFormat format = ValueFormat::plain,
                                                                     LoggedHeaders headers = LoggedHeaders::none);
/// A versioned store has no value format of its own: the version's timestamp is the record's timestamp.
[[nodiscard]] std::unique_ptr<VersionedBytesStore> make_change_logging(std::shared_ptr<VersionedBytesStore> inner,
                                                                       ChangelogWriter& writer);

}  // namespace millrace::detail
