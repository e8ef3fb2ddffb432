// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bson/bson.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::connect::detail {

/// Turns JSON objects into BSON documents. Keeps its buffers from one document to the next. Used by one thread.
class JsonToBson {
 public:
  /// `dates`: fields at the top that become dates.
  explicit JsonToBson(std::vector<std::string> dates);
  ~JsonToBson();
  JsonToBson(const JsonToBson&) = delete;
  JsonToBson& operator=(const JsonToBson&) = delete;

  /// Appends the members of the JSON object `text` to `document`. Returns what is wrong with the text, or an empty
  /// string. `reserved`: a name that the object must not have at its top; `_id` is always reserved.
  [[nodiscard]] std::string append(bson_t& document, std::string_view text, std::string_view reserved);

 private:
  class Impl;
  // Hides simdjson, whose classes differ between optimised and other code.
  std::unique_ptr<Impl> impl_;
};

}  // namespace millrace::connect::detail
