// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "millrace/app/shown_record.hpp"

namespace topics {

/// JSON whose members keep their order.
using Json = nlohmann::ordered_json;

/// The part of a JSON value that a path names, or null if there is none. The parts of a path are separated by dots:
/// names of members, and indexes of arrays from 0. A member whose name contains dots is found too. The empty path names
/// the value itself.
[[nodiscard]] const Json* find_field(const Json& value, std::string_view path);

/// The argument of `topics cat --where`: FIELD=VALUE. FIELD is a path in the value, which must be JSON. `key` and paths
/// that begin with `key.` mean the record's key. `value` and paths that begin with `value.` mean the whole value.
class Condition {
 public:
  /// Throws std::invalid_argument if the text is not FIELD=VALUE.
  [[nodiscard]] static Condition parse(const std::string& text);

  /// Whether the record has this field with this value. Strings are compared as text. Numbers are compared as numbers,
  /// so 5 equals 5.0. Other values are compared as JSON. A value that is not JSON has no fields.
  [[nodiscard]] bool matches(const millrace::ShownRecord& record) const;

 private:
  Condition(bool of_key, std::string path, std::string wanted)
      : of_key_(of_key),
        path_(std::move(path)),
        wanted_(std::move(wanted)),
        wanted_json_(Json::parse(wanted_, nullptr, /*allow_exceptions=*/false)) {}

  bool of_key_;
  std::string path_;
  std::string wanted_;
  Json wanted_json_;  ///< `wanted_` as JSON; discarded if it is not JSON
};

}  // namespace topics
