// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "millrace/common/bytes.hpp"
#include "millrace/common/errors.hpp"
#include "millrace/common/headers.hpp"
#include "millrace/serde/serde.hpp"

namespace millrace::runtime_test {

/// A schema registry that lives in the test process. The test can switch it off. Thread-safe.
class Registry {
 public:
  /// From now on, requests for topics whose names contain `part` fail. Empty: all requests.
  void go_away(const std::string& part = "");
  void come_back();
  /// The number of requests that have failed so far.
  [[nodiscard]] int refused() const { return refused_; }

  /// The number of the subject's schema. The first call for a subject adds it. Throws RetriableException while the
  /// registry is away.
  [[nodiscard]] std::uint32_t id_of(std::string_view topic, const std::string& subject);
  /// The number of a schema for records that the test writes. Never fails.
  [[nodiscard]] static std::uint32_t id_of_test() { return 0; }
  /// The subject with this number. Throws SerializationException if there is none. Throws RetriableException as
  /// id_of().
  [[nodiscard]] std::string subject_of(std::string_view topic, std::uint32_t id);

  // Counted by RegistryText.
  std::atomic<int> key_serdes{0};
  std::atomic<int> value_serdes{0};
  std::atomic<int> closed_serdes{0};

 private:
  /// REQUIRES: mutex_ is held.
  void answer(std::string_view topic);

  std::mutex mutex_;
  bool away_ = false;
  std::string part_;
  std::vector<std::string> subjects_{"written by the test"};
  std::atomic<int> refused_{0};
};

/// A serde for text: `number of the schema (4 bytes, big-endian) | text`. Asks the registry at each call. The text
/// "bad" cannot be read. Each copy must be configured before its first use; otherwise it throws std::logic_error.
class RegistryText {
 public:
  explicit RegistryText(std::shared_ptr<Registry> registry) : registry_(std::move(registry)) {}

  void configure(const SerdeConfigs& configs, bool is_key);
  void close();

  void serialize(std::string_view topic, Headers* headers, const std::string& text, std::string& out) const;
  [[nodiscard]] std::string deserialize(std::string_view topic, const Headers* headers, std::string_view bytes) const;

 private:
  void check_configured() const;

  std::shared_ptr<Registry> registry_;
  bool configured_ = false;
  std::string kind_;  ///< "-key" or "-value"
};

/// The bytes of a text as RegistryText writes them.
[[nodiscard]] std::string registered(Registry& registry, const std::string& text);

}  // namespace millrace::runtime_test
