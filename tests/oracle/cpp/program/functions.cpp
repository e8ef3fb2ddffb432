// SPDX-License-Identifier: Apache-2.0
#include "oracle/cpp/program/functions.hpp"

#include <algorithm>
#include <stdexcept>

namespace oracle::program {
namespace {

/// The result is not longer than the text.
Dynamic first(const Dynamic& value, std::int64_t length) {
  if (value.is_null()) return {};
  return first_characters(text(value), length);
}

Dynamic upper(const Dynamic& value) {
  if (value.is_null()) return {};
  auto result = text(value);
  std::ranges::transform(result, result.begin(), [](char c) { return c >= 'a' && c <= 'z' ? char(c - 'a' + 'A') : c; });
  return result;
}

/// Null where the value is null or contains the argument.
Dynamic first_unless_contains(const Function& f, const Dynamic& value) {
  return contains(text(value), f.argument) ? Dynamic() : first(value, 1);
}

/// Java's split(" "), which drops empty words at the end, except for an empty text.
std::vector<std::string> words(const Dynamic& value) {
  if (value.is_null()) return {};
  const auto whole = text(value);
  if (whole.empty()) return {""};
  std::vector<std::string> result;
  std::size_t start = 0;
  for (auto blank = whole.find(' '); blank != std::string::npos; blank = whole.find(' ', start)) {
    result.push_back(whole.substr(start, blank - start));
    start = blank + 1;
  }
  result.push_back(whole.substr(start));
  while (!result.empty() && result.back().empty()) result.pop_back();
  return result;
}

std::int64_t length(const Dynamic& value) { return program::length(text(value)); }

std::int64_t number(const Dynamic& value) {
  if (value.number() == nullptr) throw std::invalid_argument("'" + text(value) + "' is not a long");
  return *value.number();
}

}  // namespace

Function::Function(const std::string& text) {
  const auto colon = text.find(':');
  name = text.substr(0, colon);
  if (colon != std::string::npos) argument = text.substr(colon + 1);
}

void Function::unknown(const std::string& kind) const {
  throw std::invalid_argument("unknown " + kind + " '" + name + "'");
}

std::int64_t length(const std::string& text) {
  return std::ranges::count_if(text, [](char c) { return (c & 0xc0) != 0x80; }) +
         std::ranges::count_if(text, [](char c) { return (c & 0xf8) == 0xf0; });
}

std::string first_characters(const std::string& text, std::int64_t count) {
  std::size_t end = 0;
  while (end < text.size() && ((text[end] & 0xc0) == 0x80 || count-- > 0)) ++end;
  return text.substr(0, end);
}

bool test(const Function& f, const Dynamic& key, const Dynamic& value) {
  if (f.name == "true") return true;
  if (f.name == "false") return false;
  if (f.name == "value_contains") return contains(text(value), f.argument);
  if (f.name == "key_contains") return contains(text(key), f.argument);
  if (f.name == "value_is_null") return value.is_null();
  if (f.name == "key_is_null") return key.is_null();
  if (f.name == "value_longer_than") return length(value) > f.number();
  f.unknown("predicate");
}

Dynamic map_value(const Function& f, const Dynamic& key, const Dynamic& value) {
  if (f.name == "same") return value;
  if (f.name == "null") return {};
  if (f.name == "text") return text(value);
  if (f.name == "upper") return upper(value);
  if (f.name == "append") return text(value) + f.argument;
  if (f.name == "first") return first(value, f.number());
  if (f.name == "null_if_contains") return contains(text(value), f.argument) ? Dynamic() : value;
  if (f.name == "throw_if_contains") {
    if (contains(text(value), f.argument)) throw std::runtime_error("a value that is not wanted: " + text(value));
    return value;
  }
  if (f.name == "key_and_value") return text(key) + ":" + text(value);
  f.unknown("value mapper");
}

Type mapped_value_type(const Function& f, Type value) {
  if (f.name == "same" || f.name == "null" || f.name == "null_if_contains" || f.name == "throw_if_contains") {
    return value;
  }
  return Type::string;
}

Dynamic select_key(const Function& f, const Dynamic& key, const Dynamic& value) {
  if (f.name == "same") return key;
  if (f.name == "null") return {};
  if (f.name == "text") return text(key);
  if (f.name == "value") return value;
  if (f.name == "first_of_value") return first(value, f.number());
  if (f.name == "first_unless_contains") return first_unless_contains(f, value);
  if (f.name == "constant") return f.argument;
  f.unknown("key selector");
}

Type selected_key_type(const Function& f, Type key, Type value) {
  if (f.name == "same") return key;
  return f.name == "value" ? value : Type::string;
}

millrace::KeyValue<Dynamic, Dynamic> map(const Function& f, const Dynamic& key, const Dynamic& value) {
  if (f.name == "same") return {key, value};
  if (f.name == "swap") return {value, key};
  if (f.name == "null_key") return {{}, value};
  if (f.name == "first_unless_contains") return {first_unless_contains(f, value), value};
  if (f.name == "first_of_value") return {first(value, f.number()), value};
  if (f.name == "constant") return {f.argument, value};
  f.unknown("mapper");
}

Types mapped_types(const Function& f, Type key, Type value) {
  if (f.name == "same") return {key, value};
  return f.name == "swap" ? Types{value, key} : Types{Type::string, value};
}

std::vector<Dynamic> flat_map_values(const Function& f, const Dynamic& value) {
  std::vector<Dynamic> values;
  if (f.name == "words") {
    for (auto& word : words(value)) values.emplace_back(std::move(word));
  } else if (f.name == "times") {
    for (std::int64_t i = 0; i < f.number(); ++i) {
      values.push_back(value.is_null() ? Dynamic() : Dynamic(text(value) + std::to_string(i)));
    }
  } else {
    f.unknown("flat value mapper");
  }
  return values;
}

std::vector<millrace::KeyValue<Dynamic, Dynamic>> flat_map(const Function& f, const Dynamic& key,
                                                           const Dynamic& value) {
  std::vector<millrace::KeyValue<Dynamic, Dynamic>> pairs;
  if (f.name == "words_as_keys") {
    for (auto& word : words(value)) pairs.push_back({std::move(word), key});
  } else if (f.name == "times") {
    for (std::int64_t i = 0; i < f.number(); ++i) pairs.push_back({key, value});
  } else {
    f.unknown("flat mapper");
  }
  return pairs;
}

Types flat_mapped_types(const Function& f, Type key, Type value) {
  return f.name == "words_as_keys" ? Types{Type::string, key} : Types{key, value};
}

Dynamic join(const Function& f, const Dynamic& left, const Dynamic& right) {
  if (f.name == "plus") return text(left) + "+" + text(right);
  if (f.name == "left") return left;
  if (f.name == "right") return right;
  f.unknown("joiner");
}

Type joined_type(const Function& f, Type left, Type right) {
  if (f.name == "left") return left;
  return f.name == "right" ? right : Type::string;
}

Dynamic reduce(const Function& f, const Dynamic& aggregate, const Dynamic& value) {
  if (f.name == "concat") return text(aggregate) + text(value);
  if (f.name == "last") return value;
  if (f.name == "longer") return length(value) > length(aggregate) ? value : aggregate;
  if (f.name == "null_if_contains") {
    return contains(text(value), f.argument) ? Dynamic() : Dynamic(text(aggregate) + text(value));
  }
  if (f.name == "sum") return number(aggregate) + number(value);
  if (f.name == "concat_minus") return text(aggregate) + "-" + text(value);
  if (f.name == "sum_minus") return number(aggregate) - number(value);
  f.unknown("reducer");
}

Type reduced_type(const Function& f, Type value) {
  return f.name == "last" || f.name == "longer" || f.name.starts_with("sum") ? value : Type::string;
}

Dynamic initial(const Function& f) {
  return f.name.starts_with("sum_of_lengths") ? Dynamic(std::int64_t(0)) : Dynamic(std::string());
}

Dynamic aggregate(const Function& f, const Dynamic& value, const Dynamic& aggregate) {
  if (f.name == "list") return text(aggregate) + "," + text(value);
  if (f.name == "null_if_contains") {
    return contains(text(value), f.argument) ? Dynamic() : Dynamic(text(aggregate) + text(value));
  }
  if (f.name == "sum_of_lengths") return number(aggregate) + length(value);
  if (f.name == "list_minus") return text(aggregate) + "-" + text(value);
  if (f.name == "sum_of_lengths_minus") return number(aggregate) - length(value);
  f.unknown("aggregator");
}

Dynamic merge_sessions(const Function& f, const Dynamic& one, const Dynamic& other) {
  if (aggregated_type(f).is_number) return number(one) + number(other);
  return text(one) + "|" + text(other);
}

Type aggregated_type(const Function& f) { return f.name.starts_with("sum_of_lengths") ? Type::number : Type::string; }

}  // namespace oracle::program
