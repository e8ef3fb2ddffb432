// SPDX-License-Identifier: Apache-2.0
#pragma once

// The preprocessor part of MILLRACE_JSON. MILLRACE_DETAIL_LIST applies macro(type, argument) to each argument and
// separates the results by commas.
#define MILLRACE_DETAIL_PARENS ()
#define MILLRACE_DETAIL_EXPAND(...) \
  MILLRACE_DETAIL_EXPAND3(MILLRACE_DETAIL_EXPAND3(MILLRACE_DETAIL_EXPAND3(MILLRACE_DETAIL_EXPAND3(__VA_ARGS__))))
#define MILLRACE_DETAIL_EXPAND3(...) \
  MILLRACE_DETAIL_EXPAND2(MILLRACE_DETAIL_EXPAND2(MILLRACE_DETAIL_EXPAND2(MILLRACE_DETAIL_EXPAND2(__VA_ARGS__))))
#define MILLRACE_DETAIL_EXPAND2(...) \
  MILLRACE_DETAIL_EXPAND1(MILLRACE_DETAIL_EXPAND1(MILLRACE_DETAIL_EXPAND1(MILLRACE_DETAIL_EXPAND1(__VA_ARGS__))))
#define MILLRACE_DETAIL_EXPAND1(...) __VA_ARGS__

// The preprocessor has no loops. Each rescan by EXPAND applies the macro to one more argument, for about 256 arguments.
#define MILLRACE_DETAIL_LIST(macro, type, ...) \
  __VA_OPT__(MILLRACE_DETAIL_EXPAND(MILLRACE_DETAIL_STEP(macro, type, __VA_ARGS__)))
#define MILLRACE_DETAIL_STEP(macro, type, first, ...) \
  macro(type, first) __VA_OPT__(, MILLRACE_DETAIL_NEXT MILLRACE_DETAIL_PARENS(macro, type, __VA_ARGS__))
#define MILLRACE_DETAIL_NEXT() MILLRACE_DETAIL_STEP

// MILLRACE_DETAIL_IS_TUPLE(x) is 1 for "(...)" and 0 for a plain name.
#define MILLRACE_DETAIL_IS_TUPLE(x) MILLRACE_DETAIL_SECOND(MILLRACE_DETAIL_PROBE x, 0)
#define MILLRACE_DETAIL_PROBE(...) ~, 1
#define MILLRACE_DETAIL_SECOND(...) MILLRACE_DETAIL_SECOND_OF(__VA_ARGS__, ~)
#define MILLRACE_DETAIL_SECOND_OF(first, second, ...) second
// Two steps, so that the arguments are expanded before they are pasted.
#define MILLRACE_DETAIL_JOIN(a, b) MILLRACE_DETAIL_JOIN_NOW(a, b)
#define MILLRACE_DETAIL_JOIN_NOW(a, b) a##b

// The first error that the compiler reports if the macro stands in a function.
#define MILLRACE_DETAIL_OUTSIDE_OF_FUNCTIONS(text) static_assert(__builtin_FUNCTION()[0] == '\0', text)

// An argument of MILLRACE_JSON is an option of the struct, or a field: `member` or `(member, options...)`. An option is
// a word for which there is a macro MILLRACE_DETAIL_OPTION_word. The macro expands to two arguments, so that
// MILLRACE_DETAIL_SECOND finds the second one.
#define MILLRACE_DETAIL_ARGUMENT(type, x) \
  MILLRACE_DETAIL_JOIN(MILLRACE_DETAIL_ARGUMENT_, MILLRACE_DETAIL_IS_TUPLE(x))(type, x)
#define MILLRACE_DETAIL_ARGUMENT_1(type, tuple) MILLRACE_DETAIL_FIELD_OF(type, MILLRACE_DETAIL_CONTENT tuple)
#define MILLRACE_DETAIL_CONTENT(...) __VA_ARGS__
#define MILLRACE_DETAIL_ARGUMENT_0(type, word) \
  MILLRACE_DETAIL_SECOND(MILLRACE_DETAIL_OPTION_##word, MILLRACE_DETAIL_FIELD_OF(type, word))
#define MILLRACE_DETAIL_OPTION_lenient ~, ::millrace::detail::JsonLenient()
#define MILLRACE_DETAIL_OPTION_write_nulls ~, ::millrace::detail::JsonWriteNulls()
#define MILLRACE_DETAIL_OPTION_inherits(Base)                                         \
  ~, ::millrace::detail::inherited_table(::millrace::detail::JsonTag<MillraceSelf>(), \
                                         ::millrace::detail::JsonTag<Base>())

// In a generic lambda, a member that does not exist makes the requires-expression false instead of an error. The error
// comes from a function: for an error in a macro, the compiler lists all expansions that led there, 500 lines.
#define MILLRACE_DETAIL_FIELD_OF(...) MILLRACE_DETAIL_FIELD_NOW(__VA_ARGS__)
#define MILLRACE_DETAIL_FIELD_NOW(type, member, ...)                                                               \
  ::millrace::detail::json_field(                                                                                  \
      []<class MillraceType>(::millrace::detail::JsonTag<MillraceType>) {                                          \
        if constexpr (requires { requires ::std::is_member_object_pointer_v<decltype(&MillraceType::member)>; }) { \
          return ::millrace::detail::JsonMember<MillraceType, &MillraceType::member>();                            \
        } else {                                                                                                   \
          return ::millrace::detail::no_such_field<MillraceType, #member>();                                       \
        }                                                                                                          \
      }(::millrace::detail::JsonTag<MillraceSelf>()),                                                              \
      #member __VA_OPT__(, ) __VA_ARGS__)

// An enumerator is `value` or `(value, "name")`.
#define MILLRACE_DETAIL_ENUMERATOR(type, x) \
  MILLRACE_DETAIL_JOIN(MILLRACE_DETAIL_ENUMERATOR_, MILLRACE_DETAIL_IS_TUPLE(x))(x)
#define MILLRACE_DETAIL_ENUMERATOR_0(value) MILLRACE_DETAIL_ENUMERATOR_OF(value)
#define MILLRACE_DETAIL_ENUMERATOR_1(tuple) MILLRACE_DETAIL_ENUMERATOR_OF tuple
#define MILLRACE_DETAIL_ENUMERATOR_OF(value, ...) \
  ::millrace::detail::json_enumerator(MillraceSelf::value, #value __VA_OPT__(, ) __VA_ARGS__)
