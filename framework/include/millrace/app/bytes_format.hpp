// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "millrace/common/bytes.hpp"

namespace millrace {

/// A key or value, ready to be printed.
struct Shown {
  std::string json;     ///< a JSON value on one line
  std::string text;     ///< for people
  std::string problem;  ///< why the bytes do not fit the format; empty: they fit. Then they are shown in hex
};

/// How the bytes of keys or values become text. A name of `topics cat --key` and `--value`, and of `--show`.
///
/// Threads  immutable; one object can be used by all threads
///
/// | name               | bytes                                      | JSON                                   |
/// |--------------------|--------------------------------------------|----------------------------------------|
/// | auto               | any                                        | string; {"hex": "00ff"} if not UTF-8   |
/// | string             | UTF-8                                      | string                                 |
/// | short integer long | 2, 4, 8 bytes, as Kafka's serializers write | number                                |
/// | float double       | 4, 8 bytes                                 | number; "NaN", "Infinity", "-Infinity" |
/// | boolean            | 1 byte                                     | true or false                          |
/// | uuid               | 36 characters                              | string                                 |
/// | json               | JSON text                                  | the same JSON, without line breaks     |
/// | hex base64         | any                                        | string                                 |
/// | windowed:X         | X, start (8)                               | {"key": X, "start": ms}                |
/// | session:X          | X, end (8), start (8)                      | {"key": X, "start": ms, "end": ms}     |
/// | window-store:X     | X, start (8), number (4)                   | {"key": X, "start": ms, "seq": n}      |
class BytesFormat {
 public:
  /// Throws std::invalid_argument that lists the names.
  [[nodiscard]] static BytesFormat parse(std::string_view name);

  /// Never throws for wrong bytes, see Shown::problem. Null is shown as null by every format.
  [[nodiscard]] Shown show(BytesView bytes) const;

 private:
  /// Throws SerializationException if the bytes do not fit.
  using Show = std::function<Shown(std::string_view bytes)>;
  explicit BytesFormat(Show show) : show_(std::move(show)) {}

  Show show_;
};

/// The names of the formats, for help texts.
inline constexpr std::string_view kBytesFormatNames =
    "auto, string, short, integer, long, float, double, boolean, uuid, json, hex, base64, windowed:FORMAT, "
    "session:FORMAT, window-store:FORMAT";

namespace detail {

/// The text as a JSON string, with quotes. REQUIRES: UTF-8.
[[nodiscard]] std::string json_string(std::string_view text);

/// The text for a terminal. It is a JSON string with quotes if it is empty, is the word null, begins with a quote, or
/// has control characters.
[[nodiscard]] std::string terminal_text(std::string_view text);

}  // namespace detail

}  // namespace millrace
