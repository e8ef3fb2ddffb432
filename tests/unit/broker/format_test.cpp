// SPDX-License-Identifier: Apache-2.0
#include "broker/embedded/format.hpp"

#define BOOST_TEST_DYN_LINK
#include <boost/test/unit_test.hpp>

#include "millrace/common/errors.hpp"
#include "unit/broker/hex.hpp"

using namespace millrace;
using namespace millrace::detail;
using namespace millrace::detail::embedded;

// The bytes that these tests expect are on users' disks. If a test fails, kFormatVersion must be increased.
BOOST_AUTO_TEST_SUITE(Format)

BOOST_AUTO_TEST_CASE(is_version_1) { BOOST_CHECK_EQUAL(format::kFormatVersion, 1U); }

BOOST_AUTO_TEST_CASE(writes_keys_with_the_documented_bytes) {
  BOOST_CHECK_EQUAL(hex(format::version_key()), "56");
  BOOST_CHECK_EQUAL(hex(format::next_id_key()), "4e");
  BOOST_CHECK_EQUAL(hex(format::topic_key("buy")), "54627579");
  BOOST_CHECK_EQUAL(hex(format::partition_key(TopicId(7), PartitionId(2))), "500000000700000002");
  BOOST_CHECK_EQUAL(hex(format::aborted_prefix(TopicId(7), PartitionId(2))), "410000000700000002");
  BOOST_CHECK_EQUAL(hex(format::aborted_key(TopicId(7), PartitionId(2), Offset(258))),
                    "4100000007000000020000000000000102");
  BOOST_CHECK_EQUAL(hex(format::open_transaction_key(TopicId(7), PartitionId(2), ProducerId(9))),
                    "4f00000007000000020000000000000009");
  BOOST_CHECK_EQUAL(hex(format::group_offset_key("g", {"buy", 1})),
                    "470000000167000000036275790000000"
                    "1");
  BOOST_CHECK_EQUAL(hex(format::batch_key(TopicId(7), PartitionId(2), Offset(258))),
                    "00000007000000020000000000000102");
}

BOOST_AUTO_TEST_CASE(reads_its_keys_back) {
  BOOST_CHECK_EQUAL(format::parse_topic_key(format::topic_key("buy")), "buy");
  BOOST_CHECK_EQUAL(format::parse_aborted_key(format::aborted_key(TopicId(7), PartitionId(2), Offset(258))),
                    Offset(258));
  const auto open =
      format::parse_open_transaction_key(format::open_transaction_key(TopicId(7), PartitionId(2), ProducerId(9)));
  BOOST_CHECK_EQUAL(open.topic_id, TopicId(7));
  BOOST_CHECK_EQUAL(open.partition, PartitionId(2));
  BOOST_CHECK_EQUAL(open.producer_id, ProducerId(9));
  const auto [group, partition] = format::parse_group_offset_key(format::group_offset_key("g", {"buy", 1}));
  BOOST_CHECK_EQUAL(group, "g");
  BOOST_CHECK(partition == (TopicPartition{"buy", 1}));
  const auto batch = format::parse_batch_key(format::batch_key(TopicId(7), PartitionId(2), Offset(258)));
  BOOST_CHECK_EQUAL(batch.topic_id, TopicId(7));
  BOOST_CHECK_EQUAL(batch.partition, PartitionId(2));
  BOOST_CHECK_EQUAL(batch.base_offset, Offset(258));
}

BOOST_AUTO_TEST_CASE(sorts_the_batches_of_a_partition_by_offset) {
  BOOST_CHECK_LT(format::batch_key(TopicId(1), PartitionId(0), Offset(255)),
                 format::batch_key(TopicId(1), PartitionId(0), Offset(256)));
  BOOST_CHECK_LT(format::batch_key(TopicId(1), PartitionId(0), Offset(INT64_MAX)),
                 format::batch_key(TopicId(1), PartitionId(1), Offset(0)));
  BOOST_CHECK_LT(format::batch_key(TopicId(1), PartitionId(99), Offset(5)),
                 format::batch_key(TopicId(2), PartitionId(0), Offset(0)));
}

BOOST_AUTO_TEST_CASE(writes_values_with_the_documented_bytes_and_reads_them_back) {
  const format::TopicEntry topic{TopicId(3), 2, {{"retention.ms", "-1"}}};
  BOOST_CHECK_EQUAL(hex(format::encode(topic)),
                    "000000030000000200000001"
                    "0000000c726574656e74696f6e2e6d73"
                    "000000022d31");
  BOOST_CHECK(format::decode_topic(format::encode(topic)) == topic);

  const format::PartitionEntry partition{Offset(1), Offset(2), 3};
  BOOST_CHECK_EQUAL(hex(format::encode(partition)), "000000000000000100000000000000020000000000000003");
  BOOST_CHECK(format::decode_partition(format::encode(partition)) == partition);

  const format::AbortedEntry aborted{ProducerId(9), Offset(4), Offset(258)};
  BOOST_CHECK_EQUAL(hex(format::encode(aborted)), "00000000000000090000000000000004");
  BOOST_CHECK(format::decode_aborted(format::aborted_key(TopicId(7), PartitionId(2), Offset(258)),
                                     format::encode(aborted)) == aborted);

  const OffsetAndMetadata offset{5, std::nullopt, "m"};
  BOOST_CHECK_EQUAL(hex(format::encode(offset)), "0000000000000005ffffffff000000016d");
  BOOST_CHECK(format::decode_group_offset(format::encode(offset)) == offset);
  const OffsetAndMetadata with_epoch{5, 6, ""};
  BOOST_CHECK_EQUAL(hex(format::encode(with_epoch)), "00000000000000050000000600000000");
  BOOST_CHECK(format::decode_group_offset(format::encode(with_epoch)) == with_epoch);
}

BOOST_AUTO_TEST_CASE(refuses_values_that_are_cut_short) {
  const std::string whole = format::encode(format::TopicEntry{TopicId(3), 2, {{"retention.ms", "-1"}}});
  for (std::size_t size = 0; size < whole.size(); ++size) {
    BOOST_CHECK_THROW((void)format::decode_topic(whole.substr(0, size)), BrokerException);
  }
  BOOST_CHECK_THROW((void)format::read_batch_header(std::string(format::kBatchHeaderBytes - 1, '\0')), BrokerException);
}

BOOST_AUTO_TEST_SUITE_END()
