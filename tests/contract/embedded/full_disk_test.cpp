// SPDX-License-Identifier: Apache-2.0
// The embedded broker on a full disk.
#define BOOST_TEST_DYN_LINK
#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <map>
#include <string>

#include "contract/contract.hpp"
#include "millrace/common/errors.hpp"
#include "support/captured_stderr.hpp"
#include "support/limits.hpp"
#include "support/noise.hpp"

using namespace millrace;
using namespace millrace::contract;

namespace {

constexpr std::size_t kRecord = 20'000;  // bytes

struct Reports : DeliveryListener {
  void on_delivery(const Delivery& delivery) override {
    if (delivery.error == nullptr) {
      offsets[delivery.offset] = delivery.token;
    } else if (error.empty()) {
      error = delivery.error->what();
    }
  }
  std::map<std::int64_t, std::uint64_t> offsets;
  std::string error;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(AnEmbeddedBrokerOnAFullDisk)

BOOST_AUTO_TEST_CASE(says_so_and_keeps_what_it_has_confirmed) {
  SmallDisk disk(24u << 20);
  const std::string directory = (disk.path() / "broker").string();
  Reports reports;
  {
    const auto broker = Broker::embedded(directory);
    BOOST_REQUIRE(broker->make_admin()->create_topic({.name = "t", .partitions = 1, .configs = {}}, kPatience));
    const auto producer = broker->make_producer({}, &reports);
    for (std::uint64_t i = 0; reports.error.empty(); ++i) {
      BOOST_REQUIRE(i < 10'000);
      const std::string value = test::noise(i, kRecord);
      producer->send({.topic = "t", .partition = 0, .key = {}, .value = value, .timestamp = {}}, i);
      producer->poll();
    }
    // Other changes fail in the same way.
    const auto consumer = broker->make_consumer({{"group.id", "g"}});
    BOOST_CHECK_THROW(consumer->commit_sync({{{"t", 0}, {1, std::nullopt, ""}}}), BrokerException);
    BOOST_CHECK(consumer->committed({{"t", 0}}, kPatience).empty());
    // Records that were written before can be read.
    consumer->assign({{{"t", 0}, 0}});
    std::vector<ConsumerRecord> records;
    consumer->poll(records, 1, kPatience);
    BOOST_CHECK_EQUAL(records.size(), 1U);
  }
  BOOST_TEST(reports.error.find(disk.complaint()) != std::string::npos, reports.error);
  BOOST_TEST(reports.error.find(directory) != std::string::npos, reports.error);
  BOOST_TEST(reports.offsets.size() > 100U);

  // There must be no log file: a RocksDB with assertions ends the process at the second log line that cannot be
  // written.
  BOOST_TEST(!std::filesystem::exists(directory + "/db/LOG"));

  disk.grow(256u << 20);
  const auto broker = Broker::embedded(directory);
  const std::int64_t end = broker->make_admin()->watermarks({"t", 0}, kPatience).high;
  BOOST_TEST(end > reports.offsets.rbegin()->first);
  const auto consumer = broker->make_consumer({});
  consumer->assign({{{"t", 0}, 0}});
  std::int64_t next = 0;
  while (next < end) {
    std::vector<ConsumerRecord> records;
    consumer->poll(records, 500, kPatience);
    BOOST_REQUIRE(!records.empty());
    for (const ConsumerRecord& record : records) {
      BOOST_REQUIRE_EQUAL(record.offset, next);
      const auto confirmed = reports.offsets.find(next++);
      // A record that was not confirmed may exist, but never in part.
      if (confirmed != reports.offsets.end()) BOOST_REQUIRE(*record.value == test::noise(confirmed->second, kRecord));
      BOOST_REQUIRE_EQUAL(record.value->size(), 20'000U);
    }
  }
  const auto producer = broker->make_producer({}, &reports);
  producer->send({.topic = "t", .partition = 0, .key = {}, .value = "after", .timestamp = {}}, 0);
  producer->flush(kPatience);
  BOOST_TEST(reports.offsets.rbegin()->first == end);
}

BOOST_AUTO_TEST_SUITE_END()
