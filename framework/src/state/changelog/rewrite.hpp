// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "millrace/state/detail/value_format.hpp"
#include "millrace/state/store_builder.hpp"
#include "state/changelog/present.hpp"

namespace millrace::detail {

/// Writes all entries of a store to a changelog, in steps. A restore from this changelog gives the same store.
///
/// Timestamps come from the values, if the values contain them. Otherwise: the start of the window, the end of the
/// session, or `time`. A versioned store writes all its versions in the order of their timestamps.
///
/// An empty store writes one tombstone for a key that no store has. So the changelog is not empty, and nobody takes it
/// for a changelog that has lost its records.
///
/// The store must not be written meanwhile, and must outlive the object. Used by the task's thread.
class ChangelogRewrite {
 public:
  /// `time`: in ms since the epoch, for values without a timestamp.
  ChangelogRewrite(const ByteStore& store, ValueFormat format, LoggedHeaders headers, Timestamp time);

  /// Writes up to `max` records. Returns false if there are no more.
  [[nodiscard]] bool write(std::size_t max, WriteChangelog write);

 private:
  /// The key of the present entry in the format of the changelog, and the timestamp for a value without one.
  [[nodiscard]] std::pair<std::string_view, Timestamp> place();
  [[nodiscard]] bool write_entries(std::size_t max, WriteChangelog write);
  [[nodiscard]] bool write_versions(std::size_t max, WriteChangelog write);
  /// The empty key at the time 0, in the format of the changelog.
  [[nodiscard]] std::string no_key() const;

  const ByteStore& store_;
  ValueFormat format_;
  LoggedHeaders headers_;
  Timestamp time_;
  // One of the three, or `versions_`.
  std::unique_ptr<BytesIterator> all_;
  WindowBytesIterator* windows_ = nullptr;    ///< all_ of a window store
  SessionBytesIterator* sessions_ = nullptr;  ///< all_ of a session store
  /// The keys and times at which a versioned store changes, sorted by time.
  std::vector<std::pair<Timestamp, std::string>> versions_;
  std::size_t next_version_ = 0;
  std::string key_;
  bool is_empty_ = true;  ///< no entry was found yet
};

}  // namespace millrace::detail
