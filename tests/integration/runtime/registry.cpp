// SPDX-License-Identifier: Apache-2.0
#include "integration/runtime/registry.hpp"

#include <algorithm>
#include <stdexcept>

namespace millrace::runtime_test {

void Registry::go_away(const std::string& part) {
  const std::lock_guard lock(mutex_);
  away_ = true;
  part_ = part;
}

void Registry::come_back() {
  const std::lock_guard lock(mutex_);
  away_ = false;
}

void Registry::answer(std::string_view topic) {
  if (!away_ || topic.find(part_) == topic.npos) return;
  ++refused_;
  throw RetriableException("the schema registry does not answer");
}

std::uint32_t Registry::id_of(std::string_view topic, const std::string& subject) {
  const std::lock_guard lock(mutex_);
  answer(topic);
  const auto found = std::ranges::find(subjects_, subject);
  const auto id = static_cast<std::uint32_t>(found - subjects_.begin());
  if (found == subjects_.end()) subjects_.push_back(subject);
  return id;
}

std::string Registry::subject_of(std::string_view topic, std::uint32_t id) {
  const std::lock_guard lock(mutex_);
  answer(topic);
  if (id >= subjects_.size()) throw SerializationException("there is no schema " + std::to_string(id));
  return subjects_[id];
}

void RegistryText::configure(const SerdeConfigs& configs, bool is_key) {
  if (configured_) throw std::logic_error("a serde was configured twice");
  if (configs.at("registry.name") != "test") throw std::logic_error("a serde has got no settings");
  configured_ = true;
  kind_ = is_key ? "-key" : "-value";
  ++(is_key ? registry_->key_serdes : registry_->value_serdes);
}

void RegistryText::close() {
  check_configured();
  ++registry_->closed_serdes;
}

void RegistryText::check_configured() const {
  if (!configured_) throw std::logic_error("a serde was used before it was configured");
}

void RegistryText::serialize(std::string_view topic, Headers* headers, const std::string& text,
                             std::string& out) const {
  check_configured();
  const std::string subject = std::string(topic) + kind_;
  const std::uint32_t id = registry_->id_of(topic, subject);
  for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<char>(id >> shift));
  out += text;
  if (headers != nullptr) headers->add("subject", subject);
}

std::string RegistryText::deserialize(std::string_view topic, const Headers* /*headers*/,
                                      std::string_view bytes) const {
  check_configured();
  if (bytes.size() < 4) throw SerializationException("a text has no schema");
  std::uint32_t id = 0;
  for (const char byte : bytes.substr(0, 4)) id = id << 8 | static_cast<unsigned char>(byte);
  (void)registry_->subject_of(topic, id);
  std::string text(bytes.substr(4));
  if (text == "bad") throw SerializationException("the text is bad");
  return text;
}

std::string registered(Registry& /*registry*/, const std::string& text) {
  const std::uint32_t id = Registry::id_of_test();
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) bytes.push_back(static_cast<char>(id >> shift));
  return bytes + text;
}

}  // namespace millrace::runtime_test
