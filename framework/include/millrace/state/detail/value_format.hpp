// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace millrace::detail {

/// How a store's values are written to the changelog, and read back.
enum class ValueFormat {
  plain,        ///< logged unchanged; the record has the timestamp of the record being processed
  timestamped,  ///< `timestamp(8) + value`: logged without the prefix, which becomes the record's timestamp
  /// Headers, then as `timestamped` (see state/detail/header_formats.hpp). The headers become the record's headers.
  timestamped_with_headers,
  with_headers,  ///< headers, then the value: the headers become the record's headers
};

[[nodiscard]] constexpr bool has_headers(ValueFormat format) {
  return format == ValueFormat::timestamped_with_headers || format == ValueFormat::with_headers;
}

/// Which changelog records get the headers of the record being processed. Formats with headers ignore this: their
/// values have their own headers, and their deletes always get those of the record being processed.
enum class LoggedHeaders {
  none,
  of_deletes,
  all,
};

}  // namespace millrace::detail
