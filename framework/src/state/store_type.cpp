// SPDX-License-Identifier: Apache-2.0
#include "store_type.hpp"

#include <array>

namespace millrace::detail {
namespace {

/// The parts of a text of write_store_type(): kind, encoding and type of keys, encoding and type of values.
using Parts = std::array<std::string_view, 5>;
std::optional<Parts> read(std::string_view text) {
  Parts parts;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const std::size_t end = text.find('\n');
    if ((end == std::string_view::npos) != (i + 1 == parts.size())) return std::nullopt;
    parts[i] = text.substr(0, end);
    text.remove_prefix(i + 1 == parts.size() ? text.size() : end + 1);
  }
  return parts;
}

/// The changelog format of a kind of store. Key-value and versioned stores have changelogs of the same format.
[[nodiscard]] std::string_view changelog_of(std::string_view kind) {
  return kind == "versioned" ? std::string_view("key-value") : kind;
}

[[nodiscard]] std::string quoted(std::string_view what, std::string_view value) {
  return std::string(what) + " \"" + std::string(value) + "\"";
}

}  // namespace

std::string_view name_of(StoreKind kind) {
  switch (kind) {
    case StoreKind::key_value: return "key-value";
    case StoreKind::window: return "window";
    case StoreKind::session: return "session";
    case StoreKind::versioned: return "versioned";
    case StoreKind::custom: return "custom";
  }
  return "?";
}

std::string write_store_type(const StoreSpec& spec) {
  std::string text(name_of(spec.kind));
  for (const StoredType& type : {spec.key_type, spec.value_type}) {
    text.append("\n").append(type.encoding).append("\n").append(type.name);
  }
  return text;
}

std::optional<StoreTypeChange> compare_store_types(std::string_view before, std::string_view now) {
  const auto old_parts = read(before);
  const auto new_parts = read(now);
  if (!old_parts || !new_parts) return std::nullopt;
  const Parts& a = *old_parts;
  const Parts& b = *new_parts;
  if (changelog_of(a[0]) != changelog_of(b[0]))
    return StoreTypeChange{true, quoted("kind", a[0]), quoted("kind", b[0])};
  const auto differ = [](std::string_view one, std::string_view other) {
    return !one.empty() && !other.empty() && one != other;
  };
  // Encodings first: a difference between encodings is worse than one between type names.
  for (const bool encodings : {true, false}) {
    for (const std::size_t i : {1u, 3u}) {
      const std::size_t compared = encodings ? i : i + 1;
      if (!differ(a[compared], b[compared])) continue;
      const std::string_view what = i == 1 ? "keys" : "values";
      return StoreTypeChange{encodings, quoted(what, a[i + 1]), quoted(what, b[i + 1])};
    }
  }
  return std::nullopt;
}

}  // namespace millrace::detail
