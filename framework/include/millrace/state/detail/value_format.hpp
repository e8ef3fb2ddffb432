#pragma once

namespace millrace::detail {

/// How a store's values look to the changelog.
enum class ValueFormat {
  plain,        ///< logged as they are, with the processing timestamp
  timestamped,  ///< `timestamp(8) + value`: logged without the prefix, under that timestamp; restored with it
  /// Headers, then as timestamped (see state/header_formats.hpp): logged under those headers; restored with them.
  timestamped_with_headers,
  with_headers,  ///< headers, then the value: logged under those headers with the processing timestamp
};

[[nodiscard]] constexpr bool has_headers(ValueFormat format) {
  return format == ValueFormat::timestamped_with_headers || format == ValueFormat::with_headers;
}

/// Which changelog records carry the headers of the record being processed. In a format with headers values have their
/// own, and deletes carry those of the record whatever this says.
enum class LoggedHeaders {
  none,
  of_deletes,
  all,
};

}  // namespace millrace::detail
