// SPDX-License-Identifier: Apache-2.0
#define BOOST_TEST_DYN_LINK
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <chrono>
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

#include "millrace/broker/broker.hpp"
#include "millrace/common/errors.hpp"

using namespace millrace;
using Severity = BrokerException::Severity;

namespace {

constexpr Millis kTimeout{400};
constexpr Millis kPatience{10'000};

/// A local port that refuses connections: it is bound, but no one listens.
class DeadPort {
 public:
  DeadPort() : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (::bind(socket_, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
        ::getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
      throw std::runtime_error("cannot bind a port");
    }
    name_ = "127.0.0.1:" + std::to_string(ntohs(address.sin_port));
  }
  ~DeadPort() { ::close(socket_); }
  [[nodiscard]] const std::string& name() const { return name_; }

 private:
  int socket_;
  std::string name_;
};

/// A broker whose address refuses connections.
struct NoServer {
  /// Checks that `call` fails after its timeout, and that the error names the address, the cause and what to check.
  void gives_up(const std::function<void()>& call) const {
    const auto begin = std::chrono::steady_clock::now();
    BOOST_CHECK_EXCEPTION(call(), BrokerException, [&](const BrokerException& error) {
      const std::string text = error.what();
      BOOST_TEST_CONTEXT(text) {
        BOOST_CHECK(error.severity() == Severity::retriable);
        BOOST_CHECK_NE(text.find(port.name()), std::string::npos);
        BOOST_CHECK_NE(text.find("Connection refused"), std::string::npos);
        BOOST_CHECK_NE(text.find("check that Kafka runs"), std::string::npos);
      }
      return true;
    });
    const auto elapsed = std::chrono::steady_clock::now() - begin;
    BOOST_CHECK(elapsed >= kTimeout);
    BOOST_CHECK(elapsed < kPatience);
  }

  DeadPort port;
  std::shared_ptr<Broker> broker = Broker::kafka(port.name());
};

struct NoRebalances : RebalanceListener {
  std::vector<TopicPartition> on_partitions_assigned(const std::vector<TopicPartition>& p) override { return p; }
  std::vector<TopicPartition> on_partitions_revoked(const std::vector<TopicPartition>& p) override { return p; }
  std::vector<TopicPartition> on_partitions_lost(const std::vector<TopicPartition>& p) override { return p; }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(UnreachableKafka, NoServer)

BOOST_AUTO_TEST_CASE(fails_every_call_of_an_admin_client_after_its_timeout) {
  const auto admin = broker->make_admin();
  gives_up([&] { (void)admin->list_topics(kTimeout); });
  gives_up([&] { (void)admin->describe_topic("t", kTimeout); });
  gives_up([&] { (void)admin->create_topic({.name = "t", .configs = {}}, kTimeout); });
  gives_up([&] { (void)admin->topic_config("t", true, kTimeout); });
  gives_up([&] { admin->delete_topic("t", kTimeout); });
  gives_up([&] { admin->delete_records({{{"t", 0}, 1}}, kTimeout); });
  gives_up([&] { (void)admin->watermarks({"t", 0}, kTimeout); });
  gives_up([&] { (void)admin->group_offsets("g", kTimeout); });
  gives_up([&] { (void)admin->describe_group("g", kTimeout); });
}

BOOST_AUTO_TEST_CASE(fails_questions_and_commits_of_a_consumer_but_not_its_poll) {
  const auto consumer = broker->make_consumer({{"group.id", "g"}, {"default.api.timeout.ms", "400"}});
  NoRebalances listener;
  consumer->subscribe({"t"}, listener);
  std::vector<ConsumerRecord> records;
  consumer->poll(records, 10, Millis{100});
  BOOST_CHECK(records.empty());
  gives_up([&] { (void)consumer->query_watermarks({"t", 0}, kTimeout); });
  gives_up([&] { (void)consumer->offset_for_time({"t", 0}, 1, kTimeout); });
  gives_up([&] { (void)consumer->committed({{"t", 0}}, kTimeout); });
  gives_up([&] { consumer->commit_sync({{{"t", 0}, {.offset = 1, .leader_epoch = {}, .metadata = {}}}}); });
}

BOOST_AUTO_TEST_CASE(fails_a_producer_s_flush_and_reports_the_records) {
  struct Failures : DeliveryListener {
    void on_delivery(const Delivery& delivery) override { errors += delivery.error != nullptr ? 1 : 0; }
    int errors = 0;
  } failures;
  const auto producer = broker->make_producer({{"message.timeout.ms", "1000"}, {"max.block.ms", "400"}}, &failures);
  producer->send({.topic = "t", .partition = 0, .key = {}, .value = "v", .timestamp = {}});
  gives_up([&] { producer->flush(kTimeout); });
  gives_up([&] { (void)producer->partitions_for("t"); });
  producer->flush(kPatience);
  BOOST_CHECK_EQUAL(failures.errors, 1);
}

BOOST_AUTO_TEST_CASE(fails_the_start_of_transactions) {
  const auto producer = broker->make_producer({{"transactional.id", "t"}});
  gives_up([&] { producer->init_transactions(kTimeout); });
}

BOOST_AUTO_TEST_CASE(does_not_prevent_closing_clients) {
  const auto begin = std::chrono::steady_clock::now();
  {
    NoRebalances listener;
    const auto consumer = broker->make_consumer({{"group.id", "g"}});
    consumer->subscribe({"t"}, listener);
    const auto assigned = broker->make_consumer({});
    assigned->assign({{{"t", 0}, 5}});
    const auto producer = broker->make_producer({});
    producer->send({.topic = "t", .partition = 0, .key = {}, .value = "v", .timestamp = {}});
  }
  BOOST_CHECK(std::chrono::steady_clock::now() - begin < kPatience);
}

BOOST_AUTO_TEST_SUITE_END()
