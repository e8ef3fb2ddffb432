// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "millrace/serde/primitives.hpp"
#include "millrace/serde/serde.hpp"

namespace millrace::detail {

/// The type of a store's keys or values. Each store on disk records these types. At the next start they show whether
/// the store's name belongs to a store of other types, because the topology has changed. Both texts point to constants.
struct StoredType {
  /// The encoding of the type's default serde (Serde<T>), such as "long"; empty: not known. If the encodings of two
  /// types differ, neither can read the bytes of the other.
  std::string_view encoding = {};
  std::string_view name = {};  ///< the name of the type; empty: not known
};

template <class T>
struct IsStdVector : std::false_type {};
template <class T, class A>
struct IsStdVector<std::vector<T, A>> : std::true_type {};

/// See StoredType::encoding. The user may give the store another serde for the same type. So the text does not tell the
/// real encoding; only a difference between two texts has a meaning.
template <class T>
constexpr std::string_view encoding_of() {
  if constexpr (IsOptional<T>::value) {
    return encoding_of<typename IsOptional<T>::Value>();
  } else if constexpr (std::same_as<T, std::string>) {
    return "text";
  } else if constexpr (std::same_as<T, bool>) {
    return "boolean";
  } else if constexpr (std::same_as<T, float>) {
    return "float";
  } else if constexpr (std::same_as<T, double>) {
    return "double";
  } else if constexpr (KafkaInteger<T>) {
    return sizeof(T) == 2 ? "short" : sizeof(T) == 4 ? "int" : "long";
  } else if constexpr (IsStdVector<T>::value) {
    return "list";
  } else if constexpr (requires { Serde<T>::kEncoding; }) {
    return Serde<T>::kEncoding;
  } else {
    return {};
  }
}

/// The types of a store's keys and values, see StoredType.
template <class T>
constexpr StoredType stored_type() {
  constexpr std::string_view kEncoding = encoding_of<T>();
  // Compilers spell the names of library types differently. So the encoding is also the name here.
  if constexpr (!kEncoding.empty() && kEncoding != "JSON" && kEncoding != "list") return {kEncoding, kEncoding};
  return {kEncoding, type_name<T>()};
}

}  // namespace millrace::detail
