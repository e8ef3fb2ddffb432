#pragma once

namespace millrace {

/// How a store's values look to the changelog.
enum class ValueFormat {
  plain,        ///< logged as they are, with the processing timestamp
  timestamped,  ///< `timestamp(8) + value`: logged without the prefix, under that timestamp; restored with it
};

}  // namespace millrace
