// SPDX-License-Identifier: Apache-2.0
// Bytes of keys and values that must be equal to those of Kafka Streams, and bytes of our own files that must not
// change.
#define BOOST_TEST_DYN_LINK
#include "millrace/state/detail/formats.hpp"
#include "millrace/common/errors.hpp"

#include <boost/test/unit_test.hpp>

#include "state/rocksdb/layout.hpp"
#include "unit/state/bytes_support.hpp"

namespace millrace::detail {

namespace {
constexpr Timestamp kT = 1700000040000;
}

BOOST_AUTO_TEST_SUITE(Formats)

BOOST_AUTO_TEST_CASE(a_window_key_has_the_bytes_that_java_writes) {
  std::string bytes;
  formats::append_window_key(bytes, "a", kT, Sequence());
  BOOST_TEST(hex(bytes) == "610000018bcfe6044000000000");
  BOOST_TEST((formats::read_window_key(bytes) == formats::WindowKey{"a", kT, Sequence()}));

  bytes.clear();
  formats::append_window_key(bytes, "", 0, Sequence(0x7fffffff));
  BOOST_TEST(hex(bytes) == "00000000000000007fffffff");
  BOOST_TEST((formats::read_window_key(bytes) == formats::WindowKey{"", 0, Sequence(0x7fffffff)}));
}

BOOST_AUTO_TEST_CASE(a_time_windowed_key_on_a_topic_has_no_sequence_number) {
  std::string bytes;
  formats::append_time_windowed_key(bytes, "a", kT);
  BOOST_TEST(hex(bytes) == "610000018bcfe60440");
}

BOOST_AUTO_TEST_CASE(a_session_key_has_the_bytes_that_java_writes) {
  std::string bytes;
  formats::append_session_key(bytes, "a", {kT, kT + 5000});
  BOOST_TEST(hex(bytes) == "610000018bcfe617c80000018bcfe60440");
  BOOST_TEST((formats::read_session_key(bytes) == formats::SessionKey{"a", {kT, kT + 5000}}));
}

BOOST_AUTO_TEST_CASE(a_timestamped_value_has_the_bytes_that_java_writes) {
  std::string bytes;
  formats::append_timestamped_value(bytes, kT, "v");
  BOOST_TEST(hex(bytes) == "0000018bcfe6044076");
  BOOST_TEST((formats::read_timestamped_value(bytes) == formats::TimestampedValue{kT, "v"}));
}

BOOST_AUTO_TEST_CASE(a_shared_outer_store_key_has_the_bytes_that_java_writes) {
  std::string bytes;
  formats::append_timestamped_key_and_side(bytes, kT, true, "a");
  BOOST_TEST(hex(bytes) == "0000018bcfe604400161");
  BOOST_TEST((formats::read_timestamped_key_and_side(bytes) == formats::TimestampedKeyAndSide{kT, true, "a"}));
  std::string right;
  formats::append_timestamped_key_and_side(right, kT, false, "a");
  BOOST_TEST(right < bytes);
}

BOOST_AUTO_TEST_CASE(too_few_bytes_are_refused) {
  BOOST_CHECK_THROW((void)formats::read_window_key("12345678901"), SerializationException);
  BOOST_CHECK_THROW((void)formats::read_session_key("123456789012345"), SerializationException);
  BOOST_CHECK_THROW((void)formats::read_timestamped_value("1234567"), SerializationException);
  BOOST_CHECK_THROW((void)formats::read_timestamped_key_and_side("12345678"), SerializationException);
}

BOOST_AUTO_TEST_CASE(integers_round_trip) {
  for (const std::uint64_t value : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{0x0102030405060708},
                                    std::uint64_t{0x8000000000000000}, ~std::uint64_t{0}}) {
    char bytes[8];
    formats::store_be64(bytes, value);
    BOOST_TEST(formats::load_be64(bytes) == value);
    formats::store_be32(bytes, static_cast<std::uint32_t>(value));
    BOOST_TEST(formats::load_be32(bytes) == static_cast<std::uint32_t>(value));
  }
  std::string bytes;
  formats::append_be32(bytes, 0x01020304);
  formats::append_be64(bytes, 0x1112131415161718);
  BOOST_TEST(hex(bytes) == "010203041112131415161718");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(DatabaseLayout)

BOOST_AUTO_TEST_CASE(keys_and_meta_data_never_change_their_bytes) {
  std::string bytes;
  layout::write_segmented_key(bytes, layout::SegmentId(7), "k", kT, Sequence(3));
  BOOST_TEST(hex(bytes) == "00000000000000076b0000018bcfe6044000000003");
  const auto key = layout::read_segmented_key(bytes);
  BOOST_TEST(key.segment == layout::SegmentId(7));
  BOOST_TEST(key.key == "k");
  BOOST_TEST(key.start == kT);
  BOOST_TEST(key.seq == Sequence(3));

  const TopicPartition changelog{"app-store-changelog", 2};
  BOOST_TEST(layout::offset_key(changelog) == std::string("offset:\0\0\0\2app-store-changelog", 30));
  BOOST_TEST((layout::read_offset_key(layout::offset_key(changelog)) == changelog));
  BOOST_TEST((layout::read_offset_key("offset:abc") == std::nullopt));

  const std::string position = layout::position_key("store", changelog);
  BOOST_TEST(position == std::string("position:\0\0\0\5store\0\0\0\2app-store-changelog", 41));
  BOOST_TEST(layout::read_position_key(position)->store == "store");
  BOOST_TEST((layout::read_position_key(position)->changelog == changelog));
  BOOST_TEST(!layout::read_position_key(position.substr(0, 20)).has_value());
  BOOST_TEST(!layout::read_position_key("position:").has_value());

  const layout::WindowMeta meta{60'000, kT, Sequence(9)};
  BOOST_TEST(hex(layout::write_window_meta(meta)) == "000000000000ea600000018bcfe6044000000009");
  BOOST_TEST((layout::read_window_meta(layout::write_window_meta(meta)) == meta));
  BOOST_TEST((layout::read_window_meta("short") == std::nullopt));
}

BOOST_AUTO_TEST_CASE(a_segment_spans_half_the_retention_but_a_minute_at_least) {
  BOOST_TEST(layout::segment_interval(0) == 60'000);
  BOOST_TEST(layout::segment_interval(120'000) == 60'000);
  BOOST_TEST(layout::segment_interval(86'400'000) == 43'200'000);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace millrace::detail
