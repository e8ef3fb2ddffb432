// SPDX-License-Identifier: Apache-2.0
#define BOOST_TEST_DYN_LINK
#include "millrace/serde/windowed.hpp"

#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>

#include "serde_fixture.hpp"

namespace millrace::test {

namespace {

constexpr Timestamp kT = 1700000040000;  // 0000018bcfe60440
constexpr Timestamp kMax = std::numeric_limits<Timestamp>::max();

using Key = Windowed<std::string>;

AnySerde<Key> minutes() { return TimeWindowedSerde<std::string>(Millis(60'000)); }
AnySerde<Key> sessions() { return SessionWindowedSerde<std::string>(); }

}  // namespace

BOOST_AUTO_TEST_SUITE(WindowedSerdes)

BOOST_AUTO_TEST_CASE(a_time_window_is_the_key_and_its_start) {
  const Key key{"a", {kT, kT + 60'000}};
  BOOST_TEST(to_hex(*encode(key, minutes())) == "610000018bcfe60440");
  BOOST_TEST((decode(from_hex("61 0000018bcfe60440"), minutes()) == key));
}

BOOST_AUTO_TEST_CASE(the_end_of_a_time_window_is_what_the_reader_says) {
  const AnySerde<Key> hours = TimeWindowedSerde<std::string>(Millis(3'600'000));
  BOOST_TEST(decode(from_hex("61 0000018bcfe60440"), hours).window.end == kT + 3'600'000);
}

BOOST_AUTO_TEST_CASE(an_end_beyond_the_largest_time_is_clamped) {
  const auto key = decode(from_hex("61 7fffffffffffff00"), minutes());
  BOOST_TEST(key.window.start == kMax - 255);
  BOOST_TEST(key.window.end == kMax);
}

BOOST_AUTO_TEST_CASE(a_session_is_the_key_its_end_and_its_start) {
  const Key key{"a", {kT, kT + 5'000}};
  BOOST_TEST(to_hex(*encode(key, sessions())) == "610000018bcfe617c80000018bcfe60440");
  BOOST_TEST((decode(from_hex("61 0000018bcfe617c8 0000018bcfe60440"), sessions()) == key));
}

BOOST_AUTO_TEST_CASE(the_key_inside_may_be_empty_or_of_any_type) {
  BOOST_TEST((decode(from_hex("0000018bcfe60440"), minutes()).key.empty()));
  const AnySerde<Windowed<std::int64_t>> numbers = SessionWindowedSerde<std::int64_t>();
  const Windowed<std::int64_t> key{258, {1, 2}};
  BOOST_TEST((decode<Windowed<std::int64_t>>(*encode(key, numbers), numbers) == key));
}

BOOST_AUTO_TEST_CASE(null_and_empty_bytes_are_a_null_key) {
  using Maybe = std::optional<Key>;
  for (const AnySerde<Maybe>& serde : {AnySerde<Maybe>(TimeWindowedSerde<std::string>(Millis(5))),
                                       AnySerde<Maybe>(SessionWindowedSerde<std::string>())}) {
    BOOST_TEST(!decode<Maybe>(std::nullopt, serde).has_value());
    BOOST_TEST(!decode<Maybe>("", serde).has_value());
    BOOST_TEST(!encode<Maybe>(std::nullopt, serde).has_value());
    const Maybe key = Key{"k", {10, 15}};
    BOOST_TEST((decode<Maybe>(*encode(key, serde), serde) == key));
  }
}

BOOST_AUTO_TEST_CASE(too_few_bytes_are_an_error_that_says_how_many_are_needed) {
  BOOST_TEST(error_of([] { (void)decode("1234567", minutes()); }) ==
             "a time-windowed key has 7 bytes; it needs at least 8 for the window's times");
  BOOST_TEST(error_of([] { (void)decode("123456789012345", sessions()); }) ==
             "a session-windowed key has 15 bytes; it needs at least 16 for the window's times");
  BOOST_CHECK_THROW((void)decode<Key>(std::nullopt, sessions()), SerializationException);
}

BOOST_AUTO_TEST_CASE(a_window_without_size_is_refused) {
  BOOST_CHECK_THROW(TimeWindowedSerde<std::string>(Millis(0)), ConfigException);
}

BOOST_AUTO_TEST_CASE(a_sink_sees_how_many_bytes_the_window_takes) {
  BOOST_TEST(minutes().window_suffix_bytes() == 8u);
  BOOST_TEST(sessions().window_suffix_bytes() == 16u);
  BOOST_TEST(AnySerde<std::optional<Key>>(SessionWindowedSerde<std::string>()).window_suffix_bytes() == 16u);
  BOOST_TEST(AnySerde<std::string>().window_suffix_bytes() == 0u);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace millrace::test
