// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "millrace/common/time.hpp"
#include "millrace/common/windowed.hpp"
#include "millrace/state/detail/sequence.hpp"

/// The byte layouts that Millrace shares with Kafka Streams: keys and values of changelogs, and windowed keys on
/// topics. They must never change. All integers are big-endian, so that non-negative numbers sort as their bytes do.
/// The numbers in parentheses are sizes in bytes.
namespace millrace::detail::formats {

/// Throws SerializationException with the text "<what> has <bytes> bytes; it needs at least <least>".
[[noreturn]] void too_short(const char* what, std::size_t bytes, const char* least);

// --- integers -----------------------------------------------------------------------------------------------------

inline void store_be32(char* out, std::uint32_t value) {
  for (int i = 3; i >= 0; --i, value >>= 8) out[i] = static_cast<char>(value);
}
inline void store_be64(char* out, std::uint64_t value) {
  for (int i = 7; i >= 0; --i, value >>= 8) out[i] = static_cast<char>(value);
}
[[nodiscard]] inline std::uint32_t load_be32(const char* in) {
  std::uint32_t value = 0;
  for (int i = 0; i < 4; ++i) value = value << 8 | static_cast<unsigned char>(in[i]);
  return value;
}
[[nodiscard]] inline std::uint64_t load_be64(const char* in) {
  std::uint64_t value = 0;
  for (int i = 0; i < 8; ++i) value = value << 8 | static_cast<unsigned char>(in[i]);
  return value;
}
inline void append_be32(std::string& out, std::uint32_t value) {
  char bytes[4];
  store_be32(bytes, value);
  out.append(bytes, sizeof bytes);
}
inline void append_be64(std::string& out, std::uint64_t value) {
  char bytes[8];
  store_be64(bytes, value);
  out.append(bytes, sizeof bytes);
}

// --- window stores ------------------------------------------------------------------------------------------------
//
//     | key ... | start (8) | seq (4) |      changelog key of a window store

inline constexpr std::size_t kWindowKeySuffixBytes = 12;

/// The parts of a window store's key. `key` is a view of the bytes that were read.
struct WindowKey {
  std::string_view key;
  Timestamp start = 0;
  Sequence seq;

  bool operator==(const WindowKey&) const = default;
};

/// Appends to `out`; does not clear it. The same holds for all append functions here.
inline void append_window_key(std::string& out, std::string_view key, Timestamp start, Sequence seq) {
  out.append(key);
  append_be64(out, static_cast<std::uint64_t>(start));
  append_be32(out, seq.value());
}

/// Throws SerializationException if there are fewer than 12 bytes.
[[nodiscard]] inline WindowKey read_window_key(std::string_view bytes) {
  if (bytes.size() < kWindowKeySuffixBytes) {
    too_short("a window store key", bytes.size(), "12 (start and sequence number)");
  }
  const char* suffix = bytes.data() + bytes.size() - kWindowKeySuffixBytes;
  return {bytes.substr(0, bytes.size() - kWindowKeySuffixBytes), static_cast<Timestamp>(load_be64(suffix)),
          Sequence(load_be32(suffix + 8))};
}

//     | key ... | start (8) |                key of a time-windowed record on a topic; the end is not encoded

inline void append_time_windowed_key(std::string& out, std::string_view key, Timestamp start) {
  out.append(key);
  append_be64(out, static_cast<std::uint64_t>(start));
}

// --- session stores -----------------------------------------------------------------------------------------------
//
//     | key ... | end (8) | start (8) |      changelog key of a session store, and session key on a topic

inline constexpr std::size_t kSessionKeySuffixBytes = 16;

/// The parts of a session store's key. `key` is a view of the bytes that were read. Start and end in ms, both
/// inclusive.
struct SessionKey {
  std::string_view key;
  Window session;

  bool operator==(const SessionKey&) const = default;
};

inline void append_session_key(std::string& out, std::string_view key, const Window& session) {
  out.append(key);
  append_be64(out, static_cast<std::uint64_t>(session.end));
  append_be64(out, static_cast<std::uint64_t>(session.start));
}

/// Throws SerializationException if there are fewer than 16 bytes.
[[nodiscard]] inline SessionKey read_session_key(std::string_view bytes) {
  if (bytes.size() < kSessionKeySuffixBytes) {
    too_short("a session store key", bytes.size(), "16 (end and start)");
  }
  const char* suffix = bytes.data() + bytes.size() - kSessionKeySuffixBytes;
  return {bytes.substr(0, bytes.size() - kSessionKeySuffixBytes),
          {.start = static_cast<Timestamp>(load_be64(suffix + 8)), .end = static_cast<Timestamp>(load_be64(suffix))}};
}

// --- values -------------------------------------------------------------------------------------------------------
//
//     | timestamp (8) | value ... |          value in a timestamped store. The changelog record has the value alone;
//                                            the record's timestamp is this timestamp.

inline constexpr std::size_t kTimestampBytes = 8;

/// The parts of a timestamped value. `value` is a view of the bytes that were read.
struct TimestampedValue {
  Timestamp timestamp = kNoTimestamp;
  std::string_view value;

  bool operator==(const TimestampedValue&) const = default;
};

inline void append_timestamped_value(std::string& out, Timestamp timestamp, std::string_view value) {
  append_be64(out, static_cast<std::uint64_t>(timestamp));
  out.append(value);
}

/// Throws SerializationException if there are fewer than 8 bytes.
[[nodiscard]] inline TimestampedValue read_timestamped_value(std::string_view bytes) {
  if (bytes.size() < kTimestampBytes) {
    too_short("a timestamped value", bytes.size(), "8 (the timestamp)");
  }
  return {static_cast<Timestamp>(load_be64(bytes.data())), bytes.substr(kTimestampBytes)};
}

// --- the stream-stream join's shared outer store ------------------------------------------------------------------
//
//     | timestamp (8) | side (1) | key ... | side: 01 left, 00 right

/// The parts of the key under which an unmatched record of an outer join is stored. `key` is a view of the bytes that
/// were read.
struct TimestampedKeyAndSide {
  Timestamp timestamp = 0;
  bool left = false;
  std::string_view key;

  bool operator==(const TimestampedKeyAndSide&) const = default;
};

inline void append_timestamped_key_and_side(std::string& out, Timestamp timestamp, bool left, std::string_view key) {
  append_be64(out, static_cast<std::uint64_t>(timestamp));
  out.push_back(left ? '\x01' : '\x00');
  out.append(key);
}

/// Throws SerializationException if there are fewer than 9 bytes.
[[nodiscard]] inline TimestampedKeyAndSide read_timestamped_key_and_side(std::string_view bytes) {
  if (bytes.size() < kTimestampBytes + 1) {
    too_short("a key of an outer join's shared store", bytes.size(), "9 (timestamp and side)");
  }
  return {static_cast<Timestamp>(load_be64(bytes.data())), bytes[kTimestampBytes] != 0,
          bytes.substr(kTimestampBytes + 1)};
}

}  // namespace millrace::detail::formats
