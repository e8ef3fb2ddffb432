// SPDX-License-Identifier: Apache-2.0
#include "topics/start_position.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <stdexcept>

#include "millrace/app/detail/utc_text.hpp"

namespace topics {
namespace {

std::optional<std::int64_t> whole_number(const std::string& text) {
  std::int64_t number = 0;
  const auto* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number);
  return error == std::errc{} && rest == end ? std::optional{number} : std::nullopt;
}

template <class... Fs>
struct Overloaded : Fs... {
  using Fs::operator()...;
};

}  // namespace

StartPosition StartPosition::parse(const std::string& text) {
  if (text == "beginning") return StartPosition{Beginning{}};
  if (text == "end") return StartPosition{End{}};
  // An offset before a time: "2012" is an offset, "2012-01-03" is not a whole number.
  if (const auto number = whole_number(text)) return StartPosition{Offset{*number}};
  if (const auto time = millrace::detail::parse_utc(text)) return StartPosition{Time{*time}};
  throw std::invalid_argument(
      fmt::format("'{}' is none of: beginning, end, an offset, YYYY-MM-DD, YYYY-MM-DDTHH:MM:SS", text));
}

std::int64_t StartPosition::resolve(millrace::Consumer& consumer, const millrace::TopicPartition& partition,
                                    const millrace::Watermarks& watermarks, millrace::Millis timeout) const {
  const auto [low, high] = watermarks;
  const auto offset = std::visit(
      Overloaded{[&](Beginning) { return low; }, [&](End) { return high; }, [](Offset offset) { return offset.value; },
                 [&](Time time) { return consumer.offset_for_time(partition, time.value, timeout).value_or(high); }},
      value_);
  // An offset out of range would start at auto.offset.reset, which the user did not ask for.
  return std::clamp(offset, low, high);
}

}  // namespace topics
