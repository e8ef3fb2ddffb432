// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <ostream>
#include <sstream>
#include <string>
#include <typeinfo>

#include "millrace/common/detail/type_name.hpp"
#include "millrace/dsl/detail/types.hpp"

namespace millrace::detail {

/// True if operator<< can write the type.
template <class T>
concept Streamable = requires(std::ostream& out, const T& value) {
  out << value;
};

/// Returns the text of a value, as `print` shows it. Null is "null", a windowed key is `[key@start/end]` as in Java,
/// and a type without operator<< is shown in its serialized form. If its serde must be configured first, only the name
/// of the type is shown.
template <class T>
[[nodiscard]] std::string to_text(const T& value) {
  if constexpr (std::is_same_v<T, Unkeyed>) {
    return "null";
  } else if constexpr (!std::is_same_v<T, NonNull<T>>) {
    return value ? to_text(*value) : "null";
  } else if constexpr (kIsWindowed<T>) {
    return "[" + to_text(value.key) + "@" + std::to_string(value.window.start) + "/" +
           std::to_string(value.window.end) + "]";
  } else if constexpr (std::is_convertible_v<const T&, std::string>) {
    return value;
  } else if constexpr (Streamable<T>) {
    std::ostringstream out;
    out << value;
    return out.str();
  } else {
    std::string text;
    if constexpr (require_serde<T>()) {
      const AnySerde<T> serde;
      if (serde.has_life_cycle()) return "(" + type_name(typeid(T)) + ")";
      if (!serde.serialize("", value, text)) text = "null";
    }
    return text;
  }
}

/// The output of `print`. All tasks of a node share one. Thread-safe.
class LineWriter {
 public:
  virtual ~LineWriter() = default;
  /// Writes one line and flushes it. Throws StreamsException if this fails.
  virtual void write(const std::string& line) = 0;
};

}  // namespace millrace::detail
