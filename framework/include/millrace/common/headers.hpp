// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace millrace {

/// One record header. The value may be null, as in Kafka. Null and empty differ.
struct Header {
  std::string key;
  std::optional<std::string> value;

  bool operator==(const Header&) const = default;
};

/// The headers of a record, in the order in which they were added. A key may occur several times. (Kafka: `Headers`.)
///
/// Most records have no headers, and every operator moves records. So an empty list is a null pointer, and the code for
/// other lists is not inline. Pointers and iterators into the list are valid until the list changes. Not thread-safe.
class Headers {
 public:
  Headers() = default;
  Headers(std::initializer_list<Header> headers);
  Headers(const Headers& other) : list_(other.empty() ? nullptr : copy(*other.list_)) {}
  Headers(Headers&&) noexcept = default;
  Headers& operator=(const Headers& other) {
    // Self-assignment works, because the copy is made before the old list is destroyed.
    list_.reset(other.empty() ? nullptr : copy(*other.list_));
    return *this;
  }
  Headers& operator=(Headers&&) noexcept = default;
  ~Headers() = default;

  /// Appends a header. nullopt is a null value.
  void add(std::string key, std::optional<std::string> value);

  /// Removes all headers with this key.
  void remove(std::string_view key);

  /// The last header with this key, or nullptr. (Kafka: `lastHeader`.)
  [[nodiscard]] const Header* last(std::string_view key) const;

  [[nodiscard]] bool empty() const { return list_ == nullptr; }
  [[nodiscard]] std::size_t size() const { return static_cast<std::size_t>(end() - begin()); }
  [[nodiscard]] const Header* begin() const;
  [[nodiscard]] const Header* end() const;

  /// Compares keys, values and order.
  bool operator==(const Headers& other) const;

 private:
  struct List;
  struct Delete {
    void operator()(List* list) const;
  };
  [[nodiscard]] static List* copy(const List& list);

  std::unique_ptr<List, Delete> list_;  ///< null, or a list with at least one header
};

}  // namespace millrace
