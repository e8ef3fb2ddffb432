// SPDX-License-Identifier: Apache-2.0
#define BOOST_TEST_DYN_LINK
#include "runtime/thread/proof_check.hpp"

#include <boost/test/unit_test.hpp>
#include <string>
#include <vector>

#include "millrace/common/errors.hpp"
#include "unit/runtime/fake_admin.hpp"
#include "unit/runtime/fake_consumer.hpp"
#include "unit/runtime/put_topology.hpp"

namespace millrace::detail {
namespace {

const TopicPartition kA{"a", 0};
const TopicPartition kB{"b", 0};

struct Logs {
  FakeAdmin admin;
  FakeConsumer consumer;

  /// The log of `partition` has the offsets `bounds`.
  void has(const TopicPartition& partition, const Watermarks& bounds) { admin.bounds[partition] = bounds; }
  /// The reader finds this record.
  void finds(const TopicPartition& partition, std::int64_t offset, std::string_view value) {
    consumer.records.push_back(input_record(partition.topic, offset, "k", value));
  }
  std::vector<Verdict> check(const std::vector<ProofOfPartition>& proofs) {
    return check_proofs(proofs, consumer, admin, Millis(1000));
  }
};

LogProof proof(std::int64_t offset, std::string_view value) {
  static const std::string topic = "any";
  return proof_of(input_record(topic, offset, "k", value));
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(ProofChecks, Logs)

BOOST_AUTO_TEST_CASE(hold_if_the_log_has_the_record) {
  has(kA, {0, 10});
  has(kB, {0, 10});
  finds(kA, 4, "v");
  finds(kB, 5, "w");
  BOOST_TEST((check({{kA, proof(4, "v")}, {kB, proof(5, "w")}}) == std::vector{Verdict::holds, Verdict::holds}));
  // One assignment for both.
  BOOST_TEST(consumer.assigned.size() == 1U);
}

BOOST_AUTO_TEST_CASE(are_refuted_by_another_record) {
  has(kA, {0, 10});
  finds(kA, 4, "other");
  BOOST_TEST((check({{kA, proof(4, "v")}}) == std::vector{Verdict::refuted}));
}

BOOST_AUTO_TEST_CASE(are_refuted_by_a_log_that_is_too_short) {
  has(kA, {0, 4});
  BOOST_TEST((check({{kA, proof(4, "v")}}) == std::vector{Verdict::refuted}));
  BOOST_TEST(consumer.assigned.empty());
}

BOOST_AUTO_TEST_CASE(are_unknown_if_the_record_was_deleted_or_compacted) {
  has(kA, {5, 10});
  has(kB, {0, 10});
  finds(kB, 6, "v");
  BOOST_TEST((check({{kA, proof(4, "v")}, {kB, proof(4, "v")}}) == std::vector{Verdict::unknown, Verdict::unknown}));
}

BOOST_AUTO_TEST_CASE(fail_if_the_broker_does_not_answer) {
  has(kA, {0, 10});
  BOOST_CHECK_EXCEPTION(
      (void)check_proofs(std::vector<ProofOfPartition>{{kA, proof(4, "v")}}, consumer, admin, Millis(0)),
      BrokerException, [](const BrokerException& error) {
        return error.severity() == BrokerException::Severity::retriable &&
               std::string(error.what()).find("offset 4 of a-0") != std::string::npos;
      });
}

BOOST_AUTO_TEST_CASE(tell_null_empty_and_other_bytes_apart) {
  const auto hash = [](Timestamp time, BytesView key, BytesView value) { return proof_of(1, time, key, value).hash; };
  BOOST_TEST(hash(1, "k", std::nullopt) != hash(1, "k", ""));
  BOOST_TEST(hash(1, std::nullopt, "k") != hash(1, "k", std::nullopt));
  BOOST_TEST(hash(1, "a", "bc") != hash(1, "ab", "c"));
  BOOST_TEST(hash(1, "k", "v") != hash(2, "k", "v"));
  // Committed offsets and local state contain such numbers, so they never change.
  BOOST_TEST(hash(1, "k", "v") == 8570514448485295793ULL);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace millrace::detail
