// SPDX-License-Identifier: Apache-2.0
#include "millrace/state/detail/store_interface.hpp"

#include "millrace/common/detail/type_name.hpp"
#include "millrace/state/state_store.hpp"

namespace millrace {

std::string StateStore::interface() const { return detail::type_name(typeid(*this)); }

namespace detail {

std::string interface_text(std::string name, const std::type_info& key, const std::type_info& value) {
  return std::move(name) + "<" + type_name(key) + ", " + type_name(value) + ">";
}

}  // namespace detail
}  // namespace millrace
