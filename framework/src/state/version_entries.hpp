// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

#include "millrace/common/bytes.hpp"
#include "millrace/common/time.hpp"
#include "millrace/state/detail/formats.hpp"

/// The entries of a versioned store, whose layout is in versioned_store.hpp. Used by the store and by those who read
/// its last commit. Times are milliseconds since the epoch.
namespace millrace::detail::version_entries {

// The first byte of each key says the kind of entry.
inline constexpr std::string_view kTimesKey{"\x00", 1};
inline constexpr char kLatest = 1;
inline constexpr char kOlder = 2;
inline constexpr char kEnd = 3;

inline constexpr Timestamp kEndOfTime = std::numeric_limits<Timestamp>::max();

inline void append_time(std::string& out, Timestamp time) {
  formats::append_be64(out, static_cast<std::uint64_t>(time));
}
[[nodiscard]] inline Timestamp load_time(std::string_view bytes) {
  return static_cast<Timestamp>(formats::load_be64(bytes.data()));
}

/// The length in front keeps the entries of one key together: no key is then a prefix of another entry's key.
inline void append_sized_key(std::string& out, std::string_view key) {
  formats::append_be32(out, static_cast<std::uint32_t>(key.size()));
  out.append(key);
}

[[nodiscard]] inline std::string latest_key(std::string_view key) {
  std::string out(1, kLatest);
  return out.append(key);
}
[[nodiscard]] inline std::string older_key(std::string_view key, Timestamp timestamp) {
  std::string out(1, kOlder);
  append_sized_key(out, key);
  append_time(out, timestamp);
  return out;
}
/// The timestamp at the end of an older_key().
[[nodiscard]] inline Timestamp older_timestamp(std::string_view older_key) {
  return load_time(older_key.substr(older_key.size() - 8));
}

/// A version as stored. `time` is the timestamp of a latest version, and the end (exclusive) of an older version.
struct Version {
  Timestamp time = kNoTimestamp;
  BytesView value;
};

[[nodiscard]] inline std::string write_version(Timestamp time, BytesView value) {
  std::string out;
  append_time(out, time);
  out.push_back(value ? '\1' : '\0');
  if (value) out.append(*value);
  return out;
}
/// The result is a view of `bytes`.
[[nodiscard]] inline Version read_version(std::string_view bytes) {
  return {load_time(bytes), bytes[8] != 0 ? BytesView(bytes.substr(9)) : std::nullopt};
}

}  // namespace millrace::detail::version_entries
