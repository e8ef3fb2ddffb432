// SPDX-License-Identifier: Apache-2.0
#include "functions/timestamp_pattern.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "millrace/common/errors.hpp"

namespace millrace::detail {
namespace {

constexpr std::string_view kLetters = "u y M L d D E a H k K h m s S X x Z O VV";

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

std::optional<TimeField> number_field(char letter) {
  switch (letter) {
    case 'u': return TimeField::year;
    case 'y': return TimeField::year_of_era;
    case 'M':
    case 'L': return TimeField::month;
    case 'd': return TimeField::day_of_month;
    case 'D': return TimeField::day_of_year;
    case 'H': return TimeField::hour_of_day;
    case 'k': return TimeField::clock_hour_of_day;
    case 'K': return TimeField::hour_of_half;
    case 'h': return TimeField::clock_hour_of_half;
    case 'm': return TimeField::minute;
    case 's': return TimeField::second;
    default: return std::nullopt;
  }
}

/// Turns the text of a pattern into elements.
class PatternReader {
 public:
  explicit PatternReader(std::string_view pattern) : pattern_(pattern) {}

  std::vector<PatternElement> read() {
    // The elements outside of brackets, and those of each open bracket.
    groups_.emplace_back();
    while (at_ < pattern_.size()) {
      const char c = pattern_[at_];
      if (is_letter(c)) {
        read_letters();
      } else if (c == '\'') {
        read_quoted();
      } else if (c == '[') {
        groups_.emplace_back();
        ++at_;
      } else if (c == ']') {
        if (groups_.size() == 1) fail("the ']' has no '['");
        close_group();
        ++at_;
      } else if (c == '{' || c == '}' || c == '#') {
        fail(fmt::format("'{}' is reserved: write it in quotes", c));
      } else {
        add_other(LiteralElement{std::string(1, c)});
        ++at_;
      }
    }
    // As in Java, brackets may stay open.
    while (groups_.size() > 1) close_group();
    return std::move(groups_.front().elements);
  }

 private:
  struct Group {
    std::vector<PatternElement> elements;
    /// The number that gives digits to the numbers behind it, see add_number().
    std::optional<std::size_t> open_number;
  };

  [[noreturn]] void fail(const std::string& what) const {
    throw StreamsException(fmt::format("timestamp pattern '{}', position {}: {}", pattern_, at_, what));
  }
  [[noreturn]] void fail_count(char letter, std::size_t count) const {
    fail(fmt::format("the letter '{}' may not stand {} times", letter, count));
  }

  void close_group() {
    OptionalElement optional{std::move(groups_.back().elements)};
    groups_.pop_back();
    add_other(std::move(optional));
  }

  void add_other(PatternElement element) {
    groups_.back().elements.push_back(std::move(element));
    groups_.back().open_number.reset();
  }

  // Numbers without anything between them, as in yyyyMMdd: the first may have any width, the others have a fixed width.
  // So the first takes all digits except those of the others.
  void add_number(const NumberElement& number) {
    Group& group = groups_.back();
    if (group.open_number && number.fixed()) {
      std::get<NumberElement>(group.elements[*group.open_number]).digits_after += number.max_width;
    } else {
      group.open_number = group.elements.size();
    }
    group.elements.emplace_back(number);
  }

  void read_quoted() {
    const std::size_t begin = at_;
    std::string text;
    for (++at_;; ++at_) {
      if (at_ == pattern_.size()) {
        at_ = begin;
        fail("the quote does not end");
      }
      if (pattern_[at_] != '\'') {
        text += pattern_[at_];
      } else if (at_ + 1 < pattern_.size() && pattern_[at_ + 1] == '\'') {
        text += '\'';  // two quotes stand for one
        ++at_;
      } else {
        ++at_;
        break;
      }
    }
    add_other(LiteralElement{text.empty() ? "'" : std::move(text)});
  }

  void read_letters() {
    const char letter = pattern_[at_];
    const std::size_t end = std::min(pattern_.find_first_not_of(letter, at_), pattern_.size());
    const auto count = end - at_;
    add_letters(letter, count);
    at_ = end;
  }

  void add_letters(char letter, std::size_t count) {
    const int width = static_cast<int>(std::min<std::size_t>(count, 100));
    switch (letter) {
      case 'u':
      case 'y': return add_year(letter, width);
      case 'M':
      case 'L':
        if (count > 2) return add_text(letter, TimeField::month, count - 2);
        break;
      case 'E': return add_text(letter, TimeField::day_of_week, count > 3 ? count - 2 : 1);
      case 'a':
        if (count > 1) fail_count(letter, count);
        return add_text(letter, TimeField::half_of_day, 1);
      case 'S':
        if (count > 9) fail_count(letter, count);
        return add_number({.field = TimeField::nano,
                           .min_width = width,
                           .max_width = width,
                           .sign = SignStyle::not_negative,
                           .fraction = true});
      case 'D':
        if (count > 3) fail_count(letter, count);
        if (count > 1) {
          return add_number(
              {.field = TimeField::day_of_year, .min_width = width, .max_width = 3, .sign = SignStyle::not_negative});
        }
        break;
      case 'X':
      case 'x':
      case 'Z':
      case 'O': return add_offset(letter, count);
      case 'V':
        if (count != 2) fail_count(letter, count);
        return add_other(ZoneElement{});
      default: break;
    }
    const auto field = number_field(letter);
    if (!field) fail(fmt::format("the letter '{}' is not supported; these are: {}", letter, kLetters));
    if (count > 2) fail_count(letter, count);
    if (count == 1) return add_number({.field = *field, .min_width = 1, .max_width = 19, .sign = SignStyle::normal});
    add_number({.field = *field, .min_width = 2, .max_width = 2, .sign = SignStyle::not_negative});
  }

  void add_year(char letter, int width) {
    const TimeField field = *number_field(letter);
    if (width > 19) fail_count(letter, static_cast<std::size_t>(width));
    if (width == 2) {
      return add_number(
          {.field = field, .min_width = 2, .max_width = 2, .sign = SignStyle::not_negative, .two_digit_year = true});
    }
    add_number({.field = field,
                .min_width = width,
                .max_width = 19,
                .sign = width < 4 ? SignStyle::normal : SignStyle::exceeds_pad});
  }

  // `style`: 1 is abbreviated, 2 is full, 3 is narrow.
  void add_text(char letter, TimeField field, std::size_t style) {
    if (style > 3) fail_count(letter, style + 2);
    constexpr TextStyle kStyles[] = {TextStyle::abbreviated, TextStyle::full, TextStyle::narrow};
    add_other(TextElement{field, kStyles[style - 1]});
  }

  void add_offset(char letter, std::size_t count) {
    if (letter == 'O') {
      if (count != 1 && count != 4) fail_count(letter, count);
      return add_other(GmtOffsetElement{count == 4});
    }
    if (count > 5) fail_count(letter, count);
    if (letter == 'Z') {
      if (count == 4) return add_other(GmtOffsetElement{true});
      if (count == 5) return add_other(OffsetElement{true, false, true, "Z"});
      return add_other(OffsetElement{false, false, false, "+0000"});
    }
    std::string_view zero = "Z";
    if (letter == 'x') zero = count == 1 ? "+00" : count % 2 == 0 ? "+0000" : "+00:00";
    add_other(OffsetElement{count == 3 || count == 5, count == 1, count > 3, zero});
  }

  std::string_view pattern_;
  std::size_t at_ = 0;
  std::vector<Group> groups_;
};

}  // namespace

TimestampPattern::TimestampPattern(std::string_view pattern)
    : text_(pattern), elements_(PatternReader(pattern).read()) {}

const std::vector<std::string_view>& texts_of(TimeField field, TextStyle style) {
  using Texts = std::vector<std::string_view>;
  static const Texts months[] = {{"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"},
                                 {"January", "February", "March", "April", "May", "June", "July", "August", "September",
                                  "October", "November", "December"},
                                 {"J", "F", "M", "A", "M", "J", "J", "A", "S", "O", "N", "D"}};
  static const Texts days[] = {{"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"},
                               {"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"},
                               {"M", "T", "W", "T", "F", "S", "S"}};
  static const Texts halves = {"AM", "PM"};
  const auto index = static_cast<std::size_t>(style);
  return field == TimeField::month ? months[index] : field == TimeField::day_of_week ? days[index] : halves;
}

std::int64_t first_text_value(TimeField field) { return field == TimeField::half_of_day ? 0 : 1; }

}  // namespace millrace::detail
