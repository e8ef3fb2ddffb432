#include "change_logging.hpp"

#include <string>
#include <vector>

#include "millrace/state/formats.hpp"

namespace millrace {

void log_change(ChangelogWriter& writer, ValueFormat format, std::string_view key, BytesView value,
                const Headers* headers) {
  if (format == ValueFormat::timestamped && value) {
    const auto [timestamp, bare] = formats::read_timestamped_value(*value);
    writer.log(key, bare, timestamp, headers);
  } else {
    writer.log(key, value, writer.current_timestamp(), headers);
  }
}

void restore_changes(RestorableStore& store, ValueFormat format, std::span<const RestoreRecord> records) {
  if (format == ValueFormat::plain) {
    store.restore(records);
    return;
  }
  std::size_t bytes = 0;
  for (const RestoreRecord& record : records) {
    if (record.value) bytes += formats::kTimestampBytes + record.value->size();
  }
  std::string values;
  values.reserve(bytes);  // so that the views into it stay valid
  std::vector<RestoreRecord> converted(records.begin(), records.end());
  for (RestoreRecord& record : converted) {
    if (!record.value) continue;
    const std::size_t at = values.size();
    formats::append_timestamped_value(values, record.timestamp, *record.value);
    record.value = std::string_view(values).substr(at);
  }
  store.restore(converted);
}

}  // namespace millrace
