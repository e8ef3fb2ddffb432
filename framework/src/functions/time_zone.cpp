// SPDX-License-Identifier: Apache-2.0
#include "functions/time_zone.hpp"

#include <fmt/format.h>
#include <unicode/basictz.h>
#include <unicode/timezone.h>
#include <unicode/unistr.h>

#include <cstdlib>
#include <utility>

namespace millrace::detail {
namespace {

class ConstantZone final : public TimeZone {
 public:
  ConstantZone(std::string id, std::int64_t seconds) : TimeZone(std::move(id)), offset_(seconds * 1000) {}

  std::int64_t offset_at(Timestamp /*utc*/) const override { return offset_; }
  std::int64_t offset_of_local(std::int64_t /*local*/) const override { return offset_; }

 private:
  std::int64_t offset_;
};

/// A zone of the tz database. ICU contains the database.
class NamedZone final : public TimeZone {
 public:
  NamedZone(std::string id, std::unique_ptr<const icu::BasicTimeZone> zone)
      : TimeZone(std::move(id)), zone_(std::move(zone)) {}

  std::int64_t offset_at(Timestamp utc) const override {
    std::int32_t raw = 0;
    std::int32_t summer = 0;
    // The only error is one that an earlier call reported.
    UErrorCode error = U_ZERO_ERROR;
    zone_->getOffset(static_cast<UDate>(utc), false, raw, summer, error);
    return std::int64_t{raw} + summer;
  }

  std::int64_t offset_of_local(std::int64_t local) const override {
    std::int32_t raw = 0;
    std::int32_t summer = 0;
    UErrorCode error = U_ZERO_ERROR;
    // FORMER: the offset before the change of the clocks, for times that do not exist and for times that occur twice.
    zone_->getOffsetFromLocal(static_cast<UDate>(local), UCAL_TZ_LOCAL_FORMER, UCAL_TZ_LOCAL_FORMER, raw, summer,
                              error);
    return std::int64_t{raw} + summer;
  }

 private:
  std::unique_ptr<const icu::BasicTimeZone> zone_;
};

/// Two digits at `at`; -1 if there are none.
int two_digits(std::string_view text, std::size_t at) {
  const auto digit = [&](std::size_t place) { return place < text.size() && text[place] >= '0' && text[place] <= '9'; };
  return digit(at) && digit(at + 1) ? (text[at] - '0') * 10 + (text[at + 1] - '0') : -1;
}

/// The forms of Java's `ZoneOffset.of`: +h, +hh, +hh:mm, +hhmm, +hh:mm:ss, +hhmmss. Seconds.
std::optional<std::int64_t> parse_offset(std::string_view text) {
  if (text.size() < 2 || (text[0] != '+' && text[0] != '-')) return std::nullopt;
  const std::string hours = text.size() == 2 ? "0" + std::string(1, text[1]) : std::string(text.substr(1, 2));
  int parts[3] = {two_digits(hours, 0), 0, 0};
  if (text.size() > 3) {
    const bool colons = text[3] == ':';
    std::size_t at = 3;
    for (int part = 1; part < 3 && at < text.size(); ++part) {
      if (colons && text[at++] != ':') return std::nullopt;
      parts[part] = two_digits(text, at);
      at += 2;
    }
    if (at != text.size()) return std::nullopt;
  }
  if (parts[0] < 0 || parts[1] < 0 || parts[1] > 59 || parts[2] < 0 || parts[2] > 59) return std::nullopt;
  const std::int64_t seconds = parts[0] * 3600 + parts[1] * 60 + parts[2];
  if (seconds > kMaxOffset) return std::nullopt;
  return text[0] == '-' ? -seconds : seconds;
}

std::shared_ptr<const TimeZone> named_zone(std::string_view id) {
  // ICU would also take offsets in other forms, such as GMT+5:3. Java does not.
  if (id.find_first_of(":,;") != id.npos) return nullptr;
  const auto zone = [&] {
    const auto name = icu::UnicodeString::fromUTF8({id.data(), static_cast<std::int32_t>(id.size())});
    return std::unique_ptr<icu::TimeZone>(icu::TimeZone::createTimeZone(name));
  }();
  if (!zone || *zone == icu::TimeZone::getUnknown()) return nullptr;
  const auto* basic = dynamic_cast<const icu::BasicTimeZone*>(zone.get());
  if (basic == nullptr) return nullptr;
  return std::make_shared<NamedZone>(std::string(id), std::unique_ptr<const icu::BasicTimeZone>(basic->clone()));
}

}  // namespace

std::shared_ptr<const TimeZone> TimeZone::find(std::string_view id) {
  if (id == "Z" || id == "z") return std::make_shared<ConstantZone>("Z", 0);
  // The order matters: UT is the beginning of UTC.
  for (const std::string_view prefix : {"", "UTC", "GMT", "UT"}) {
    if (!id.starts_with(prefix)) continue;
    const std::string_view rest = id.substr(prefix.size());
    if (rest.empty() && !prefix.empty()) return std::make_shared<ConstantZone>(std::string(prefix), 0);
    if (!rest.starts_with('+') && !rest.starts_with('-')) continue;
    const auto seconds = parse_offset(rest);
    if (!seconds) return nullptr;
    const bool zero_of_prefix = *seconds == 0 && !prefix.empty();
    return std::make_shared<ConstantZone>(std::string(prefix) + (zero_of_prefix ? "" : offset_id(*seconds)), *seconds);
  }
  return named_zone(id);
}

std::string offset_id(std::int64_t seconds) {
  if (seconds == 0) return "Z";
  const std::int64_t size = std::abs(seconds);
  std::string id = fmt::format("{}{:02}:{:02}", seconds < 0 ? '-' : '+', size / 3600, size / 60 % 60);
  if (size % 60 != 0) id += fmt::format(":{:02}", size % 60);
  return id;
}

}  // namespace millrace::detail
