// SPDX-License-Identifier: Apache-2.0
// The expected texts come from Kafka Streams' TopicPartitionMetadata.
#define BOOST_TEST_DYN_LINK
#include "runtime/task/commit_metadata.hpp"

#include <boost/test/unit_test.hpp>

namespace millrace::detail {
namespace {

constexpr Timestamp kTime = 1'700'000'040'000;

BOOST_AUTO_TEST_SUITE(CommitMetadataText)

BOOST_AUTO_TEST_CASE(has_java_s_bytes) {
  BOOST_CHECK_EQUAL(encode_commit_metadata({kTime, {}}), "AgAAAYvP5gRA");
  BOOST_CHECK_EQUAL(encode_commit_metadata({}), "Av//////////");
  BOOST_CHECK_EQUAL(encode_commit_metadata({1'700'000'000'000, {}}), "AgAAAYvP5WgA");
  BOOST_CHECK_EQUAL(encode_commit_metadata({kTime, {{"w", kTime - 5000}}}), "AgAAAYvP5gRAAAAAAQAAAAF3AAABi8/l8Lg=");
}

BOOST_AUTO_TEST_CASE(is_read_back) {
  const detail::CommitMetadata several[] = {
      {}, {0, {}}, {1, {{"", 5}}}, {kTime, {{"w", kTime}, {"ww", -1}, {"store", 0}}}, {INT64_MAX, {{"w", INT64_MAX}}}};
  for (const auto& metadata : several) {
    BOOST_TEST((decode_commit_metadata(encode_commit_metadata(metadata)) == metadata));
  }
}

BOOST_AUTO_TEST_CASE(carries_a_claim_and_its_id_as_further_entries) {
  const detail::CommitMetadata claimed{kTime, {{"w", kTime - 5000}}, -2, 77};
  BOOST_TEST((decode_commit_metadata(encode_commit_metadata(claimed)) == claimed));
  // Kafka Streams reads the claim as an entry whose time is the claim's number.
  BOOST_CHECK_EQUAL(encode_commit_metadata({kTime, {}, 5, 6}),
                    encode_commit_metadata({kTime, {{"millrace.claim", 5}, {"millrace.claim.id", 6}}, {}, {}}));
  BOOST_TEST(!decode_commit_metadata("AgAAAYvP5gRA").claim.has_value());
}

BOOST_AUTO_TEST_CASE(carries_a_proof_as_further_entries) {
  const detail::CommitMetadata proven{kTime, {{"w", 3}}, 5, 6, LogProof{41, 0xfedcba9876543210ULL}};
  BOOST_TEST((decode_commit_metadata(encode_commit_metadata(proven)) == proven));
  BOOST_CHECK_EQUAL(encode_commit_metadata({kTime, {}, {}, {}, LogProof{5, 6}}),
                    encode_commit_metadata({kTime, {{"millrace.at", 5}, {"millrace.hash", 6}}}));
  // Half a proof is none.
  const auto half = decode_commit_metadata(encode_commit_metadata({kTime, {{"millrace.at", 5}}}));
  BOOST_TEST((half == detail::CommitMetadata{kTime, {}}));
}

BOOST_AUTO_TEST_CASE(is_read_in_version_1) {
  BOOST_TEST((decode_commit_metadata("AQAAAYvP5gRA") == detail::CommitMetadata{kTime, {}}));
}

BOOST_AUTO_TEST_CASE(gives_no_time_if_it_is_invalid) {
  for (const char* text :
       {"", "A", "hello world!", "////////////", "AwAAAYvP5gRA", "handed over by hand", "\x01\x02", "====", "AgAA"}) {
    BOOST_TEST((decode_commit_metadata(text) == detail::CommitMetadata()));
  }
}

BOOST_AUTO_TEST_CASE(keeps_the_time_if_its_end_is_damaged) {
  const auto whole = encode_commit_metadata({kTime, {{"w", kTime}, {"x", kTime}}});
  for (std::size_t length = 16; length < whole.size(); length += 4) {
    BOOST_TEST((decode_commit_metadata(whole.substr(0, length)) == detail::CommitMetadata{kTime, {}}));
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace millrace::detail
