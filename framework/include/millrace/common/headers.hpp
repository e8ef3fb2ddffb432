#pragma once

#include <cstddef>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace millrace {

/// One record header. The value may be null, as in Kafka.
struct Header {
  std::string key;
  std::optional<std::string> value;

  bool operator==(const Header&) const = default;
};

/// The headers of a record, in the order in which they were added; a key may occur several times.
///
/// Most records have none, and every operator moves records: an empty one is a null pointer, and what is done with the
/// others is not inline. Pointers into it are valid until it is changed. (Java: `header.Headers`.)
class Headers {
 public:
  Headers() = default;
  Headers(std::initializer_list<Header> headers);
  Headers(const Headers& other) : list_(other.empty() ? nullptr : copy(*other.list_)) {}
  Headers(Headers&&) noexcept = default;
  Headers& operator=(const Headers& other) {
    // Right for itself, too: the copy is made before the old list goes.
    list_.reset(other.empty() ? nullptr : copy(*other.list_));
    return *this;
  }
  Headers& operator=(Headers&&) noexcept = default;
  ~Headers() = default;

  /// Appends one; nullopt is a null value.
  void add(std::string key, std::optional<std::string> value);

  /// Removes every header with this key.
  void remove(std::string_view key);

  /// The last header with this key, or nullptr (Java: `lastHeader`).
  [[nodiscard]] const Header* last(std::string_view key) const;

  [[nodiscard]] bool empty() const { return list_ == nullptr; }
  [[nodiscard]] std::size_t size() const { return static_cast<std::size_t>(end() - begin()); }
  [[nodiscard]] const Header* begin() const;
  [[nodiscard]] const Header* end() const;

  bool operator==(const Headers& other) const;

 private:
  struct List;
  struct Delete {
    void operator()(List* list) const;
  };
  [[nodiscard]] static List* copy(const List& list);

  std::unique_ptr<List, Delete> list_;  ///< null or with at least one header
};

}  // namespace millrace
