// SPDX-License-Identifier: Apache-2.0
#include "topics/condition.hpp"

#include <fmt/format.h>

#include <charconv>
#include <stdexcept>

namespace topics {

const Json* find_field(const Json& value, std::string_view path) {
  if (path.empty()) return &value;
  if (value.is_array()) {
    const auto head = path.substr(0, path.find('.'));
    std::size_t index = 0;
    const auto [rest, error] = std::from_chars(head.data(), head.data() + head.size(), index);
    if (error != std::errc{} || rest != head.data() + head.size() || index >= value.size()) return nullptr;
    return find_field(value[index], head.size() == path.size() ? std::string_view() : path.substr(head.size() + 1));
  }
  if (!value.is_object()) return nullptr;
  if (const auto member = value.find(std::string(path)); member != value.end()) return &*member;
  for (auto dot = path.find('.'); dot != std::string_view::npos; dot = path.find('.', dot + 1)) {
    const auto member = value.find(std::string(path.substr(0, dot)));
    if (member == value.end() || dot + 1 == path.size()) continue;
    if (const auto* found = find_field(*member, path.substr(dot + 1))) return found;
  }
  return nullptr;
}

Condition Condition::parse(const std::string& text) {
  const auto equals = text.find('=');
  if (equals == std::string::npos || equals == 0) {
    throw std::invalid_argument(fmt::format("'{}' is not FIELD=VALUE", text));
  }
  const auto field = text.substr(0, equals);
  const auto wanted = text.substr(equals + 1);
  for (const bool of_key : {true, false}) {
    const std::string whole = of_key ? "key" : "value";
    if (field == whole) return {of_key, "", wanted};
    if (field.starts_with(whole + ".")) return {of_key, field.substr(whole.size() + 1), wanted};
  }
  return {false, field, wanted};
}

bool Condition::matches(const millrace::ShownRecord& record) const {
  auto document = Json::parse((of_key_ ? record.key : record.value).json);
  // Under the format `auto`, JSON is shown as a string.
  if (!path_.empty() && document.is_string()) {
    document = Json::parse(document.get_ref<const std::string&>(), nullptr, /*allow_exceptions=*/false);
    if (document.is_discarded()) return false;
  }
  const auto* found = find_field(document, path_);
  if (found == nullptr) return false;
  if (found->is_string()) return found->get_ref<const std::string&>() == wanted_;
  return !wanted_json_.is_discarded() && *found == wanted_json_;
}

}  // namespace topics
