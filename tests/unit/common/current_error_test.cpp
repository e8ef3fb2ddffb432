// SPDX-License-Identifier: Apache-2.0
#define BOOST_TEST_DYN_LINK
#include "millrace/common/detail/current_error.hpp"

#include <boost/test/unit_test.hpp>
#include <stdexcept>
#include <string>

namespace millrace::test {
namespace {

struct Oddity {};

template <class T>
std::string text_of(T thrown) {
  try {
    throw thrown;
  } catch (...) {
    return detail::current_error();
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(CurrentError)

BOOST_AUTO_TEST_CASE(is_the_text_of_a_std_exception) { BOOST_TEST(text_of(std::runtime_error("why")) == "why"); }

BOOST_AUTO_TEST_CASE(tells_what_else_was_thrown) {
  BOOST_TEST(text_of(42) == "threw the number 42, which is not a std::exception");
  BOOST_TEST(text_of("why") == "threw the string 'why', which is not a std::exception");
  BOOST_TEST(text_of(std::string("why")) == "threw the string 'why', which is not a std::exception");
  BOOST_TEST(text_of(static_cast<const char*>(nullptr)) == "threw a null pointer, which is not a std::exception");
  BOOST_TEST(text_of(Oddity()) ==
             "threw an object of type millrace::test::(anonymous namespace)::Oddity, which is not a std::exception");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace millrace::test
