// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <typeinfo>

namespace millrace::detail {

/// The name of a type as in source code, for messages. `std::string` and the types of Millrace have their short names.
[[nodiscard]] std::string type_name(const std::type_info& type);

}  // namespace millrace::detail
