#pragma once

// The preprocessor part of MILLRACE_JSON. MILLRACE_DETAIL_LIST applies a macro to each argument and separates the
// results by commas.
#define MILLRACE_DETAIL_PARENS ()
#define MILLRACE_DETAIL_EXPAND(...) \
  MILLRACE_DETAIL_EXPAND3(MILLRACE_DETAIL_EXPAND3(MILLRACE_DETAIL_EXPAND3(MILLRACE_DETAIL_EXPAND3(__VA_ARGS__))))
#define MILLRACE_DETAIL_EXPAND3(...) \
  MILLRACE_DETAIL_EXPAND2(MILLRACE_DETAIL_EXPAND2(MILLRACE_DETAIL_EXPAND2(MILLRACE_DETAIL_EXPAND2(__VA_ARGS__))))
#define MILLRACE_DETAIL_EXPAND2(...) \
  MILLRACE_DETAIL_EXPAND1(MILLRACE_DETAIL_EXPAND1(MILLRACE_DETAIL_EXPAND1(MILLRACE_DETAIL_EXPAND1(__VA_ARGS__))))
#define MILLRACE_DETAIL_EXPAND1(...) __VA_ARGS__

// The preprocessor has no loops. Each rescan by EXPAND applies the macro to one more argument, for about 256 arguments.
#define MILLRACE_DETAIL_LIST(macro, ...) __VA_OPT__(MILLRACE_DETAIL_EXPAND(MILLRACE_DETAIL_STEP(macro, __VA_ARGS__)))
#define MILLRACE_DETAIL_STEP(macro, first, ...) \
  macro(first) __VA_OPT__(, MILLRACE_DETAIL_NEXT MILLRACE_DETAIL_PARENS(macro, __VA_ARGS__))
#define MILLRACE_DETAIL_NEXT() MILLRACE_DETAIL_STEP

// MILLRACE_DETAIL_IS_TUPLE(x) is 1 for "(...)" and 0 for a plain name.
#define MILLRACE_DETAIL_IS_TUPLE(x) MILLRACE_DETAIL_SECOND(MILLRACE_DETAIL_PROBE x, 0)
#define MILLRACE_DETAIL_PROBE(...) ~, 1
#define MILLRACE_DETAIL_SECOND(...) MILLRACE_DETAIL_SECOND_OF(__VA_ARGS__, ~)
#define MILLRACE_DETAIL_SECOND_OF(first, second, ...) second
// Two steps, so that the arguments are expanded before they are pasted.
#define MILLRACE_DETAIL_JOIN(a, b) MILLRACE_DETAIL_JOIN_NOW(a, b)
#define MILLRACE_DETAIL_JOIN_NOW(a, b) a##b

// A field is `member` or `(member, options...)`.
#define MILLRACE_DETAIL_FIELD(x) MILLRACE_DETAIL_JOIN(MILLRACE_DETAIL_FIELD_, MILLRACE_DETAIL_IS_TUPLE(x))(x)
#define MILLRACE_DETAIL_FIELD_0(member) MILLRACE_DETAIL_FIELD_OF(member)
#define MILLRACE_DETAIL_FIELD_1(tuple) MILLRACE_DETAIL_FIELD_OF tuple
#define MILLRACE_DETAIL_FIELD_OF(member, ...) \
  ::millrace::detail::json_field<MillraceSelf, &MillraceSelf::member>(#member __VA_OPT__(, ) __VA_ARGS__)

// An enumerator is `value` or `(value, "name")`.
#define MILLRACE_DETAIL_ENUMERATOR(x) MILLRACE_DETAIL_JOIN(MILLRACE_DETAIL_ENUMERATOR_, MILLRACE_DETAIL_IS_TUPLE(x))(x)
#define MILLRACE_DETAIL_ENUMERATOR_0(value) MILLRACE_DETAIL_ENUMERATOR_OF(value)
#define MILLRACE_DETAIL_ENUMERATOR_1(tuple) MILLRACE_DETAIL_ENUMERATOR_OF tuple
#define MILLRACE_DETAIL_ENUMERATOR_OF(value, ...) \
  ::millrace::detail::json_enumerator(MillraceSelf::value, #value __VA_OPT__(, ) __VA_ARGS__)
