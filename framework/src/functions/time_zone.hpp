// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "millrace/common/time.hpp"

namespace millrace::detail {

/// A time zone by Java's ids (`ZoneId.of`): a name of the tz database, or a constant offset. Immutable and thread-safe.
class TimeZone {
 public:
  /// nullptr: there is no such zone.
  [[nodiscard]] static std::shared_ptr<const TimeZone> find(std::string_view id);

  virtual ~TimeZone() = default;

  [[nodiscard]] const std::string& id() const { return id_; }
  /// Local time minus UTC in ms, at a time in UTC.
  [[nodiscard]] virtual std::int64_t offset_at(Timestamp utc) const = 0;
  /// Local time minus UTC in ms, at a local time. If clocks were put back, and the local time occurs twice: the offset
  /// of the first. If clocks were put forward, and it does not occur: the offset before.
  [[nodiscard]] virtual std::int64_t offset_of_local(std::int64_t local) const = 0;

 protected:
  explicit TimeZone(std::string id) : id_(std::move(id)) {}

 private:
  std::string id_;
};

/// The largest offset, in seconds, as in Java.
inline constexpr std::int64_t kMaxOffset = 18 * 3600;

/// `+02:00`, `-00:30`, `+01:02:03`; `Z` for 0. (Java: `ZoneOffset.getId`.)
[[nodiscard]] std::string offset_id(std::int64_t seconds);

}  // namespace millrace::detail
