// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <concepts>
#include <cstdint>
#include <iosfwd>
#include <string>
#include <type_traits>

namespace millrace::detail {

/// Whether sums and differences of a Strong have a meaning: they have one for offsets, and none for ids.
enum class Sums : bool { no, yes };

/// An integer with a meaning of its own. It converts neither to an integer nor to a Strong of another meaning, so two
/// arguments of a call cannot be swapped by mistake. It costs as much as the integer.
///
/// `Tag` stands for the meaning. It needs no definition.
template <class Tag, std::integral Int, Sums kSums = Sums::no>
class Strong {
 public:
  /// Zero.
  constexpr Strong() = default;
  constexpr explicit Strong(Int value) : value_(value) {}

  /// For formats, and for public functions, which take plain integers as Kafka's do.
  [[nodiscard]] constexpr Int value() const { return value_; }

  friend constexpr auto operator<=>(Strong, Strong) = default;

  friend constexpr Strong operator+(Strong from, Int steps) requires(kSums == Sums::yes) {
    return Strong(from.value_ + steps);
  }
  friend constexpr Strong operator-(Strong from, Int steps) requires(kSums == Sums::yes) {
    return Strong(from.value_ - steps);
  }
  /// The number of steps from `from` to `to`.
  friend constexpr Int operator-(Strong to, Strong from) requires(kSums == Sums::yes) {
    return to.value_ - from.value_;
  }
  constexpr Strong& operator++() requires(kSums == Sums::yes) {
    ++value_;
    return *this;
  }

  /// For messages.
  friend std::string to_string(Strong number) { return std::to_string(number.value_); }
  friend std::ostream& operator<<(std::ostream& out, Strong number) { return out << number.value_; }

 private:
  Int value_ = 0;
};

/// The place of a record in its partition. The first one is 0.
using Offset = Strong<struct OffsetTag, std::int64_t, Sums::yes>;

/// The number of a partition within its topic. The first one is 0.
using PartitionId = Strong<struct PartitionIdTag, std::int32_t>;

// The proof that they cost nothing: they are passed, copied and stored as the integers are.
static_assert(std::is_trivially_copyable_v<Offset> && sizeof(Offset) == sizeof(std::int64_t) &&
              alignof(Offset) == alignof(std::int64_t));
static_assert(std::is_trivially_copyable_v<PartitionId> && sizeof(PartitionId) == sizeof(std::int32_t) &&
              alignof(PartitionId) == alignof(std::int32_t));
static_assert(!std::is_convertible_v<std::int64_t, Offset> && !std::is_convertible_v<Offset, std::int64_t>);

}  // namespace millrace::detail
