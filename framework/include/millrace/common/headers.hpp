#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace millrace {

/// One record header. The value may be null, as in Kafka.
struct Header {
  std::string key;
  std::optional<std::string> value;

  bool operator==(const Header&) const = default;
};

/// The headers of a record, in the order in which they were added; a key may occur several times.
/// An empty one costs no allocation.
class Headers {
 public:
  Headers() = default;
  Headers(std::initializer_list<Header> headers) : headers_(headers) {}

  void add(std::string key, std::optional<std::string> value) {
    headers_.push_back({std::move(key), std::move(value)});
  }

  /// Removes every header with this key.
  void remove(std::string_view key) {
    std::erase_if(headers_, [key](const Header& header) { return header.key == key; });
  }

  /// The last header with this key, or nullptr (Java: `lastHeader`).
  [[nodiscard]] const Header* last(std::string_view key) const {
    auto found =
        std::find_if(headers_.rbegin(), headers_.rend(), [key](const Header& header) { return header.key == key; });
    return found == headers_.rend() ? nullptr : &*found;
  }

  [[nodiscard]] bool empty() const { return headers_.empty(); }
  [[nodiscard]] std::size_t size() const { return headers_.size(); }
  [[nodiscard]] auto begin() const { return headers_.begin(); }
  [[nodiscard]] auto end() const { return headers_.end(); }

  bool operator==(const Headers&) const = default;

 private:
  std::vector<Header> headers_;
};

}  // namespace millrace
