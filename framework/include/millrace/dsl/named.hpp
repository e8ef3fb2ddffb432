// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "millrace/dsl/detail/misuse.hpp"

namespace millrace {

namespace detail {

/// Throws TopologyException unless the name can be part of a topic name: 1 to 249 ASCII letters, digits, '.', '_' and
/// '-', but not "." or "..". `what`: how the message refers to the name.
void require_legal_name(const std::string& name, std::string_view what = "the name");

}  // namespace detail

/// The name of a node of the topology, in place of a generated one. (Kafka Streams: `Named`.)
class Named {
 public:
  Named() = default;
  /// Never usable: a plain text here makes the compiler print how to give a name.
  template <detail::Text T>
  Named(const T& /*name*/) {  // NOLINT(google-explicit-constructor): it stands where a Named was forgotten
    static_assert(detail::kNever<T>,
                  "a name is given as Named::as(\"name\") for a node, as Materialized::as(\"name\") for a store");
  }
  /// Throws TopologyException if the name cannot be part of a topic name.
  [[nodiscard]] static Named as(std::string name) {
    detail::require_legal_name(name);
    Named named;
    named.name_ = std::move(name);
    return named;
  }
  [[nodiscard]] const std::string& name() const { return name_; }

 private:
  std::string name_;
};

}  // namespace millrace
