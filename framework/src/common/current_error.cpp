// SPDX-License-Identifier: Apache-2.0
#include "millrace/common/detail/current_error.hpp"

#include <cxxabi.h>

#include <cstdlib>
#include <exception>
#include <memory>
#include <string_view>
#include <typeinfo>

namespace millrace::detail {
namespace {

/// The type of the exception that is being handled, as in the source code.
std::string current_type() {
  const std::type_info* type = abi::__cxa_current_exception_type();
  if (type == nullptr) return "an unknown type";
  int status = 0;
  const std::unique_ptr<char, void (*)(void*)> name(abi::__cxa_demangle(type->name(), nullptr, nullptr, &status),
                                                    &std::free);
  return status == 0 ? name.get() : type->name();
}

std::string thrown(std::string_view value) { return "threw " + std::string(value) + ", which is not a std::exception"; }

}  // namespace

std::string current_error() {
  try {
    throw;
  } catch (const std::exception& error) {
    return error.what();
  } catch (const std::string& text) {
    return thrown("the string '" + text + "'");
  } catch (const char* text) {
    return thrown(text == nullptr ? "a null pointer" : "the string '" + std::string(text) + "'");
  } catch (int number) {
    return thrown("the number " + std::to_string(number));
  } catch (...) {
    return thrown("an object of type " + current_type());
  }
}

}  // namespace millrace::detail
