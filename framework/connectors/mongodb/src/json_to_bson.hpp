// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bson/bson.h>
#include <simdjson.h>

#include <string>
#include <string_view>
#include <vector>

namespace millrace::connect::detail {

/// Turns JSON objects into BSON documents. Keeps its buffers from one document to the next. Used by one thread.
class JsonToBson {
 public:
  /// `dates`: fields at the top that become dates.
  explicit JsonToBson(std::vector<std::string> dates) : dates_(std::move(dates)) {}

  /// Appends the members of the JSON object `text` to `document`. Returns what is wrong with the text, or an empty
  /// string. `reserved`: a name that the object must not have at its top; `_id` is always reserved.
  [[nodiscard]] std::string append(bson_t& document, std::string_view text, std::string_view reserved);

 private:
  using Object = simdjson::ondemand::object;
  using Value = simdjson::ondemand::value;

  void object(bson_t& out, Object in, int depth, std::string_view reserved);
  void array(bson_t& out, simdjson::ondemand::array in, int depth);
  void value(bson_t& out, std::string_view name, Value in, int depth);
  static void number(bson_t& out, std::string_view name, Value in);
  void date(bson_t& out, std::string_view name, Value in);

  std::vector<std::string> dates_;
  simdjson::ondemand::parser parser_;
  std::string buffer_;
  /// The names of the objects that are open, to find repeated ones.
  std::vector<std::string_view> names_;
};

}  // namespace millrace::connect::detail
