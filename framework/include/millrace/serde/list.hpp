// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "millrace/serde/primitives.hpp"
#include "millrace/serde/serde.hpp"
#include "millrace/serde/uuid.hpp"

namespace millrace {
namespace detail {

/// Reads Kafka's list format entry by entry. Does not copy: `bytes` must outlive the reader. Layout (all numbers int32,
/// big-endian):
///     constant size:  00, number of nulls, index of each null, size with nulls, entries without the nulls
///     variable size:  01, size, per entry: length (-1: null), bytes
///
/// All functions throw SerializationException for bytes that do not have this layout.
class ListReader {
 public:
  /// Reads the front of the list. `fixed_size` is the size of every entry in bytes; 0 for entries of variable size.
  ListReader(std::string_view bytes, std::int32_t fixed_size);

  [[nodiscard]] std::size_t size() const { return size_; }
  /// The bytes of the next entry, or null. Call it size() times.
  BytesView next();
  /// Throws if bytes follow the last entry.
  void finish() const;

 private:
  /// Reads an int32. `what` names it for the error text.
  std::int32_t next_int(const char* what);

  std::string_view bytes_;
  std::int32_t fixed_size_;
  std::size_t size_ = 0;
  std::size_t index_ = 0;
  std::vector<std::int32_t> nulls_;  // ascending indexes of the null entries (constant size only)
  std::size_t next_null_ = 0;
};

/// Appends an int32, big-endian.
void append_int(std::size_t value, std::string& out);
/// Overwrites the int32 at byte `at`.
void set_int(std::size_t value, std::size_t at, std::string& out);
[[noreturn]] void throw_not_fixed_size(std::int32_t expected, std::size_t found);

}  // namespace detail

/// A list, with a serde S for the entries. Entries of type std::optional<T> may be null. As in Java, entries of Short,
/// Integer, Long, Float, Double and UUID are stored without lengths. The serde of the entries gets no headers, as in
/// Java. (Kafka: `ListSerde`.)
template <class T, class S = Serde<T>>
class ListSerde {
 public:
  ListSerde() requires std::default_initializable<S>
  = default;
  explicit ListSerde(S serde) : serde_(std::move(serde)) {}

  void serialize(std::string_view topic, const std::vector<T>& values, std::string& out) const {
    out.push_back(kFixedSize > 0 ? '\0' : '\1');
    if constexpr (kFixedSize > 0) append_nulls(values, out);
    detail::append_int(values.size(), out);
    for (const T& value : values) append_entry(topic, value, out);
  }

  std::vector<T> deserialize(std::string_view topic, std::string_view bytes) const {
    detail::ListReader reader(bytes, kFixedSize);
    std::vector<T> values;
    values.reserve(std::min<std::size_t>(reader.size(), 4096));  // a broken size must not ask for gigabytes
    for (std::size_t i = 0; i < reader.size(); ++i)
      values.push_back(detail::read_with<T>(serde_, topic, nullptr, reader.next()));
    reader.finish();
    return values;
  }

  // For the engine.
  [[nodiscard]] bool has_life_cycle() const { return detail::has_life_cycle(serde_); }
  void prepare(detail::ConfiguredSerdes& application, bool is_key) requires detail::MayHaveLifeCycle<S> {
    detail::prepare_serde(serde_, application, is_key);
  }
  void close() requires detail::ClosesItself<S> { detail::close_serde(serde_); }

 private:
  static constexpr std::int32_t kFixedSize = detail::fixed_size_of<S>();

  /// Writes the number and the indexes of the null entries.
  static void append_nulls(const std::vector<T>& values, std::string& out) {
    std::size_t count_at = out.size();
    std::size_t count = 0;
    detail::append_int(0, out);
    if constexpr (detail::IsOptional<T>::value) {
      for (std::size_t i = 0; i < values.size(); ++i) {
        if (values[i].has_value()) continue;
        detail::append_int(i, out);
        ++count;
      }
      detail::set_int(count, count_at, out);
    }
  }

  /// Writes an entry. With variable size, the length is written first as 0 and filled in afterwards.
  void append_entry(std::string_view topic, const T& value, std::string& out) const {
    std::size_t length_at = out.size();
    if constexpr (kFixedSize == 0) detail::append_int(0, out);
    std::size_t entry_at = out.size();
    bool present = detail::write_with<T>(serde_, topic, nullptr, value, out);
    if constexpr (kFixedSize == 0) {
      constexpr auto kNull = static_cast<std::size_t>(-1);
      detail::set_int(present ? out.size() - entry_at : kNull, length_at, out);
    } else if (present && out.size() - entry_at != static_cast<std::size_t>(kFixedSize)) {
      detail::throw_not_fixed_size(kFixedSize, out.size() - entry_at);
    }
  }

  S serde_;
};

template <HasSerde T>
struct Serde<std::vector<T>> : ListSerde<T> {};

}  // namespace millrace
