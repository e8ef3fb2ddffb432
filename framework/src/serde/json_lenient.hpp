// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "json_document.hpp"

// How lenient structs (MILLRACE_JSON(Type, lenient, ...)) read values of other types, by the rules of ksqlDB's JSON
// format.
namespace millrace::detail {

// Each of these is called after the current value turned out not to be of the type of `out`. If the rules allow it, the
// function reads the value, converts it, and returns true. Otherwise it returns false, and the caller reports the
// error.

/// A string with a number, NaN, Infinity or -Infinity; white space around it is ignored.
[[nodiscard]] bool coerce(JsonDocument& document, double& out);
/// A string with an integer, or a number with a fraction or an exponent. The fraction is cut off.
[[nodiscard]] bool coerce(JsonDocument& document, std::int64_t& out);
[[nodiscard]] bool coerce(JsonDocument& document, std::uint64_t& out);
/// A number as it is written in the document, a boolean, an object as JSON without white space, an array as Java prints
/// a list of strings: [a, b].
[[nodiscard]] bool coerce(JsonDocument& document, std::string& out);

/// The index of the field with this name without regard to the case of ASCII letters, or `unknown`. Tries the field
/// number `expected` first. At most one field has the name, see names_differ().
[[nodiscard]] std::size_t find_ignoring_case(const JsonType& type, std::size_t expected, std::string_view name,
                                             std::size_t unknown);

}  // namespace millrace::detail
