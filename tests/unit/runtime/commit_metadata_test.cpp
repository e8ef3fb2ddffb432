// Vectors of Kafka Streams' TopicPartitionMetadata.
#define BOOST_TEST_DYN_LINK
#include "runtime/commit_metadata.hpp"

#include <boost/test/unit_test.hpp>

namespace millrace::detail {
namespace {

constexpr Timestamp kTime = 1'700'000'040'000;

BOOST_AUTO_TEST_SUITE(CommitMetadata)

BOOST_AUTO_TEST_CASE(has_the_bytes_of_java) {
  BOOST_CHECK_EQUAL(encode_commit_metadata(kTime), "AgAAAYvP5gRA");
  BOOST_CHECK_EQUAL(encode_commit_metadata(kNoTimestamp), "Av//////////");
  BOOST_CHECK_EQUAL(encode_commit_metadata(1'700'000'000'000), "AgAAAYvP5WgA");
}

BOOST_AUTO_TEST_CASE(is_read_back) {
  for (const Timestamp time : {Timestamp{0}, Timestamp{1}, Timestamp{1'700'000'040'000}, INT64_MAX}) {
    BOOST_CHECK_EQUAL(decode_partition_time(encode_commit_metadata(time)), time);
  }
  BOOST_CHECK_EQUAL(decode_partition_time("Av//////////"), kNoTimestamp);
}

BOOST_AUTO_TEST_CASE(of_java_may_carry_metadata_of_processors) {
  BOOST_CHECK_EQUAL(decode_partition_time("AgAAAYvP5gRAAAAAAQAAAAF3AAABi8/l8Lg="), kTime);
}

BOOST_AUTO_TEST_CASE(of_version_1_is_read) { BOOST_CHECK_EQUAL(decode_partition_time("AQAAAYvP5gRA"), kTime); }

BOOST_AUTO_TEST_CASE(that_is_none_means_no_time) {
  for (const char* text :
       {"", "A", "hello world!", "////////////", "AwAAAYvP5gRA", "handed over by hand", "\x01\x02"}) {
    BOOST_CHECK_EQUAL(decode_partition_time(text), kNoTimestamp);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace millrace::detail
