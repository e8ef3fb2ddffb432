#pragma once

#include <memory>

#include "millrace/state/detail/bytes_store.hpp"
#include "millrace/state/detail/changelog_writer.hpp"
#include "millrace/state/detail/value_format.hpp"

namespace millrace::detail {

/// Wrap a store so that each put also writes its changelog record, in Kafka Streams' format. The writer must outlive
/// the store.
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
[[nodiscard]] std::unique_ptr<VersionedBytesStore> make_change_logging(std::shared_ptr<VersionedBytesStore> inner,
                                                                       ChangelogWriter& writer);

}  // namespace millrace::detail
