// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <map>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

// One class per aggregate: how it treats the values of a column. T is the type of the column; std::optional<T> has
// nulls. Each rule has:
//     State, Result, kName, kUndo
//     State initial()
//     void add(State&, const T&)
//     void remove(State&, const T&)   if kUndo: takes back an earlier add
//     void merge(State&, State other) adds the state of a later session
//     Result result(const State&)
namespace millrace::detail {

template <class T>
struct ColumnType {
  using Type = T;
  static constexpr bool kNullable = false;
};
template <class T>
struct ColumnType<std::optional<T>> {
  using Type = T;
  static constexpr bool kNullable = true;
};

/// The type of a column's values that are not null.
template <class T>
using ColumnValue = typename ColumnType<T>::Type;

/// Calls `use` with the value, unless it is null.
template <class T, class F>
void if_present(const T& value, F use) {
  if constexpr (ColumnType<T>::kNullable) {
    if (value) use(*value);
  } else {
    use(value);
  }
}

/// Java's order of values: as operator<, but NaN is equal to itself and larger than all numbers, and -0.0 is smaller
/// than 0.0. (Java: `Double.compareTo`.)
template <class T>
[[nodiscard]] bool ordered_before(const T& left, const T& right) {
  if constexpr (std::is_floating_point_v<T>) {
    if (std::isnan(left)) return false;
    if (std::isnan(right)) return true;
    if (left == right) return std::signbit(left) && !std::signbit(right);
  }
  return left < right;
}

/// Equality of values; NaN equals itself, and nulls are equal.
template <class T>
[[nodiscard]] bool same_value(const T& left, const T& right) {
  if constexpr (ColumnType<T>::kNullable) {
    return left.has_value() == right.has_value() && (!left || same_value(*left, *right));
  } else if constexpr (std::is_floating_point_v<T>) {
    return !ordered_before(left, right) && !ordered_before(right, left);
  } else {
    return left == right;
  }
}

template <class T>
concept Ordered = requires(const T& left, const T& right) {
  { left < right } -> std::convertible_to<bool>;
};

template <class T>
concept Number = std::is_arithmetic_v<T> && !std::is_same_v<T, bool>;

[[noreturn]] void throw_overflow(const char* function, const std::string& state, const char* operation,
                                 const std::string& value);

/// Integers are summed in 64 bits, all other numbers as double.
template <class T>
using SumType = std::conditional_t<std::is_integral_v<ColumnValue<T>>, std::int64_t, double>;

template <class T>
void add_to(std::int64_t& sum, const T& value, const char* function) {
  std::int64_t total = 0;
  if (__builtin_add_overflow(sum, value, &total)) {
    throw_overflow(function, std::to_string(sum), "+", std::to_string(value));
  }
  sum = total;
}
template <class T>
void add_to(double& sum, const T& value, const char* /*function*/) {
  sum += static_cast<double>(value);
}
template <class T>
void subtract_from(std::int64_t& sum, const T& value, const char* function) {
  std::int64_t difference = 0;
  if (__builtin_sub_overflow(sum, value, &difference)) {
    throw_overflow(function, std::to_string(sum), "-", std::to_string(value));
  }
  sum = difference;
}
template <class T>
void subtract_from(double& sum, const T& value, const char* /*function*/) {
  sum -= static_cast<double>(value);
}

/// count(): the rows. T is the type of a row.
template <class T>
struct CountRowsRule {
  using State = std::int64_t;
  using Result = std::int64_t;
  static constexpr const char* kName = "count(*)";
  static constexpr bool kUndo = true;

  [[nodiscard]] State initial() const { return 0; }
  void add(State& count, const T& /*row*/) const { ++count; }
  void remove(State& count, const T& /*row*/) const { --count; }
  void merge(State& count, State other) const { count += other; }
  [[nodiscard]] Result result(State count) const { return count; }
};

/// count(column): the values that are not null.
template <class T>
struct CountRule {
  using State = std::int64_t;
  using Result = std::int64_t;
  static constexpr const char* kName = "count";
  static constexpr bool kUndo = true;

  [[nodiscard]] State initial() const { return 0; }
  void add(State& count, const T& value) const {
    if_present(value, [&](const auto&) { ++count; });
  }
  void remove(State& count, const T& value) const {
    if_present(value, [&](const auto&) { --count; });
  }
  void merge(State& count, State other) const { count += other; }
  [[nodiscard]] Result result(State count) const { return count; }
};

template <class T>
struct SumRule {
  static_assert(Number<ColumnValue<T>>, "sum needs numbers: its argument must return a number or an optional of one");
  using State = SumType<T>;
  using Result = State;
  static constexpr const char* kName = "sum";
  static constexpr bool kUndo = true;

  [[nodiscard]] State initial() const { return 0; }
  void add(State& sum, const T& value) const {
    if_present(value, [&](const auto& number) { add_to(sum, number, kName); });
  }
  void remove(State& sum, const T& value) const {
    if_present(value, [&](const auto& number) { subtract_from(sum, number, kName); });
  }
  void merge(State& sum, State other) const { add_to(sum, other, kName); }
  [[nodiscard]] Result result(State sum) const { return sum; }
};

template <class T>
struct AvgRule {
  static_assert(Number<ColumnValue<T>>, "avg needs numbers: its argument must return a number or an optional of one");
  using State = std::pair<SumType<T>, std::int64_t>;  // sum, count
  using Result = double;
  static constexpr const char* kName = "avg";
  static constexpr bool kUndo = true;

  [[nodiscard]] State initial() const { return {}; }
  void add(State& state, const T& value) const {
    if_present(value, [&](const auto& number) {
      add_to(state.first, number, kName);
      ++state.second;
    });
  }
  void remove(State& state, const T& value) const {
    if_present(value, [&](const auto& number) {
      subtract_from(state.first, number, kName);
      --state.second;
    });
  }
  void merge(State& state, State other) const {
    add_to(state.first, other.first, kName);
    state.second += other.second;
  }
  [[nodiscard]] Result result(const State& state) const {
    return state.second == 0 ? 0.0 : static_cast<double>(state.first) / static_cast<double>(state.second);
  }
};

/// min and max.
template <class T, bool kLargest>
struct ExtremeRule {
  static_assert(Ordered<ColumnValue<T>>, "min and max need values that can be compared with <");
  using State = std::optional<ColumnValue<T>>;
  using Result = State;
  static constexpr const char* kName = kLargest ? "max" : "min";
  static constexpr bool kUndo = false;

  [[nodiscard]] State initial() const { return std::nullopt; }
  void add(State& extreme, const T& value) const {
    if_present(value, [&](const auto& candidate) {
      if (!extreme || (kLargest ? ordered_before(*extreme, candidate) : ordered_before(candidate, *extreme))) {
        extreme = candidate;
      }
    });
  }
  void merge(State& extreme, State other) const {
    if (!other) return;
    if (!extreme || (kLargest ? ordered_before(*extreme, *other) : ordered_before(*other, *extreme))) {
      extreme = std::move(other);
    }
  }
  [[nodiscard]] Result result(const State& extreme) const { return extreme; }
};
template <class T>
using MinRule = ExtremeRule<T, false>;
template <class T>
using MaxRule = ExtremeRule<T, true>;

/// latest and earliest. The state is empty until a value counts. If nulls count, the value inside may be null.
template <class T, bool kLatest, bool kNulls>
struct ByOffsetRule {
  using Value = std::conditional_t<kNulls, std::optional<ColumnValue<T>>, ColumnValue<T>>;
  using State = std::optional<Value>;
  using Result = std::optional<ColumnValue<T>>;
  static constexpr const char* kName = kLatest ? "latest" : "earliest";
  static constexpr bool kUndo = false;

  [[nodiscard]] State initial() const { return std::nullopt; }
  void add(State& state, const T& value) const {
    if (!kLatest && state) return;
    if constexpr (kNulls) {
      state.emplace(value);
    } else {
      if_present(value, [&](const auto& present) { state.emplace(present); });
    }
  }
  void merge(State& state, State other) const {
    if (other && (kLatest || !state)) state = std::move(other);
  }
  [[nodiscard]] Result result(const State& state) const {
    if constexpr (std::is_same_v<State, Result>) {
      return state;
    } else {
      if (!state) return std::nullopt;
      return Result(*state);
    }
  }
};
template <class T>
using LatestRule = ByOffsetRule<T, true, false>;
template <class T>
using EarliestRule = ByOffsetRule<T, false, false>;
template <class T>
using LatestWithNullsRule = ByOffsetRule<T, true, true>;
template <class T>
using EarliestWithNullsRule = ByOffsetRule<T, false, true>;

/// collect_list. Nulls are collected, too.
template <class T>
struct CollectListRule {
  static_assert(std::equality_comparable<ColumnValue<T>>, "collect_list needs values that can be compared with ==");
  using State = std::vector<T>;
  using Result = State;
  static constexpr const char* kName = "collect_list";
  static constexpr bool kUndo = true;

  std::size_t limit;

  [[nodiscard]] State initial() const { return {}; }
  void add(State& list, const T& value) const {
    if (list.size() < limit) list.push_back(value);
  }
  void remove(State& list, const T& value) const {
    const auto found =
        std::find_if(list.rbegin(), list.rend(), [&](const T& entry) { return same_value(entry, value); });
    // A value that is not there came when the list was full.
    if (found != list.rend()) list.erase(std::next(found).base());
  }
  void merge(State& list, State other) const {
    for (auto&& value : other) {
      if (list.size() < limit) list.push_back(std::move(value));
    }
  }
  [[nodiscard]] Result result(const State& list) const { return list; }
};

/// collect_set. The values are in the order of their first occurrence. A null counts as a value.
template <class T>
struct CollectSetRule {
  static_assert(std::equality_comparable<ColumnValue<T>>, "collect_set needs values that can be compared with ==");
  using State = std::vector<T>;
  using Result = State;
  static constexpr const char* kName = "collect_set";
  static constexpr bool kUndo = false;

  std::size_t limit;

  [[nodiscard]] State initial() const { return {}; }
  void add(State& set, const T& value) const {
    if (set.size() >= limit) return;
    if (std::none_of(set.begin(), set.end(), [&](const T& entry) { return same_value(entry, value); })) {
      set.push_back(value);
    }
  }
  void merge(State& set, State other) const {
    for (const T& value : other) add(set, value);
  }
  [[nodiscard]] Result result(const State& set) const { return set; }
};

/// top_k and top_k_distinct: the largest values, in descending order.
template <class T, std::size_t kSize, bool kDistinct>
struct TopRule {
  static_assert(Ordered<ColumnValue<T>>, "top_k needs values that can be compared with <");
  using State = std::vector<ColumnValue<T>>;
  using Result = State;
  static constexpr const char* kName = kDistinct ? "top_k_distinct" : "top_k";
  static constexpr bool kUndo = false;

  [[nodiscard]] State initial() const { return {}; }
  void add(State& top, const T& value) const {
    if_present(value, [&](const auto& present) { insert(top, present); });
  }
  void merge(State& top, State other) const {
    for (const ColumnValue<T>& value : other) insert(top, value);
  }
  [[nodiscard]] Result result(const State& top) const { return top; }

 private:
  static void insert(State& top, const ColumnValue<T>& value) {
    // Behind all values that are not smaller.
    const auto place =
        std::find_if(top.begin(), top.end(), [&](const ColumnValue<T>& entry) { return ordered_before(entry, value); });
    if (kDistinct && place != top.begin() && !ordered_before(value, *std::prev(place))) return;
    top.insert(place, value);
    // The state may be longer than kSize: it was written before the topology was changed.
    if (top.size() > kSize) top.erase(top.begin() + kSize, top.end());
  }
};
template <std::size_t kSize, bool kDistinct>
struct TopOf {
  template <class T>
  using Rule = TopRule<T, kSize, kDistinct>;
};

/// histogram: how often each value occurs. Nulls are not counted.
template <class T>
struct HistogramRule {
  static_assert(Ordered<ColumnValue<T>>, "histogram needs values that can be compared with <");
  static_assert(!std::is_floating_point_v<ColumnValue<T>>,
                "histogram counts equal values: round floating-point numbers to integers or texts first");
  using State = std::map<ColumnValue<T>, std::int64_t>;
  using Result = State;
  static constexpr const char* kName = "histogram";
  static constexpr bool kUndo = true;

  std::size_t limit;

  [[nodiscard]] State initial() const { return {}; }
  void add(State& counts, const T& value) const {
    if_present(value, [&](const auto& present) { count(counts, present, 1); });
  }
  void remove(State& counts, const T& value) const {
    if_present(value, [&](const auto& present) {
      const auto found = counts.find(present);
      // A value that is not there came when the histogram was full.
      if (found != counts.end() && --found->second < 1) counts.erase(found);
    });
  }
  void merge(State& counts, State other) const {
    for (const auto& [value, number] : other) count(counts, value, number);
  }
  [[nodiscard]] Result result(const State& counts) const { return counts; }

 private:
  void count(State& counts, const ColumnValue<T>& value, std::int64_t number) const {
    if (const auto found = counts.find(value); found != counts.end()) {
      found->second += number;
    } else if (counts.size() < limit) {
      counts.emplace(value, number);
    }
  }
};

}  // namespace millrace::detail
