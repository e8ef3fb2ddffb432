// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>

#include "millrace/serde/detail/json_codec.hpp"
#include "millrace/serde/detail/json_declared.hpp"
#include "millrace/serde/detail/json_members.hpp"
#include "millrace/serde/detail/json_type.hpp"

// Builds the tables of json_type.hpp at compile time: from the arguments of MILLRACE_JSON, or from the fields that were
// found.
namespace millrace::detail {

/// The fields of a struct, and the options that hold for all of them.
template <std::size_t N>
struct JsonTable {
  std::array<JsonField, N> fields;
  bool lenient = false;
  bool write_nulls = false;
};

// The options of a struct, as they stand in MILLRACE_JSON.
struct JsonLenient {};
struct JsonWriteNulls {};

// How an argument of MILLRACE_JSON changes the table, which has `count` fields so far.
template <std::size_t N>
consteval void add_to(JsonTable<N>& table, std::size_t& count, const JsonField& field) {
  table.fields[count++] = field;
}
template <std::size_t N>
consteval void add_to(JsonTable<N>& table, std::size_t& /*count*/, JsonLenient /*option*/) {
  table.lenient = true;
}
template <std::size_t N>
consteval void add_to(JsonTable<N>& table, std::size_t& /*count*/, JsonWriteNulls /*option*/) {
  table.write_nulls = true;
}
template <std::size_t N, std::size_t M>
consteval void add_to(JsonTable<N>& table, std::size_t& count, const JsonTable<M>& base) {
  for (const JsonField& field : base.fields) table.fields[count++] = field;
  table.lenient |= base.lenient;
  table.write_nulls |= base.write_nulls;
}

template <class Argument>
constexpr std::size_t kFieldsIn = 0;
template <>
inline constexpr std::size_t kFieldsIn<JsonField> = 1;
template <std::size_t N>
constexpr std::size_t kFieldsIn<JsonTable<N>> = N;

/// The table of a struct from its fields, the tables of its bases and its options, in any order.
template <class... Arguments>
consteval auto json_table(const Arguments&... arguments) {
  constexpr std::size_t kFields = (kFieldsIn<Arguments> + ... + 0);
  static_assert(kFields <= JsonType::kMaxFields, "MILLRACE_JSON: more than 256 fields");
  JsonTable<kFields> table{};
  [[maybe_unused]] std::size_t count = 0;
  (add_to(table, count, arguments), ...);
  for (JsonField& field : table.fields) {
    if (table.lenient) field.required = field.always_required;
    if (table.write_nulls) field.absent = nullptr;
  }
  return table;
}

// The functions in the table of fields. Each is instantiated once per member. Their types do not depend on the member,
// so one table works for all types.
template <class Self, auto Member>
void read_json_member(JsonReader& in, void* object) {
  auto& member = static_cast<Self*>(object)->*Member;
  JsonCodec<std::remove_reference_t<decltype(member)>>::read(in, member);
}
template <class Self, auto Member>
void write_json_member(JsonWriter& out, const void* object) {
  const auto& member = static_cast<const Self*>(object)->*Member;
  JsonCodec<std::remove_cvref_t<decltype(member)>>::write(out, member);
}
template <class Self, auto Member>
bool json_member_absent(const void* object) {
  return !(static_cast<const Self*>(object)->*Member).has_value();
}

// The same for a field that was found: the field number I of Self, which is a Value.
template <class Self, class Value, std::size_t I>
void read_found_field(JsonReader& in, void* object) {
  JsonCodec<Value>::read(in, *static_cast<Value*>(field_addresses(*static_cast<Self*>(object))[I]));
}
template <class Self, class Value, std::size_t I>
void write_found_field(JsonWriter& out, const void* object) {
  JsonCodec<Value>::write(out, *static_cast<const Value*>(field_addresses(*static_cast<const Self*>(object))[I]));
}
template <class Self, class Value, std::size_t I>
bool found_field_absent(const void* object) {
  return !static_cast<const Value*>(field_addresses(*static_cast<const Self*>(object))[I])->has_value();
}

template <class T>
constexpr bool kIsOptional = false;
template <class T>
constexpr bool kIsOptional<std::optional<T>> = true;

/// A member of Self, as MILLRACE_JSON names it.
template <class Self, auto Member>
struct JsonMember {
  using Value = std::remove_cvref_t<decltype(std::declval<Self&>().*Member)>;
};
/// Stands for a member that does not exist, after the compiler has said so. Prevents more errors about the same.
struct NoJsonMember {};

/// A text as a template argument.
template <std::size_t N>
struct FieldText {
  // NOLINTNEXTLINE(google-explicit-constructor): a literal converts
  consteval FieldText(const char (&text)[N]) { std::copy_n(text, N, characters); }
  char characters[N];
};

/// The compiler's message names Struct and Field.
template <class Struct, FieldText Field>
consteval NoJsonMember no_such_field() {
  static_assert(sizeof(Struct) == 0,
                "MILLRACE_JSON names a field that the struct does not have, or that is private or a bit-field");
  return {};
}

/// The table entry of one member. An optional member may be missing and is left out when it is empty.
template <class Self, auto Member, class... Options>
consteval JsonField json_field(JsonMember<Self, Member> /*member*/, const char* name, Options... options) {
  using Value = typename JsonMember<Self, Member>::Value;
  JsonField field;
  field.read = &read_json_member<Self, Member>;
  field.write = &write_json_member<Self, Member>;
  field.structured = &is_structured<Value>;
  if constexpr (kIsOptional<Value>) {
    field.required = false;
    field.optional = true;
    field.absent = &json_member_absent<Self, Member>;
  }
  set_name(field, name);
  (apply_option(field, options), ...);
  return field;
}
template <class... Options>
consteval JsonField json_field(NoJsonMember /*member*/, const char* name, Options... /*options*/) {
  JsonField field;
  field.structured = &is_structured<NoJsonMember>;
  set_name(field, name);
  return field;
}

template <class Self, class Value, std::size_t I>
consteval JsonField found_field(std::string_view name) {
  JsonField field;
  field.read = &read_found_field<Self, Value, I>;
  field.write = &write_found_field<Self, Value, I>;
  field.structured = &is_structured<Value>;
  if constexpr (kIsOptional<Value>) {
    field.required = false;
    field.optional = true;
    field.absent = &found_field_absent<Self, Value, I>;
  }
  set_name(field, name);
  return field;
}

/// The fields of Self that were found: the same table as MILLRACE_JSON gives if it names them all, without options.
template <class Self, class... M, std::size_t... I>
consteval auto found_table(TypeList<M...> /*types*/, std::index_sequence<I...> /*indexes*/) {
  constexpr auto kNames = FieldsOf<sizeof...(M)>::template names<Self>();
  return json_table(found_field<Self, M, I>(kNames[I])...);
}

/// The table of a struct that is declared or whose fields were found.
template <class T>
consteval auto table_of() {
  if constexpr (JsonDeclared<T>) {
    return millrace_json_table(JsonTag<T>());
  } else {
    constexpr std::size_t kCount = count_fields<T>();
    return found_table<T>(FieldTypes<T, kCount>(), std::make_index_sequence<kCount>());
  }
}
template <class T>
inline constexpr auto kTableOf = table_of<T>();

// The functions of a field that Self has from Base, where it is number I.
template <class Self, class Base, std::size_t I>
void read_inherited_field(JsonReader& in, void* object) {
  kTableOf<Base>.fields[I].read(in, static_cast<Base*>(static_cast<Self*>(object)));
}
template <class Self, class Base, std::size_t I>
void write_inherited_field(JsonWriter& out, const void* object) {
  kTableOf<Base>.fields[I].write(out, static_cast<const Base*>(static_cast<const Self*>(object)));
}
template <class Self, class Base, std::size_t I>
bool inherited_field_absent(const void* object) {
  return kTableOf<Base>.fields[I].absent(static_cast<const Base*>(static_cast<const Self*>(object)));
}

/// The table of a base class as a part of the table of Self.
template <class Self, class Base>
consteval auto inherited_table(JsonTag<Self> /*self*/, JsonTag<Base> /*base*/) {
  if constexpr (!std::is_base_of_v<Base, Self> || std::is_same_v<Base, Self>) {
    static_assert(sizeof(Self) == 0, "MILLRACE_JSON(Type, inherits(Base), ...): Base is not a base class of Type");
    return JsonTable<0>{};
  } else if constexpr (!(JsonDeclared<Base> || JsonFound<Base>)) {
    static_assert(sizeof(Self) == 0,
                  "MILLRACE_JSON(Type, inherits(Base), ...): the fields of Base are not known: declare Base with "
                  "MILLRACE_JSON, before Type");
    return JsonTable<0>{};
  } else {
    return []<std::size_t... I>(std::index_sequence<I...> /*indexes*/) {
      auto table = kTableOf<Base>;
      ((table.fields[I].read = &read_inherited_field<Self, Base, I>), ...);
      ((table.fields[I].write = &write_inherited_field<Self, Base, I>), ...);
      // Not a comparison of `absent` with null, which GCC's sanitizers take for no constant expression.
      ((table.fields[I].absent =
            table.fields[I].optional && !table.write_nulls ? &inherited_field_absent<Self, Base, I> : nullptr),
       ...);
      return table;
    }
    (std::make_index_sequence<kTableOf<Base>.fields.size()>());
  }
}

/// The name of a found struct for error texts: without its namespaces, as MILLRACE_JSON would name it.
template <class T>
consteval std::string_view found_name() {
  const std::string_view name = type_name<T>();
  const std::size_t scope = name.substr(0, name.find('<')).rfind("::");
  return scope == name.npos ? name : name.substr(scope + 2);
}

template <class T>
inline constexpr JsonType kFoundType = json_type(found_name<T>(), kTableOf<T>.fields, kTableOf<T>.lenient);

template <class T>
[[nodiscard]] const JsonType& json_type_of() {
  if constexpr (JsonDeclared<T>) {
    return millrace_json_type(JsonTag<T>());
  } else {
    return kFoundType<T>;
  }
}

/// Whether T and all that a T contains have a JSON form. Outer: the types in which T was found, because a struct may
/// contain a vector of its own type.
template <class T, class... Outer>
consteval bool json_known() {
  if constexpr (JsonDeclared<T> || (std::is_same_v<T, Outer> || ...)) {
    return true;
  } else if constexpr (requires { typename JsonCodec<T>::Element; }) {
    return json_known<typename JsonCodec<T>::Element, T, Outer...>();
  } else if constexpr (requires { typename JsonCodec<T>::Found; }) {
    return []<class... M>(TypeList<M...> /*types*/) {
      return (json_known<M, T, Outer...>() && ...);
    }(FieldTypes<T, count_fields<T>()>());
  } else {
    return !requires { typename JsonCodec<T>::Unknown; };
  }
}

/// A struct that is read and written by its table of fields: any but a plain one with a JsonCodec of its own.
template <class T>
concept JsonTabled = JsonDeclared<T> || requires {
  typename JsonCodec<T>::Found;
};

/// A struct that has a JSON form and is an object there.
template <class T>
concept JsonStruct = JsonDeclared<T> ||(JsonPlain<T>&& json_known<T>());

}  // namespace millrace::detail
