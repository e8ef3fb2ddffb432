// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <functional>
#include <string_view>
#include <type_traits>
#include <utility>

#include "millrace/dsl/detail/types.hpp"
#include "millrace/functions/timestamps.hpp"
#include "millrace/processor/record.hpp"

namespace millrace::detail {

/// The field is a number of milliseconds, and no text.
struct NoTimestampFormat {};

/// The timestamp extractor of BasicConsumed::with_timestamp.
///
/// Field   a pointer to a member of the value, or a function that is called with (const Value&)
/// Format  TimestampFormat or NoTimestampFormat
template <class Field, class Format>
class FieldTimestamp {
 public:
  FieldTimestamp(Field field, Format format) : field_(std::move(field)), format_(std::move(format)) {}

  /// True if the field exists in values of type V and has a type that fits.
  template <class V>
  [[nodiscard]] static constexpr bool fits() {
    if constexpr (std::is_invocable_v<const Field&, const NonNull<V>&>) {
      using Type = NonNull<std::remove_cvref_t<std::invoke_result_t<const Field&, const NonNull<V>&>>>;
      if constexpr (std::same_as<Format, TimestampFormat>) {
        return std::convertible_to<const Type&, std::string_view>;
      } else {
        return std::integral<Type> && !std::same_as<Type, bool>;
      }
    }
    return false;
  }

  template <class K, class V>
  requires(fits<V>()) Timestamp operator()(const Record<K, V>& record, Timestamp /*partition_time*/) const {
    // A deletion has no fields.
    if (is_null(record.value)) return record.timestamp;
    const auto& field = std::invoke(field_, non_null(record.value));
    if (is_null(field)) return kNoTimestamp;
    if constexpr (std::same_as<Format, TimestampFormat>) {
      return time_of_text(format_, non_null(field));
    } else {
      return std::in_range<Timestamp>(non_null(field)) ? static_cast<Timestamp>(non_null(field)) : kNoTimestamp;
    }
  }

 private:
  Field field_;
  Format format_;
};

template <class X>
inline constexpr bool kIsFieldTimestamp = false;
template <class Field, class Format>
inline constexpr bool kIsFieldTimestamp<FieldTimestamp<Field, Format>> = true;

}  // namespace millrace::detail
