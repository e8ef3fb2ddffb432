// SPDX-License-Identifier: Apache-2.0
// How clients handle errors of a Kafka cluster. librdkafka's mock cluster injects the errors.
#define BOOST_TEST_DYN_LINK
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "kafka/kafka_tools.hpp"
#include "millrace/broker/unknown_topic.hpp"
#include "millrace/common/errors.hpp"

using namespace millrace;
using namespace millrace::kafka_test;
using Severity = BrokerException::Severity;

namespace {

// The numbers of Kafka's requests (API keys).
constexpr std::int16_t kOffsetCommit = 8;
constexpr std::int16_t kSyncGroup = 14;
constexpr std::int16_t kInitProducerId = 22;
constexpr std::int16_t kAddOffsetsToTxn = 25;
constexpr std::int16_t kEndTxn = 26;
constexpr std::int16_t kTxnOffsetCommit = 28;
constexpr std::int16_t kProduce = 0;

/// librdkafka's mock cluster, which answers with the errors that a test requests.
struct MockCluster {
  MockCluster() {
    char reason[256];
    auto* conf = rd_kafka_conf_new();
    rd_kafka_conf_set(conf, "log_level", "3", reason,
                      sizeof reason);  // suppresses the warning about the missing server
    client = rd_kafka_new(RD_KAFKA_PRODUCER, conf, reason, sizeof reason);
    BOOST_REQUIRE_MESSAGE(client != nullptr, reason);
    cluster = rd_kafka_mock_cluster_new(client, 1);
    rd_kafka_mock_topic_create(cluster, "t", 1, 1);
    broker = Broker::kafka(rd_kafka_mock_cluster_bootstraps(cluster));
  }
  ~MockCluster() {
    rd_kafka_mock_cluster_destroy(cluster);
    rd_kafka_destroy(client);
  }

  /// The next requests of this kind fail with `errors`, in order.
  void fail_next(std::int16_t request, std::initializer_list<rd_kafka_resp_err_t> errors) const {
    rd_kafka_mock_push_request_errors_array(cluster, request, errors.size(), errors.begin());
  }

  /// The next request of this kind is answered after `delay`.
  void delay_next(std::int16_t request, Millis delay) const {
    const auto code = rd_kafka_mock_broker_push_request_error_rtts(cluster, 1, request, 1, RD_KAFKA_RESP_ERR_NO_ERROR,
                                                                   static_cast<int>(delay.count()));
    BOOST_REQUIRE_EQUAL(code, RD_KAFKA_RESP_ERR_NO_ERROR);
  }

  [[nodiscard]] std::unique_ptr<Producer> in_transaction() const {
    auto producer = broker->make_producer({{"transactional.id", "tx"}});
    producer->init_transactions(kPatience);
    producer->begin_transaction();
    producer->send({.topic = "t", .partition = 0, .key = {}, .value = "v", .timestamp = {}});
    return producer;
  }

  [[nodiscard]] std::unique_ptr<Consumer> consumer() const {
    auto made = broker->make_consumer({{"group.id", "g"}, {"default.api.timeout.ms", "5000"}});
    made->assign({{{"t", 0}, 0}});
    return made;
  }

  /// Whether the consumer is a member of its group. The generation tells, but librdkafka has no getter for the
  /// generation.
  static bool has_joined(const Consumer& consumer) {
    const auto metadata = consumer.group_metadata();
    if (metadata.native() == nullptr) return false;
    void* text = nullptr;
    std::size_t size = 0;
    const auto* native = static_cast<const rd_kafka_consumer_group_metadata_t*>(metadata.native());
    auto* error = rd_kafka_consumer_group_metadata_write(native, &text, &size);
    BOOST_REQUIRE(error == nullptr);
    const std::string_view magic = "CGMDv2:";
    std::int32_t generation = 0;
    BOOST_REQUIRE_GT(size, magic.size() + sizeof generation);
    BOOST_REQUIRE(std::memcmp(text, magic.data(), magic.size()) == 0);
    std::memcpy(&generation, static_cast<const char*>(text) + magic.size(), sizeof generation);
    std::free(text);
    return generation >= 0;
  }

  /// Closes a consumer that is a member already, but gets its first assignment only after `delay`. (librdkafka 2.0.2
  /// aborts the process if a consumer is destroyed in this state.)
  void close_while_joining(Millis delay) const {
    struct Listener : RebalanceListener {
      std::vector<TopicPartition> on_partitions_assigned(const std::vector<TopicPartition>& partitions) override {
        ++calls;
        return partitions;
      }
      std::vector<TopicPartition> on_partitions_revoked(const std::vector<TopicPartition>& partitions) override {
        return on_partitions_assigned(partitions);
      }
      std::vector<TopicPartition> on_partitions_lost(const std::vector<TopicPartition>& partitions) override {
        return on_partitions_assigned(partitions);
      }
      int calls = 0;
    } listener;
    delay_next(kSyncGroup, delay);
    auto member = broker->make_consumer({{"group.id", unique("group")}});
    member->subscribe({"t"}, listener);
    poll_until(*member, 1, [&](const auto&) { return has_joined(*member); });
    BOOST_CHECK_EQUAL(listener.calls, 0);
    member.reset();
    BOOST_CHECK_EQUAL(listener.calls, 0);
  }

  template <class Call>
  static void fails_as(Severity severity, Call&& call) {
    BOOST_CHECK_EXCEPTION(call(), BrokerException, [&](const BrokerException& error) {
      BOOST_TEST_MESSAGE(error.what());
      return error.severity() == severity;
    });
  }

  const std::map<TopicPartition, OffsetAndMetadata> offsets = {
      {{"t", 0}, {.offset = 1, .leader_epoch = {}, .metadata = ""}}};
  rd_kafka_t* client = nullptr;
  rd_kafka_mock_cluster_t* cluster = nullptr;
  std::shared_ptr<Broker> broker;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(KafkaWithErrors, MockCluster)

BOOST_AUTO_TEST_CASE(tries_a_commit_again_while_the_coordinator_moves) {
  const auto reader = consumer();
  fail_next(kOffsetCommit, {RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS, RD_KAFKA_RESP_ERR_NOT_COORDINATOR,
                            RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT});
  reader->commit_sync(offsets);
}

BOOST_AUTO_TEST_CASE(fences_a_member_that_commits_too_late) {
  const auto reader = consumer();
  for (const auto code : {RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID, RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION}) {
    fail_next(kOffsetCommit, {code});
    fails_as(Severity::fenced, [&] { reader->commit_sync(offsets); });
  }
}

// librdkafka 2.0.2 ends the process if a request to a coordinator was given up while the connection was down and the
// connection comes back.
BOOST_AUTO_TEST_CASE(retries_a_query_of_committed_offsets_after_the_coordinator_was_away) {
  const auto reader = consumer();
  const auto admin = broker->make_admin();
  reader->commit_sync(offsets);
  for (int outage = 0; outage < 3; ++outage) {
    (void)admin->group_offsets("g", kPatience);  // the mock cluster names none
    BOOST_REQUIRE_EQUAL(reader->committed({{"t", 0}}, kPatience).size(), 1);
    rd_kafka_mock_broker_set_down(cluster, 1);
    for (int request = 0; request < 5; ++request) {
      fails_as(Severity::retriable, [&] { (void)admin->group_offsets("g", Millis(100)); });
      fails_as(Severity::retriable, [&] { (void)reader->committed({{"t", 0}}, Millis(100)); });
    }
    rd_kafka_mock_broker_set_up(cluster, 1);
  }
  (void)admin->group_offsets("g", kPatience);
  BOOST_CHECK_EQUAL(reader->committed({{"t", 0}}, kPatience).size(), 1);
}

BOOST_AUTO_TEST_CASE(reports_a_commit_during_a_rebalance_as_retriable) {
  const auto reader = consumer();
  fail_next(kOffsetCommit, {RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS, RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS,
                            RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS, RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS});
  fails_as(Severity::retriable, [&] { reader->commit_sync(offsets); });
}

BOOST_AUTO_TEST_CASE(closes_a_consumer_whose_first_assignment_is_late) { close_while_joining(Millis(1'000)); }

BOOST_AUTO_TEST_CASE(closes_a_consumer_whose_first_assignment_never_comes) { close_while_joining(Millis(60'000)); }

// A broker that starts or shuts down may say that a topic does not exist. librdkafka 2.0.2 keeps this answer for
// minutes if it has stored an answer about another topic before.
BOOST_AUTO_TEST_CASE(asks_again_for_a_topic_that_was_unknown_for_a_moment) {
  const auto calls = std::vector<std::function<void(Consumer&)>>{
      [](Consumer& reader) {
        BOOST_CHECK_EQUAL(reader.query_watermarks({"u", 0}, kPatience).high, 0);
      },
      [](Consumer& reader) {
        BOOST_CHECK(!reader.offset_for_time({"u", 0}, 1'000, kPatience));
      },
      [](Consumer& reader) {
        reader.assign({{{"u", 0}, Consumer::kOffsetBeginning}});
      }};
  rd_kafka_mock_topic_create(cluster, "u", 1, 1);
  for (const auto& call : calls) {
    const auto reader = consumer();
    (void)reader->query_watermarks({"t", 0}, kPatience);
    rd_kafka_mock_topic_set_error(cluster, "u", RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
    BOOST_CHECK_THROW(call(*reader), UnknownTopicOrPartitionException);
    rd_kafka_mock_topic_set_error(cluster, "u", RD_KAFKA_RESP_ERR_NO_ERROR);
    call(*reader);
  }
}

BOOST_AUTO_TEST_CASE(starts_transactions_although_the_coordinator_is_loading) {
  fail_next(kInitProducerId,
            {RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS, RD_KAFKA_RESP_ERR_CONCURRENT_TRANSACTIONS});
  const auto producer = in_transaction();
  producer->commit_transaction(kPatience);
}

BOOST_AUTO_TEST_CASE(commits_a_transaction_although_the_coordinator_moves) {
  const auto producer = in_transaction();
  fail_next(kEndTxn, {RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE, RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS});
  producer->commit_transaction(kPatience);
}

BOOST_AUTO_TEST_CASE(fences_a_replaced_producer) {
  const auto producer = in_transaction();
  fail_next(kEndTxn, {RD_KAFKA_RESP_ERR_PRODUCER_FENCED});
  fails_as(Severity::fenced, [&] { producer->commit_transaction(kPatience); });
  fails_as(Severity::fenced, [&] { producer->begin_transaction(); });
}

BOOST_AUTO_TEST_CASE(fences_a_replaced_member) {
  const auto producer = in_transaction();
  fail_next(kTxnOffsetCommit, {RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION});
  fails_as(Severity::fenced, [&] { producer->send_offsets_to_transaction(offsets, ConsumerGroupMetadata("g")); });
  producer->abort_transaction(kPatience);
  producer->begin_transaction();
  producer->commit_transaction(kPatience);
}

BOOST_AUTO_TEST_CASE(adds_offsets_although_the_coordinator_moves) {
  const auto producer = in_transaction();
  fail_next(kAddOffsetsToTxn, {RD_KAFKA_RESP_ERR_NOT_COORDINATOR});
  fail_next(kTxnOffsetCommit, {RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS});
  producer->send_offsets_to_transaction(offsets, ConsumerGroupMetadata("g"));
  producer->commit_transaction(kPatience);
}

BOOST_AUTO_TEST_CASE(goes_on_after_aborting_a_transaction_that_lost_a_record) {
  const auto producer = in_transaction();
  fail_next(kProduce, {RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED});
  fails_as(Severity::abortable, [&] { producer->commit_transaction(kPatience); });
  producer->abort_transaction(kPatience);
  producer->begin_transaction();
  producer->send({.topic = "t", .partition = 0, .key = {}, .value = "v", .timestamp = {}});
  producer->commit_transaction(kPatience);
}

BOOST_AUTO_TEST_CASE(delivers_although_replicas_are_missing_for_a_while) {
  struct Count : DeliveryListener {
    void on_delivery(const Delivery& delivery) override { ++(delivery.error == nullptr ? delivered : failed); }
    int delivered = 0;
    int failed = 0;
  } count;
  const auto producer = broker->make_producer({}, &count);
  fail_next(kProduce, {RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS, RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION});
  producer->send({.topic = "t", .partition = 0, .key = {}, .value = "v", .timestamp = {}});
  producer->flush(kPatience);
  BOOST_CHECK_EQUAL(count.delivered, 1);
  BOOST_CHECK_EQUAL(count.failed, 0);
}

BOOST_AUTO_TEST_SUITE_END()
