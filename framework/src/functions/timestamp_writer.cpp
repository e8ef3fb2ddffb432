// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <cstdlib>

#include "functions/timestamp_text.hpp"

namespace millrace::detail {
namespace {

class TimeWriter {
 public:
  explicit TimeWriter(const ShownTime& time) : time_(time) {}

  std::string write(const std::vector<PatternElement>& elements) {
    write_all(elements);
    return std::move(out_);
  }

 private:
  void write_all(const std::vector<PatternElement>& elements) {
    for (const PatternElement& element : elements) {
      std::visit([this](const auto& kind) { write_element(kind); }, element);
    }
  }

  [[nodiscard]] std::int64_t value_of(TimeField field) const {
    const std::int64_t year = static_cast<int>(time_.date.year());
    const std::int64_t seconds = time_.time_of_day.count() / 1000;
    const std::int64_t hour = seconds / 3600;
    const std::chrono::sys_days date = time_.date;
    switch (field) {
      case TimeField::year: return year;
      case TimeField::year_of_era: return year > 0 ? year : 1 - year;
      case TimeField::month: return static_cast<unsigned>(time_.date.month());
      case TimeField::day_of_month: return static_cast<unsigned>(time_.date.day());
      case TimeField::day_of_year: return (date - std::chrono::sys_days(time_.date.year() / 1 / 1)).count() + 1;
      case TimeField::day_of_week: return std::chrono::weekday(date).iso_encoding();
      case TimeField::half_of_day: return hour / 12;
      case TimeField::hour_of_day: return hour;
      case TimeField::clock_hour_of_day: return hour == 0 ? 24 : hour;
      case TimeField::hour_of_half: return hour % 12;
      case TimeField::clock_hour_of_half: return hour % 12 == 0 ? 12 : hour % 12;
      case TimeField::minute: return seconds / 60 % 60;
      case TimeField::second: return seconds % 60;
      case TimeField::nano: return time_.time_of_day.count() % 1000 * 1'000'000;
    }
    return 0;
  }

  void write_element(const LiteralElement& literal) { out_ += literal.text; }
  // All parts are known, so nothing is left out.
  void write_element(const OptionalElement& optional) { write_all(optional.elements); }
  void write_element(const ZoneElement& /*zone*/) { out_ += time_.zone; }

  void write_element(const TextElement& element) {
    const auto index = static_cast<std::size_t>(value_of(element.field) - first_text_value(element.field));
    out_ += texts_of(element.field, element.style)[index];
  }

  void write_element(const NumberElement& number) {
    const std::int64_t value = value_of(number.field);
    const auto width = static_cast<std::size_t>(number.min_width);
    if (number.fraction) {
      out_ += fmt::format("{:09}", value).substr(0, width);
    } else if (number.two_digit_year) {
      out_ += fmt::format("{:02}", std::abs(value) % 100);
    } else {
      const std::string digits = std::to_string(std::abs(value));
      if (value < 0) out_ += '-';
      if (value > 0 && number.sign == SignStyle::exceeds_pad && digits.size() > width) out_ += '+';
      if (digits.size() < width) out_.append(width - digits.size(), '0');
      out_ += digits;
    }
  }

  void write_element(const OffsetElement& element) {
    const std::int64_t size = std::abs(time_.offset);
    const std::int64_t minutes = size / 60 % 60;
    const std::string_view colon = element.colon ? ":" : "";
    // An offset of some seconds is written as zero if the pattern shows no seconds.
    if (time_.offset == 0) {
      out_ += element.zero;
      return;
    }
    std::string text = fmt::format("{}{:02}", time_.offset < 0 ? '-' : '+', size / 3600);
    if (!element.minutes_may_miss || minutes != 0) text += fmt::format("{}{:02}", colon, minutes);
    if (element.seconds && size % 60 != 0) text += fmt::format("{}{:02}", colon, size % 60);
    out_ += text;
  }

  void write_element(const GmtOffsetElement& element) {
    out_ += "GMT";
    if (time_.offset == 0) return;
    const std::int64_t size = std::abs(time_.offset);
    out_ += time_.offset < 0 ? '-' : '+';
    out_ += element.full ? fmt::format("{:02}", size / 3600) : std::to_string(size / 3600);
    if (element.full || size % 3600 != 0) out_ += fmt::format(":{:02}", size / 60 % 60);
    if (size % 60 != 0) out_ += fmt::format(":{:02}", size % 60);
  }

  const ShownTime& time_;
  std::string out_;
};

}  // namespace

std::string show_time(const TimestampPattern& pattern, const ShownTime& time) {
  return TimeWriter(time).write(pattern.elements());
}

}  // namespace millrace::detail
