// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "millrace/serde/detail/json_declared.hpp"
#include "millrace/serde/detail/json_io.hpp"
#include "millrace/serde/detail/json_members.hpp"
#include "millrace/serde/detail/json_type.hpp"

namespace millrace {

/// Reads and writes a member of type T as JSON. Specialise this template to teach MILLRACE_JSON another type:
///     template <> struct millrace::JsonCodec<Day> {
///       static void read(JsonReader& in, Day& out) { std::string text; in.read(text); out = parse(text); }
///       static void write(JsonWriter& out, const Day& day) { out.write(to_string(day)); }
///     };
/// read() must read exactly one value, and write() must write exactly one. Both must be thread-safe. Report errors with
/// in.fail() and out.fail(): the message then names the field. A codec whose value is an object, an array or raw JSON
/// says so by `static constexpr bool kStructured = true`: then a CsvSerde (csv.hpp) of such a struct does not compile.
template <class T>
struct JsonCodec {
  /// Tells json_known() that there is no codec for T.
  using Unknown = T;

  static void read(JsonReader& /*in*/, T& /*out*/) { explain(); }
  static void write(JsonWriter& /*out*/, const T& /*value*/) { explain(); }

 private:
  static void explain() {
    static_assert(
        sizeof(T) == 0,
        "MILLRACE_JSON does not know this member's type: declare it with MILLRACE_JSON or MILLRACE_JSON_ENUM, "
        "or specialise millrace::JsonCodec<Type>. The fields of a struct are found without MILLRACE_JSON only "
        "if it has no constructors, base classes, private members, arrays, const or reference members, and "
        "at most 64 fields");
  }
};

namespace detail {

/// True if the codec of T says that its values are objects, arrays or raw JSON.
template <class T>
constexpr bool is_structured() {
  if constexpr (requires { JsonCodec<T>::kStructured; }) return JsonCodec<T>::kStructured;
  return false;
}

}  // namespace detail

template <>
struct JsonCodec<bool> {
  static void read(JsonReader& in, bool& out) { in.read(out); }
  static void write(JsonWriter& out, bool value) { out.write(value); }
};

template <>
struct JsonCodec<std::string> {
  static void read(JsonReader& in, std::string& out) { in.read(out); }
  static void write(JsonWriter& out, const std::string& value) { out.write(std::string_view(value)); }
};

/// Integers of any width. A number out of the type's range is an error.
template <std::integral T>
struct JsonCodec<T> {
  static void read(JsonReader& in, T& out) {
    if constexpr (std::is_signed_v<T>) {
      out = static_cast<T>(in.read_integer(std::numeric_limits<T>::min(), std::numeric_limits<T>::max()));
    } else {
      out = static_cast<T>(in.read_unsigned(std::numeric_limits<T>::max()));
    }
  }
  static void write(JsonWriter& out, T value) {
    if constexpr (std::is_signed_v<T>) {
      out.write_integer(value);
    } else {
      out.write_unsigned(value);
    }
  }
};

/// float is written with the shortest text that gives the same float. long double is read and written as double.
template <std::floating_point T>
struct JsonCodec<T> {
  static void read(JsonReader& in, T& out) {
    if constexpr (std::same_as<T, float>) {
      in.read(out);
    } else {
      double value = 0;
      in.read(value);
      out = value;
    }
  }
  static void write(JsonWriter& out, T value) {
    if constexpr (std::same_as<T, float>) {
      out.write(value);
    } else {
      out.write(static_cast<double>(value));
    }
  }
};

/// Null and a missing member are nullopt. As a member of a struct, nullopt is left out. In arrays and maps, it is
/// written as null.
template <class T>
struct JsonCodec<std::optional<T>> {
  static constexpr bool kStructured = detail::is_structured<T>();
  using Element = T;

  static void read(JsonReader& in, std::optional<T>& out) {
    if (in.read_null()) {
      out.reset();
    } else {
      JsonCodec<T>::read(in, out.emplace());
    }
  }
  static void write(JsonWriter& out, const std::optional<T>& value) {
    if (value.has_value()) {
      JsonCodec<T>::write(out, *value);
    } else {
      out.write_null();
    }
  }
};

/// An array of any length. The former content of `out` is lost.
template <class T>
struct JsonCodec<std::vector<T>> {
  static constexpr bool kStructured = true;
  using Element = T;

  static void read(JsonReader& in, std::vector<T>& out) {
    out.clear();
    in.read_elements([&](std::size_t /*index*/) {
      // A local element, because std::vector<bool> has no references to its elements.
      T element{};
      JsonCodec<T>::read(in, element);
      out.push_back(std::move(element));
    });
  }
  static void write(JsonWriter& out, const std::vector<T>& values) {
    out.begin_array();
    for (const auto& value : values) {
      out.next_element();
      JsonCodec<T>::write(out, value);
    }
    out.end_array();
  }
};

/// An array of exactly N elements. Any other number is an error.
template <class T, std::size_t N>
struct JsonCodec<std::array<T, N>> {
  static constexpr bool kStructured = true;
  using Element = T;

  static void read(JsonReader& in, std::array<T, N>& out) {
    // Surplus elements are counted, not read; the error below names their number.
    std::size_t count = in.read_elements([&](std::size_t index) {
      if (index < N) JsonCodec<T>::read(in, out[index]);
    });
    if (count != N) in.fail("expected " + std::to_string(N) + " elements, found " + std::to_string(count));
  }
  static void write(JsonWriter& out, const std::array<T, N>& values) {
    out.begin_array();
    for (const T& value : values) {
      out.next_element();
      JsonCodec<T>::write(out, value);
    }
    out.end_array();
  }
};

namespace detail {

/// True for std::map and std::unordered_map with string keys. A concept and not a list of types, so that their headers
/// need not be included.
template <class M>
concept JsonMap = std::same_as<typename M::key_type, std::string> && requires(M& map, typename M::mapped_type value) {
  map.clear();
  map.insert_or_assign(std::string(), std::move(value));
};

/// Calls `visit(name, value)` for each entry, in the order of the names. Equal maps must give equal bytes, because a
/// map may be a part of a key. The iteration order of an unordered map cannot be used: it depends on the order of
/// earlier insertions.
template <JsonMap M, class F>
void each_by_name(const M& values, F&& visit) {
  if constexpr (requires { typename M::hasher; }) {
    std::vector<const typename M::value_type*> sorted;
    sorted.reserve(values.size());
    for (const auto& entry : values) sorted.push_back(&entry);
    std::sort(sorted.begin(), sorted.end(), [](const auto* a, const auto* b) { return a->first < b->first; });
    for (const auto* entry : sorted) visit(entry->first, entry->second);
  } else {
    for (const auto& [name, value] : values) visit(name, value);
  }
}

}  // namespace detail

/// An object whose names are the map's keys. If a name occurs twice, the last one counts. Written in the order of the
/// names.
template <detail::JsonMap M>
struct JsonCodec<M> {
  using Value = typename M::mapped_type;
  static constexpr bool kStructured = true;
  using Element = Value;

  static void read(JsonReader& in, M& out) {
    out.clear();
    in.read_members([&](std::string_view name) {
      Value value{};
      JsonCodec<Value>::read(in, value);
      out.insert_or_assign(std::string(name), std::move(value));
    });
  }
  static void write(JsonWriter& out, const M& values) {
    out.begin_object();
    detail::each_by_name(values, [&out](const std::string& name, const Value& value) {
      out.key(name);
      JsonCodec<Value>::write(out, value);
    });
    out.end_object();
  }
};

namespace detail {

/// The table of fields of a struct, see json_table.hpp.
template <class T>
[[nodiscard]] const JsonType& json_type_of();

/// The codec of a struct, which works from its table of fields.
template <class T>
struct JsonStructCodec {
  static constexpr bool kStructured = true;

  static void read(JsonReader& in, T& out) {
    static_assert(std::default_initializable<T>, "MILLRACE_JSON: the struct must have a default constructor");
    T fresh{};  // missing fields get the defaults of T, whatever `out` contained
    in.read_object(json_type_of<T>(), &fresh);
    out = std::move(fresh);
  }
  static void write(JsonWriter& out, const T& value) { out.write_object(json_type_of<T>(), &value); }
};

}  // namespace detail

/// A struct declared with MILLRACE_JSON.
template <detail::JsonDeclared T>
struct JsonCodec<T> : detail::JsonStructCodec<T> {};

/// A plain struct whose fields were found.
template <detail::JsonFound T>
struct JsonCodec<T> : detail::JsonStructCodec<T> {
  using Found = T;
};

/// An enum declared with MILLRACE_JSON_ENUM. Written as the enumerator's name.
template <detail::JsonEnumDeclared T>
struct JsonCodec<T> {
  static void read(JsonReader& in, T& out) {
    out = static_cast<T>(in.read_enum(millrace_json_enum(detail::JsonTag<T>())));
  }
  static void write(JsonWriter& out, T value) {
    out.write_enum(millrace_json_enum(detail::JsonTag<T>()), static_cast<std::int64_t>(value));
  }
};

}  // namespace millrace
