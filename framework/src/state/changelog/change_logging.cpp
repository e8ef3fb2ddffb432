// SPDX-License-Identifier: Apache-2.0
#include "change_logging.hpp"

#include <string>
#include <vector>

#include "millrace/state/detail/formats.hpp"
#include "millrace/state/detail/header_formats.hpp"

namespace millrace::detail {

// What Kafka Streams logs: a timestamped value goes to the changelog as the bare value, and its timestamp becomes the
// record's timestamp. Headers kept with a value become the record's headers.
namespace {

// Kafka Streams logs a timestamped value as the bare value, and the timestamp as the record's timestamp. Headers that a
// store keeps with a value become the record's headers.
[[nodiscard]] bool has_timestamp(ValueFormat format) {
  return format == ValueFormat::timestamped || format == ValueFormat::timestamped_with_headers;
}

/// For formats whose values begin with headers. A delete has no value, so it takes time and headers from the record
/// being processed.
void log_with_headers(ChangelogWriter& writer, ValueFormat format, std::string_view key, BytesView value) {
  if (!value) {
    writer.log(key, std::nullopt, writer.current_timestamp(), writer.current_headers());
    return;
  }
  // A value in this format is | headers | timestamp, if the format has one | bare value |.
  const auto [header_bytes, rest] = formats::read_value_with_headers(*value);
  const Headers headers = formats::decode_headers(header_bytes);
  if (has_timestamp(format)) {
    const auto [timestamp, bare] = formats::read_timestamped_value(rest);
    writer.log(key, bare, timestamp, &headers);
  } else {
    writer.log(key, rest, writer.current_timestamp(), &headers);
  }
}

/// Appends the value as the store keeps it: headers and timestamp in front, if the format has them. REQUIRES:
/// `record.value` is set.
void append_stored(std::string& out, ValueFormat format, const RestoreRecord& record) {
  if (has_headers(format)) formats::append_headers(out, record.headers == nullptr ? Headers() : *record.headers);
  if (has_timestamp(format)) {
    formats::append_timestamped_value(out, record.timestamp, *record.value);
  } else {
    out.append(*record.value);
  }
}

}  // namespace

void log_change(ChangelogWriter& writer, ValueFormat format, std::string_view key, BytesView value,
                LoggedHeaders logged) {
  if (has_headers(format)) return log_with_headers(writer, format, key, value);
  // Without a headers format, the headers of the record being processed may still go along: see LoggedHeaders.
  const bool carries = logged == LoggedHeaders::all || (logged == LoggedHeaders::of_deletes && !value);
  const Headers* headers = carries ? writer.current_headers() : nullptr;
  if (format == ValueFormat::timestamped && value) {
    const auto [timestamp, bare] = formats::read_timestamped_value(*value);
    writer.log(key, bare, timestamp, headers);
  } else {
    writer.log(key, value, writer.current_timestamp(), headers);
  }
}

void restore_changes(RestorableStore& store, ValueFormat format, std::span<const RestoreRecord> records) {
  // Changelog and store have the same bytes: no copy is needed.
  if (format == ValueFormat::plain) {
    store.restore(records);
    return;
  }
  // The converted values of all records share one string. A string per record would cost an allocation each.
  std::size_t bytes = 0;
  for (const RestoreRecord& record : records) {
    if (record.value) bytes += formats::kTimestampBytes + record.value->size();
  }
  std::string values;
  values.reserve(bytes);          // a first guess; headers need more
  std::vector<std::size_t> ends;  // where the value of each record ends in `values`
  ends.reserve(records.size());
  for (const RestoreRecord& record : records) {
    // Take views only after the loop: `values` may still grow and move.
    if (record.value) append_stored(values, format, record);
    ends.push_back(values.size());
  }
  // `values` is complete and does not move any more, so views of it are safe now.
  std::vector<RestoreRecord> converted(records.begin(), records.end());
  std::size_t begin = 0;
  for (std::size_t i = 0; i < converted.size(); ++i) {
    if (converted[i].value) converted[i].value = std::string_view(values).substr(begin, ends[i] - begin);
    begin = ends[i];
  }
  store.restore(converted);
}

}  // namespace millrace::detail
