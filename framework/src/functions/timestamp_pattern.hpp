// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace millrace::detail {

/// The parts of a timestamp that a pattern can name.
enum class TimeField : std::uint8_t {
  year,                // u
  year_of_era,         // y
  month,               // M, L
  day_of_month,        // d
  day_of_year,         // D
  day_of_week,         // E; 1 is Monday
  half_of_day,         // a; 0 is AM
  hour_of_day,         // H: 0 to 23
  clock_hour_of_day,   // k: 1 to 24
  hour_of_half,        // K: 0 to 11
  clock_hour_of_half,  // h: 1 to 12
  minute,              // m
  second,              // s
  nano,                // S
};
inline constexpr std::size_t kTimeFields = 14;

// The elements of a pattern. They follow Java's DateTimeFormatterBuilder.

/// Which signs a number may have.
enum class SignStyle : std::uint8_t {
  normal,        ///< a minus
  not_negative,  ///< none
  exceeds_pad,   ///< a minus; and a plus, exactly if there are more digits than the least width
};

struct NumberElement {
  TimeField field;
  int min_width;
  int max_width;
  SignStyle sign;
  bool two_digit_year = false;  ///< stands for 2000 to 2099
  bool fraction = false;        ///< of a second
  /// The digits that belong to the numbers that follow without anything between.
  int digits_after = 0;

  [[nodiscard]] bool fixed() const { return min_width == max_width && sign == SignStyle::not_negative; }
};

enum class TextStyle : std::uint8_t { abbreviated, full, narrow };

struct TextElement {
  TimeField field;
  TextStyle style;
};

struct LiteralElement {
  std::string text;
};

/// X, x and Z.
struct OffsetElement {
  bool colon;
  bool minutes_may_miss;  ///< not written if they are 0
  bool seconds;           ///< written if they are not 0
  std::string_view zero;  ///< the text of the offset 0
};

/// O and ZZZZ: GMT+2, GMT+02:00.
struct GmtOffsetElement {
  bool full;
};

/// VV.
struct ZoneElement {};

struct OptionalElement;
using PatternElement = std::variant<NumberElement, TextElement, LiteralElement, OffsetElement, GmtOffsetElement,
                                    ZoneElement, OptionalElement>;

/// [...]
struct OptionalElement {
  std::vector<PatternElement> elements;
};

/// A pattern of Java's DateTimeFormatter. Immutable.
class TimestampPattern {
 public:
  /// Throws StreamsException that names the letter and its position.
  explicit TimestampPattern(std::string_view pattern);

  [[nodiscard]] const std::string& text() const { return text_; }
  [[nodiscard]] const std::vector<PatternElement>& elements() const { return elements_; }

 private:
  std::string text_;
  std::vector<PatternElement> elements_;
};

/// The English texts of a field's values, as in a Java with the locale en_US. The first text belongs to
/// first_text_value().
[[nodiscard]] const std::vector<std::string_view>& texts_of(TimeField field, TextStyle style);
/// 0 for AM and PM, otherwise 1.
[[nodiscard]] std::int64_t first_text_value(TimeField field);

}  // namespace millrace::detail
