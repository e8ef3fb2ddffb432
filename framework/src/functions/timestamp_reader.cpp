// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "functions/timestamp_text.hpp"
#include "millrace/common/errors.hpp"

// The rules of java.time.format.DateTimeFormatter in its strict mode, which ignores the case of letters here.
namespace millrace::detail {
namespace {

/// Inside of a text, offsets have the form +02:00 or UTC+02:00. (The settings of a format take more forms.)
bool has_offset_of_other_form(std::string_view id) {
  for (const std::string_view prefix : {"", "UTC", "GMT", "UT"}) {
    if (!id.starts_with(prefix)) continue;
    const std::string_view rest = id.substr(prefix.size());
    if (!rest.starts_with('+') && !rest.starts_with('-')) continue;
    return (rest.size() != 6 && rest.size() != 9) || rest[3] != ':';
  }
  return false;
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Reads element after element. Functions return false if the text does not fit; fail_at_ is then the position.
class TimeReader {
 public:
  TimeReader(const TimestampPattern& pattern, std::string_view text) : pattern_(pattern), text_(text) {}

  ParsedTime read() {
    if (!read_all(pattern_.elements())) {
      throw StreamsException(
          fmt::format("the text '{}' does not fit the pattern '{}' at position {}", text_, pattern_.text(), fail_at_));
    }
    if (at_ < text_.size()) {
      throw StreamsException(
          fmt::format("the text '{}' goes on behind the pattern '{}' at position {}", text_, pattern_.text(), at_));
    }
    return std::move(time_);
  }

 private:
  bool read_all(const std::vector<PatternElement>& elements) {
    return std::all_of(elements.begin(), elements.end(), [this](const PatternElement& element) {
      return std::visit([this](const auto& kind) { return read_element(kind); }, element);
    });
  }

  bool fail(std::size_t at) {
    fail_at_ = at;
    return false;
  }

  // The same part may occur twice in a pattern. Both values must be equal.
  static bool set(std::optional<std::int64_t>& part, std::int64_t value) {
    if (part && *part != value) return false;
    part = value;
    return true;
  }

  bool accept(TimeField field, std::int64_t value, std::size_t end) {
    if (!set(time_.fields[static_cast<std::size_t>(field)], value)) return fail(at_);
    at_ = end;
    return true;
  }

  bool accept_offset(std::int64_t seconds, std::size_t end) {
    if (!set(time_.offset, seconds)) return fail(at_);
    at_ = end;
    return true;
  }

  [[nodiscard]] bool follows(std::string_view expected, std::size_t at) const {
    const std::string_view found = text_.substr(std::min(at, text_.size()), expected.size());
    return std::equal(found.begin(), found.end(), expected.begin(), expected.end(),
                      [](char left, char right) { return lower(left) == lower(right); });
  }

  bool read_element(const LiteralElement& literal) {
    if (!follows(literal.text, at_)) return fail(at_);
    at_ += literal.text.size();
    return true;
  }

  bool read_element(const OptionalElement& optional) {
    const ParsedTime before = time_;
    const std::size_t begin = at_;
    if (!read_all(optional.elements)) {
      time_ = before;
      at_ = begin;
    }
    return true;
  }

  bool read_element(const TextElement& element) {
    // A narrow text stands for several values.
    if (element.style == TextStyle::narrow) return fail(at_);
    const auto& texts = texts_of(element.field, element.style);
    for (std::size_t i = 0; i < texts.size(); ++i) {
      if (!follows(texts[i], at_)) continue;
      return accept(element.field, first_text_value(element.field) + static_cast<std::int64_t>(i),
                    at_ + texts[i].size());
    }
    return fail(at_);
  }

  bool read_element(const NumberElement& number) {
    std::size_t begin = at_;
    bool negative = false;
    bool plus = false;
    if (begin < text_.size() && (text_[begin] == '-' || text_[begin] == '+')) {
      negative = text_[begin] == '-';
      plus = !negative;
      if (number.sign == SignStyle::not_negative || (plus && number.sign == SignStyle::normal)) return fail(at_);
      ++begin;
    }
    // The digits that follow, but not those of the numbers behind this one.
    const auto most = static_cast<std::size_t>(number.max_width) + static_cast<std::size_t>(number.digits_after);
    std::size_t width = 0;
    while (width < most && begin + width < text_.size() && is_digit(text_[begin + width])) ++width;
    const auto least = static_cast<std::size_t>(number.min_width);
    const auto after = static_cast<std::size_t>(number.digits_after);
    if (after > 0) width = std::max(least, width > after ? width - after : 0);
    if (begin + width > text_.size() || width < least || width == 0) return fail(at_);
    std::int64_t value = 0;
    for (std::size_t i = begin; i < begin + width; ++i) {
      // Values near the limit of 64 bits are out of range for every field.
      if (!is_digit(text_[i]) || value > 99'999'999'999'999'999) return fail(at_);
      value = value * 10 + (text_[i] - '0');
    }
    if (negative && value == 0) return fail(at_);
    // As in Java, a plus stands exactly before numbers with more digits than the least width.
    if (number.sign == SignStyle::exceeds_pad && !negative && plus != (width > least)) return fail(at_);
    if (number.fraction) {
      for (std::size_t i = width; i < 9; ++i) value *= 10;
    }
    if (number.two_digit_year) value += 2000;
    return accept(number.field, negative ? -value : value, begin + width);
  }

  /// Two digits at `at`, behind a colon if there must be one, and moves `at` behind them. -1 if there are none, or if
  /// they are larger than `most`.
  [[nodiscard]] int two_digits(std::size_t& at, bool colon, int most) const {
    std::size_t place = at;
    if (colon) {
      if (place >= text_.size() || text_[place] != ':') return -1;
      ++place;
    }
    if (place + 2 > text_.size() || !is_digit(text_[place]) || !is_digit(text_[place + 1])) return -1;
    const int value = (text_[place] - '0') * 10 + (text_[place + 1] - '0');
    if (value > most) return -1;
    at = place + 2;
    return value;
  }

  bool read_element(const OffsetElement& element) {
    if (follows(element.zero, at_)) return accept_offset(0, at_ + element.zero.size());
    if (at_ >= text_.size() || (text_[at_] != '+' && text_[at_] != '-')) return fail(at_);
    std::size_t end = at_ + 1;
    const int hours = two_digits(end, false, 59);
    int minutes = hours < 0 ? -1 : two_digits(end, element.colon, 59);
    if (minutes < 0 && hours >= 0 && element.minutes_may_miss) minutes = 0;
    if (hours < 0 || minutes < 0) return fail(at_);
    const int seconds = element.seconds ? std::max(0, two_digits(end, element.colon, 59)) : 0;
    const std::int64_t size = hours * 3600 + minutes * 60 + seconds;
    if (size > kMaxOffset) return fail(at_);
    return accept_offset(text_[at_] == '-' ? -size : size, end);
  }

  bool read_element(const GmtOffsetElement& element) {
    if (!follows("GMT", at_)) return fail(at_);
    std::size_t end = at_ + 3;
    if (end >= text_.size() || (text_[end] != '+' && text_[end] != '-')) return accept_offset(0, end);
    const bool negative = text_[end++] == '-';
    const std::size_t hours_at = end;
    int hours = 0;
    for (; end < std::min(hours_at + 2, text_.size()) && is_digit(text_[end]); ++end) {
      hours = hours * 10 + (text_[end] - '0');
    }
    if (end == hours_at || (element.full && end == hours_at + 1)) return fail(at_);
    // As in Java, minutes and seconds are not limited to 59 here.
    int minutes = two_digits(end, true, 99);
    if (minutes < 0 && element.full) return fail(at_);
    int seconds = 0;
    if (minutes >= 0) seconds = std::max(0, two_digits(end, true, 99));
    minutes = std::max(0, minutes);
    const std::int64_t size = hours * 3600 + minutes * 60 + seconds;
    if (size > kMaxOffset) return fail(at_);
    return accept_offset(negative ? -size : size, end);
  }

  bool read_element(const ZoneElement& /*zone*/) {
    const auto of_an_id = [](char c) {
      return is_digit(c) || (lower(c) >= 'a' && lower(c) <= 'z') ||
             std::string_view("/_+-:~.").find(c) != std::string_view::npos;
    };
    std::size_t end = at_;
    while (end < text_.size() && of_an_id(text_[end])) ++end;
    // The longest beginning that is the id of a zone.
    for (; end > at_; --end) {
      const std::string_view id = text_.substr(at_, end - at_);
      if (has_offset_of_other_form(id)) continue;
      auto zone = TimeZone::find(id);
      if (!zone) continue;
      if (time_.zone && time_.zone->id() != zone->id()) return fail(at_);
      time_.zone = std::move(zone);
      at_ = end;
      return true;
    }
    return fail(at_);
  }

  const TimestampPattern& pattern_;
  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t fail_at_ = 0;
  ParsedTime time_;
};

}  // namespace

ParsedTime read_time(const TimestampPattern& pattern, std::string_view text) {
  return TimeReader(pattern, text).read();
}

}  // namespace millrace::detail
