// SPDX-License-Identifier: Apache-2.0
#include "millrace/common/detail/type_name.hpp"

#include <boost/algorithm/string/replace.hpp>
#include <boost/core/demangle.hpp>

namespace millrace::detail {

std::string type_name(const std::type_info& type) {
  std::string name = boost::core::demangle(type.name());
  // The longest names first: each is a part of the next one.
  boost::replace_all(name, "std::__cxx11::basic_string<char, std::char_traits<char>, std::allocator<char> >",
                     "std::string");
  boost::replace_all(name, "std::__cxx11::", "std::");
  boost::replace_all(name, "millrace::", "");
  boost::replace_all(name, "> >", ">>");
  return name;
}

}  // namespace millrace::detail
