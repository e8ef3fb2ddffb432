// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace millrace {

/// Raw bytes as the key or value type of a stream (Kafka: `Bytes` and `byte[]`). A separate type, so that raw bytes and
/// text (`std::string`) cannot be confused. Compares as unsigned bytes, like Kafka's stores.
class Bytes {
 public:
  Bytes() = default;
  explicit Bytes(std::string data) : data_(std::move(data)) {}
  explicit Bytes(std::string_view data) : data_(data) {}

  [[nodiscard]] const std::string& str() const& { return data_; }
  [[nodiscard]] std::string&& str() && { return std::move(data_); }
  [[nodiscard]] std::string_view view() const { return data_; }
  [[nodiscard]] std::size_t size() const { return data_.size(); }
  [[nodiscard]] bool empty() const { return data_.empty(); }

  auto operator<=>(const Bytes&) const = default;

 private:
  std::string data_;
};

/// A view of bytes, or Kafka's null (nullopt). Null and empty bytes are different.
using BytesView = std::optional<std::string_view>;

/// Copies the bytes, so that they outlive the view.
[[nodiscard]] inline std::optional<std::string> owned(BytesView bytes) {
  return bytes ? std::optional<std::string>(*bytes) : std::nullopt;
}

}  // namespace millrace
