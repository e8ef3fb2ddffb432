// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <memory>
#include <string_view>
#include <type_traits>
#include <utility>

#include "millrace/serde/detail/json_declared.hpp"

// Finds the fields of a plain struct at compile time: their number, their types, their names and, in an object, their
// addresses. C++20 has no reflection, so the number is found by trial, structured bindings give references to the
// fields, and the compiler's text of a pointer to a field contains the field's name.
namespace millrace::detail {

/// The most fields that are found in a struct.
inline constexpr std::size_t kMaxFoundFields = 64;

/// Converts to every type except T, and to the base classes of T only. Both are for trials in unevaluated code.
template <class T>
struct AnythingBut {
  template <class M>
  requires(!std::same_as<M, T>) operator M() const;
};
template <class T>
struct BaseOf {
  template <class B>
  requires(!std::same_as<B, T> && std::is_base_of_v<B, T>) operator B() const;
};

/// An object of which only the addresses of its fields are used. It is never defined.
template <class T>
struct JsonExample {
  T value;
};
#if defined(__clang__)
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wundefined-var-template"
#pragma clang diagnostic ignored "-Wundefined-internal"
#endif
template <class T>
extern const JsonExample<T> kJsonExample;

/// A pointer to a field of the example as a template argument. In a struct, because clang 14 takes no pointer to a part
/// of an object as the argument itself.
template <class P>
struct FieldPointer {
  P pointer;
};
template <class P>
FieldPointer(P) -> FieldPointer<P>;

/// The name of the field to which Pointer points.
template <FieldPointer Pointer>
consteval std::string_view field_name() {
  // GCC: "... {(& kJsonExample<T>.JsonExample<T>::value.T::name)}; ...]", clang: "... {&kJsonExample.value.name}]".
  std::string_view text = __PRETTY_FUNCTION__;
  text = text.substr(0, text.rfind('}'));
  if (text.ends_with(')')) text.remove_suffix(1);
  return text.substr(text.find_last_of(":.") + 1);
}

/// What is done with a struct of N fields. The macro below makes one specialisation for each N.
template <std::size_t N>
struct FieldsOf;

// MILLRACE_DETAIL_F3(m) is m(f1), m(f2), m(f3).
#define MILLRACE_DETAIL_F1(m) m(f1)
#define MILLRACE_DETAIL_F2(m) MILLRACE_DETAIL_F1(m), m(f2)
#define MILLRACE_DETAIL_F3(m) MILLRACE_DETAIL_F2(m), m(f3)
#define MILLRACE_DETAIL_F4(m) MILLRACE_DETAIL_F3(m), m(f4)
#define MILLRACE_DETAIL_F5(m) MILLRACE_DETAIL_F4(m), m(f5)
#define MILLRACE_DETAIL_F6(m) MILLRACE_DETAIL_F5(m), m(f6)
#define MILLRACE_DETAIL_F7(m) MILLRACE_DETAIL_F6(m), m(f7)
#define MILLRACE_DETAIL_F8(m) MILLRACE_DETAIL_F7(m), m(f8)
#define MILLRACE_DETAIL_F9(m) MILLRACE_DETAIL_F8(m), m(f9)
#define MILLRACE_DETAIL_F10(m) MILLRACE_DETAIL_F9(m), m(f10)
#define MILLRACE_DETAIL_F11(m) MILLRACE_DETAIL_F10(m), m(f11)
#define MILLRACE_DETAIL_F12(m) MILLRACE_DETAIL_F11(m), m(f12)
#define MILLRACE_DETAIL_F13(m) MILLRACE_DETAIL_F12(m), m(f13)
#define MILLRACE_DETAIL_F14(m) MILLRACE_DETAIL_F13(m), m(f14)
#define MILLRACE_DETAIL_F15(m) MILLRACE_DETAIL_F14(m), m(f15)
#define MILLRACE_DETAIL_F16(m) MILLRACE_DETAIL_F15(m), m(f16)
#define MILLRACE_DETAIL_F17(m) MILLRACE_DETAIL_F16(m), m(f17)
#define MILLRACE_DETAIL_F18(m) MILLRACE_DETAIL_F17(m), m(f18)
#define MILLRACE_DETAIL_F19(m) MILLRACE_DETAIL_F18(m), m(f19)
#define MILLRACE_DETAIL_F20(m) MILLRACE_DETAIL_F19(m), m(f20)
#define MILLRACE_DETAIL_F21(m) MILLRACE_DETAIL_F20(m), m(f21)
#define MILLRACE_DETAIL_F22(m) MILLRACE_DETAIL_F21(m), m(f22)
#define MILLRACE_DETAIL_F23(m) MILLRACE_DETAIL_F22(m), m(f23)
#define MILLRACE_DETAIL_F24(m) MILLRACE_DETAIL_F23(m), m(f24)
#define MILLRACE_DETAIL_F25(m) MILLRACE_DETAIL_F24(m), m(f25)
#define MILLRACE_DETAIL_F26(m) MILLRACE_DETAIL_F25(m), m(f26)
#define MILLRACE_DETAIL_F27(m) MILLRACE_DETAIL_F26(m), m(f27)
#define MILLRACE_DETAIL_F28(m) MILLRACE_DETAIL_F27(m), m(f28)
#define MILLRACE_DETAIL_F29(m) MILLRACE_DETAIL_F28(m), m(f29)
#define MILLRACE_DETAIL_F30(m) MILLRACE_DETAIL_F29(m), m(f30)
#define MILLRACE_DETAIL_F31(m) MILLRACE_DETAIL_F30(m), m(f31)
#define MILLRACE_DETAIL_F32(m) MILLRACE_DETAIL_F31(m), m(f32)
#define MILLRACE_DETAIL_F33(m) MILLRACE_DETAIL_F32(m), m(f33)
#define MILLRACE_DETAIL_F34(m) MILLRACE_DETAIL_F33(m), m(f34)
#define MILLRACE_DETAIL_F35(m) MILLRACE_DETAIL_F34(m), m(f35)
#define MILLRACE_DETAIL_F36(m) MILLRACE_DETAIL_F35(m), m(f36)
#define MILLRACE_DETAIL_F37(m) MILLRACE_DETAIL_F36(m), m(f37)
#define MILLRACE_DETAIL_F38(m) MILLRACE_DETAIL_F37(m), m(f38)
#define MILLRACE_DETAIL_F39(m) MILLRACE_DETAIL_F38(m), m(f39)
#define MILLRACE_DETAIL_F40(m) MILLRACE_DETAIL_F39(m), m(f40)
#define MILLRACE_DETAIL_F41(m) MILLRACE_DETAIL_F40(m), m(f41)
#define MILLRACE_DETAIL_F42(m) MILLRACE_DETAIL_F41(m), m(f42)
#define MILLRACE_DETAIL_F43(m) MILLRACE_DETAIL_F42(m), m(f43)
#define MILLRACE_DETAIL_F44(m) MILLRACE_DETAIL_F43(m), m(f44)
#define MILLRACE_DETAIL_F45(m) MILLRACE_DETAIL_F44(m), m(f45)
#define MILLRACE_DETAIL_F46(m) MILLRACE_DETAIL_F45(m), m(f46)
#define MILLRACE_DETAIL_F47(m) MILLRACE_DETAIL_F46(m), m(f47)
#define MILLRACE_DETAIL_F48(m) MILLRACE_DETAIL_F47(m), m(f48)
#define MILLRACE_DETAIL_F49(m) MILLRACE_DETAIL_F48(m), m(f49)
#define MILLRACE_DETAIL_F50(m) MILLRACE_DETAIL_F49(m), m(f50)
#define MILLRACE_DETAIL_F51(m) MILLRACE_DETAIL_F50(m), m(f51)
#define MILLRACE_DETAIL_F52(m) MILLRACE_DETAIL_F51(m), m(f52)
#define MILLRACE_DETAIL_F53(m) MILLRACE_DETAIL_F52(m), m(f53)
#define MILLRACE_DETAIL_F54(m) MILLRACE_DETAIL_F53(m), m(f54)
#define MILLRACE_DETAIL_F55(m) MILLRACE_DETAIL_F54(m), m(f55)
#define MILLRACE_DETAIL_F56(m) MILLRACE_DETAIL_F55(m), m(f56)
#define MILLRACE_DETAIL_F57(m) MILLRACE_DETAIL_F56(m), m(f57)
#define MILLRACE_DETAIL_F58(m) MILLRACE_DETAIL_F57(m), m(f58)
#define MILLRACE_DETAIL_F59(m) MILLRACE_DETAIL_F58(m), m(f59)
#define MILLRACE_DETAIL_F60(m) MILLRACE_DETAIL_F59(m), m(f60)
#define MILLRACE_DETAIL_F61(m) MILLRACE_DETAIL_F60(m), m(f61)
#define MILLRACE_DETAIL_F62(m) MILLRACE_DETAIL_F61(m), m(f62)
#define MILLRACE_DETAIL_F63(m) MILLRACE_DETAIL_F62(m), m(f63)
#define MILLRACE_DETAIL_F64(m) MILLRACE_DETAIL_F63(m), m(f64)
#define MILLRACE_DETAIL_F65(m) MILLRACE_DETAIL_F64(m), m(f65)
#define MILLRACE_DETAIL_F_SAME(field) field
#define MILLRACE_DETAIL_F_EMPTY(field) \
  {}
#define MILLRACE_DETAIL_F_NAME(field) ::millrace::detail::field_name<FieldPointer{&(field)}>()

#define MILLRACE_DETAIL_FIELDS_OF(n)                                                \
  template <>                                                                       \
  struct FieldsOf<n> {                                                              \
    /* T can be made from n initialisers `{}`. */                                   \
    template <class T>                                                              \
    static constexpr bool kFit = requires {                                         \
      T{MILLRACE_DETAIL_F##n(MILLRACE_DETAIL_F_EMPTY)};                             \
    };                                                                              \
    /* T can be made from n initialisers `{}` and one other. */                     \
    template <class T>                                                              \
    static constexpr bool kMore = requires {                                        \
      T{MILLRACE_DETAIL_F##n(MILLRACE_DETAIL_F_EMPTY), AnythingBut<T>()};           \
    };                                                                              \
    template <class T, class F>                                                     \
    static constexpr auto visit(T& object, F visitor) {                             \
      auto& [MILLRACE_DETAIL_F##n(MILLRACE_DETAIL_F_SAME)] = object;                \
      return visitor(MILLRACE_DETAIL_F##n(MILLRACE_DETAIL_F_SAME));                 \
    }                                                                               \
    template <class T>                                                              \
    static consteval std::array<std::string_view, n> names() {                      \
      auto& [MILLRACE_DETAIL_F##n(MILLRACE_DETAIL_F_SAME)] = kJsonExample<T>.value; \
      return {MILLRACE_DETAIL_F##n(MILLRACE_DETAIL_F_NAME)};                        \
    }                                                                               \
  };

// clang-format off
MILLRACE_DETAIL_FIELDS_OF(1)
MILLRACE_DETAIL_FIELDS_OF(2)
MILLRACE_DETAIL_FIELDS_OF(3)
MILLRACE_DETAIL_FIELDS_OF(4)
MILLRACE_DETAIL_FIELDS_OF(5)
MILLRACE_DETAIL_FIELDS_OF(6)
MILLRACE_DETAIL_FIELDS_OF(7)
MILLRACE_DETAIL_FIELDS_OF(8)
MILLRACE_DETAIL_FIELDS_OF(9)
MILLRACE_DETAIL_FIELDS_OF(10)
MILLRACE_DETAIL_FIELDS_OF(11)
MILLRACE_DETAIL_FIELDS_OF(12)
MILLRACE_DETAIL_FIELDS_OF(13)
MILLRACE_DETAIL_FIELDS_OF(14)
MILLRACE_DETAIL_FIELDS_OF(15)
MILLRACE_DETAIL_FIELDS_OF(16)
MILLRACE_DETAIL_FIELDS_OF(17)
MILLRACE_DETAIL_FIELDS_OF(18)
MILLRACE_DETAIL_FIELDS_OF(19)
MILLRACE_DETAIL_FIELDS_OF(20)
MILLRACE_DETAIL_FIELDS_OF(21)
MILLRACE_DETAIL_FIELDS_OF(22)
MILLRACE_DETAIL_FIELDS_OF(23)
MILLRACE_DETAIL_FIELDS_OF(24)
MILLRACE_DETAIL_FIELDS_OF(25)
MILLRACE_DETAIL_FIELDS_OF(26)
MILLRACE_DETAIL_FIELDS_OF(27)
MILLRACE_DETAIL_FIELDS_OF(28)
MILLRACE_DETAIL_FIELDS_OF(29)
MILLRACE_DETAIL_FIELDS_OF(30)
MILLRACE_DETAIL_FIELDS_OF(31)
MILLRACE_DETAIL_FIELDS_OF(32)
MILLRACE_DETAIL_FIELDS_OF(33)
MILLRACE_DETAIL_FIELDS_OF(34)
MILLRACE_DETAIL_FIELDS_OF(35)
MILLRACE_DETAIL_FIELDS_OF(36)
MILLRACE_DETAIL_FIELDS_OF(37)
MILLRACE_DETAIL_FIELDS_OF(38)
MILLRACE_DETAIL_FIELDS_OF(39)
MILLRACE_DETAIL_FIELDS_OF(40)
MILLRACE_DETAIL_FIELDS_OF(41)
MILLRACE_DETAIL_FIELDS_OF(42)
MILLRACE_DETAIL_FIELDS_OF(43)
MILLRACE_DETAIL_FIELDS_OF(44)
MILLRACE_DETAIL_FIELDS_OF(45)
MILLRACE_DETAIL_FIELDS_OF(46)
MILLRACE_DETAIL_FIELDS_OF(47)
MILLRACE_DETAIL_FIELDS_OF(48)
MILLRACE_DETAIL_FIELDS_OF(49)
MILLRACE_DETAIL_FIELDS_OF(50)
MILLRACE_DETAIL_FIELDS_OF(51)
MILLRACE_DETAIL_FIELDS_OF(52)
MILLRACE_DETAIL_FIELDS_OF(53)
MILLRACE_DETAIL_FIELDS_OF(54)
MILLRACE_DETAIL_FIELDS_OF(55)
MILLRACE_DETAIL_FIELDS_OF(56)
MILLRACE_DETAIL_FIELDS_OF(57)
MILLRACE_DETAIL_FIELDS_OF(58)
MILLRACE_DETAIL_FIELDS_OF(59)
MILLRACE_DETAIL_FIELDS_OF(60)
MILLRACE_DETAIL_FIELDS_OF(61)
MILLRACE_DETAIL_FIELDS_OF(62)
MILLRACE_DETAIL_FIELDS_OF(63)
MILLRACE_DETAIL_FIELDS_OF(64)
MILLRACE_DETAIL_FIELDS_OF(65)  // to see that there are more than 64
// clang-format on

#if defined(__clang__)
#pragma clang diagnostic pop
#endif
#undef MILLRACE_DETAIL_FIELDS_OF
#undef MILLRACE_DETAIL_F_NAME
#undef MILLRACE_DETAIL_F_EMPTY
#undef MILLRACE_DETAIL_F_SAME

/// The number of fields: at least Low, and fewer than High. kMaxFoundFields + 1 stands for all greater numbers.
template <class T, std::size_t Low = 0, std::size_t High = kMaxFoundFields + 2>
consteval std::size_t count_fields() {
  if constexpr (Low + 1 == High) {
    return Low;
  } else {
    constexpr std::size_t kMiddle = (Low + High) / 2;
    if constexpr (FieldsOf<kMiddle>::template kFit<T>) {
      return count_fields<T, kMiddle, High>();
    } else {
      return count_fields<T, Low, kMiddle>();
    }
  }
}

template <class... M>
struct TypeList {};

/// The types of the fields of T, which has N of them.
template <class T, std::size_t N>
using FieldTypes =
    decltype(FieldsOf<N>::visit(std::declval<T&>(), []<class... M>(M&... /*fields*/) { return TypeList<M...>(); }));

template <class... M>
consteval bool are_values(TypeList<M...> /*types*/) {
  return (!(std::is_array_v<M> || std::is_const_v<M>)&&...);
}

/// True if all fields of T are found, and can be read and written. A struct without fields may be no data at all, so it
/// must be declared.
template <class T>
consteval bool fields_found() {
  if constexpr (!std::is_default_constructible_v<T> || !std::is_move_assignable_v<T> || requires { T{BaseOf<T>()}; }) {
    return false;
  } else {
    constexpr std::size_t kCount = count_fields<T>();
    if constexpr (kCount > 0 && kCount <= kMaxFoundFields) {
      // With kMore, the trial ended at a field that cannot be made from `{}`.
      if constexpr (!FieldsOf<kCount>::template kMore<T>) return are_values(FieldTypes<T, kCount>());
    }
    return false;
  }
}

/// A plain struct without MILLRACE_JSON whose fields were found.
template <class T>
concept JsonFound = JsonPlain<T> && fields_found<T>();

/// The addresses of the fields of `object`.
template <class T>
constexpr auto field_addresses(T& object) {
  return FieldsOf<count_fields<std::remove_const_t<T>>()>::visit(object, [](auto&... fields) {
    using Address = std::conditional_t<std::is_const_v<T>, const void*, void*>;
    return std::array<Address, sizeof...(fields)>{std::addressof(fields)...};
  });
}

}  // namespace millrace::detail
