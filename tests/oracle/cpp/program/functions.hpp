// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "millrace/processor/record.hpp"
#include "oracle/cpp/program/value.hpp"

// The functions of a program by name: `name` or `name:argument`. The counterpart of Functions.java;
// tests/oracle/README.md describes each function. Each is a class with a templated call operator for the few static
// types that streams have. The operator calls one function without templates.

namespace oracle::program {

/// `name:argument`.
struct Function {
  explicit Function(const std::string& text);

  std::string name;
  std::string argument;

  [[nodiscard]] std::int64_t number() const { return std::stoll(argument); }
  /// Throws std::invalid_argument: the program is wrong, not Millrace.
  [[noreturn]] void unknown(const std::string& kind) const;
};

/// Java's String.contains.
[[nodiscard]] inline bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

/// Java's String.length: in UTF-16 units.
[[nodiscard]] std::int64_t length(const std::string& text);
/// Java's substring(0, count) for a text in which each character is one UTF-16 unit. The result is not longer than the
/// text.
[[nodiscard]] std::string first_characters(const std::string& text, std::int64_t count);

[[nodiscard]] bool test(const Function& function, const Dynamic& key, const Dynamic& value);
[[nodiscard]] Dynamic map_value(const Function& function, const Dynamic& key, const Dynamic& value);
[[nodiscard]] Dynamic select_key(const Function& function, const Dynamic& key, const Dynamic& value);
[[nodiscard]] millrace::KeyValue<Dynamic, Dynamic> map(const Function& function, const Dynamic& key,
                                                       const Dynamic& value);
[[nodiscard]] std::vector<Dynamic> flat_map_values(const Function& function, const Dynamic& value);
[[nodiscard]] std::vector<millrace::KeyValue<Dynamic, Dynamic>> flat_map(const Function& function, const Dynamic& key,
                                                                         const Dynamic& value);
[[nodiscard]] Dynamic join(const Function& function, const Dynamic& left, const Dynamic& right);
[[nodiscard]] Dynamic reduce(const Function& function, const Dynamic& aggregate, const Dynamic& value);
[[nodiscard]] Dynamic initial(const Function& function);
[[nodiscard]] Dynamic merge_sessions(const Function& aggregation, const Dynamic& one, const Dynamic& other);
[[nodiscard]] Dynamic aggregate(const Function& function, const Dynamic& value, const Dynamic& aggregate);

// --- conversions between the types of a stream and Dynamic

[[nodiscard]] Type mapped_value_type(const Function& function, Type value);
[[nodiscard]] Type selected_key_type(const Function& function, Type key, Type value);
struct Types {
  Type key;
  Type value;
};
[[nodiscard]] Types mapped_types(const Function& function, Type key, Type value);
[[nodiscard]] Types flat_mapped_types(const Function& function, Type key, Type value);
[[nodiscard]] Type joined_type(const Function& function, Type left, Type right);
[[nodiscard]] Type reduced_type(const Function& function, Type value);
[[nodiscard]] Type aggregated_type(const Function& function);

// --- the functions in the form in which Millrace's operators call them

struct Predicate : Function {
  using Function::Function;
  template <class K, class V>
  bool operator()(const K& key, const V& value) const {
    return test(*this, dynamic(key), dynamic(value));
  }
};

struct ValueMapper : Function {
  using Function::Function;
  template <class K, class V>
  Value operator()(const K& key, const V& value) const {
    return nullable(map_value(*this, dynamic(key), dynamic(value)));
  }
};

struct KeySelector : Function {
  using Function::Function;
  template <class K, class V>
  Key operator()(const K& key, const V& value) const {
    return select_key(*this, dynamic(key), dynamic(value));
  }
};

struct Mapper : Function {
  using Function::Function;
  template <class K, class V>
  millrace::KeyValue<Key, Value> operator()(const K& key, const V& value) const {
    auto pair = map(*this, dynamic(key), dynamic(value));
    return {std::move(pair.key), nullable(pair.value)};
  }
};

struct FlatValueMapper : Function {
  using Function::Function;
  template <class K, class V>
  std::vector<Value> operator()(const K& /*key*/, const V& value) const {
    std::vector<Value> values;
    for (const auto& one : flat_map_values(*this, dynamic(value))) values.push_back(nullable(one));
    return values;
  }
};

struct FlatMapper : Function {
  using Function::Function;
  template <class K, class V>
  std::vector<millrace::KeyValue<Key, Value>> operator()(const K& key, const V& value) const {
    std::vector<millrace::KeyValue<Key, Value>> pairs;
    for (auto& pair : flat_map(*this, dynamic(key), dynamic(value))) {
      pairs.push_back({std::move(pair.key), nullable(pair.value)});
    }
    return pairs;
  }
};

struct Joiner : Function {
  using Function::Function;
  template <class L, class R>
  Value operator()(const L& left, const R& right) const {
    return nullable(join(*this, side(left), side(right)));
  }

 private:
  template <class T>
  static Dynamic side(const T& value) {
    return dynamic(value);
  }
  template <class T>
  static Dynamic side(const T* value) {
    return value == nullptr ? Dynamic() : dynamic(*value);
  }
};

/// A joiner of a stream with a global table that takes both keys.
struct JoinerWithKeys {
  template <class K, class MK, class L, class R>
  Value operator()(const K& key, const MK& mapped_key, const L& left, const R& right) const {
    const auto keys = text(dynamic(key)) + ">" + text(dynamic(mapped_key));
    return Dynamic(keys + ":" + text(dynamic(Joiner("plus")(left, right))));
  }
};

struct Reducer : Function {
  using Function::Function;
  template <class V>
  Value operator()(const Dynamic& aggregate, const V& value) const {
    return nullable(reduce(*this, aggregate, dynamic(value)));
  }
};

struct Initializer : Function {
  using Function::Function;
  Dynamic operator()() const { return initial(*this); }
};

struct Aggregator : Function {
  using Function::Function;
  template <class K, class V>
  Value operator()(const K& /*key*/, const V& value, const Dynamic& so_far) const {
    return nullable(program::aggregate(*this, dynamic(value), so_far));
  }
};

/// Merges two sessions of the aggregation that the function names. `how` chooses the left side, the right side or null;
/// empty: the aggregation's own merge.
struct Merger : Function {
  Merger(const std::string& aggregation, std::string how) : Function(aggregation), how_(std::move(how)) {}
  template <class K>
  Value operator()(const K& /*key*/, const Dynamic& one, const Dynamic& other) const {
    if (how_ == "left") return nullable(one);
    if (how_ == "right") return nullable(other);
    if (how_ == "null") return std::nullopt;
    return nullable(merge_sessions(*this, one, other));
  }

 private:
  std::string how_;
};

}  // namespace oracle::program
