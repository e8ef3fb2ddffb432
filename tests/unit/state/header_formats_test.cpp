// SPDX-License-Identifier: Apache-2.0
#define BOOST_TEST_DYN_LINK
#include "millrace/state/detail/header_formats.hpp"

#include <boost/test/unit_test.hpp>

#include "millrace/common/errors.hpp"
#include "millrace/serde/primitives.hpp"
#include "millrace/state/stores.hpp"
#include "unit/state/bytes_support.hpp"

namespace millrace::detail {

namespace {

constexpr Timestamp kT = 1700000040000;

const Headers kThree{{"trace", "31"}, {"\xc3\xa9", std::nullopt}, {"", ""}};

template <class T, class Serde>
std::string bytes_of(const Serde& serde, const T& value) {
  std::string bytes;
  BOOST_TEST_REQUIRE(serde.serialize("topic", value, bytes));
  BOOST_TEST((serde.deserialize("topic", bytes) == value));
  return hex(bytes);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(HeaderFormats)

// The bytes that Kafka Streams' serializers write for the same values.

BOOST_AUTO_TEST_CASE(a_value_with_timestamp_and_headers_has_the_bytes_that_java_writes) {
  const detail::ValueTimestampHeadersSerde<std::string> serde{{AnySerde<std::string>()}};
  using Value = ValueTimestampHeaders<std::string>;
  BOOST_TEST(bytes_of(serde, Value{"v", kT, kThree}) == "20060a747261636504333104c3a90100000000018bcfe6044076");
  BOOST_TEST(bytes_of(serde, Value{"v", kT, {}}) == "000000018bcfe6044076");
  const Value large{"v", kT, {{"k", std::string(100, '\0')}}};
  BOOST_TEST(bytes_of(serde, large) == "d20102026bc801" + std::string(200, '0') + "0000018bcfe6044076");
}

BOOST_AUTO_TEST_CASE(an_aggregation_with_headers_has_the_bytes_that_java_writes) {
  const detail::AggregationWithHeadersSerde<std::string> serde{AnySerde<std::string>()};
  using Value = AggregationWithHeaders<std::string>;
  BOOST_TEST(bytes_of(serde, Value{"v", kThree}) == "20060a747261636504333104c3a901000076");
  BOOST_TEST(bytes_of(serde, Value{"v", {}}) == "0076");
}

BOOST_AUTO_TEST_CASE(a_value_that_its_serde_writes_as_null_is_null) {
  const detail::ValueTimestampHeadersSerde<std::optional<std::string>> serde{{AnySerde<std::optional<std::string>>()}};
  std::string bytes = "before";
  BOOST_TEST(!serde.serialize("topic", {std::nullopt, kT, kThree}, bytes));
  BOOST_TEST(bytes == "before");
}

BOOST_AUTO_TEST_CASE(damaged_bytes_are_refused) {
  const std::string negative = "\x01";
  for (const std::string& bytes :
       {std::string(), negative, std::string("\x04z"), std::string("\xff\xff\xff\xff\xff\xff")}) {
    BOOST_CHECK_THROW((void)formats::read_value_with_headers(bytes), SerializationException);
  }
  for (const std::string& bytes : {std::string("\x02"), std::string("\x02\x04k"), std::string("\x02\x02k\x04v")}) {
    BOOST_CHECK_THROW((void)formats::decode_headers(bytes), SerializationException);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace millrace::detail
