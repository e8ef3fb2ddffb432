// SPDX-License-Identifier: Apache-2.0
#define BOOST_TEST_DYN_LINK
#include <boost/test/unit_test.hpp>

#include "contract/embedded/embedded_fixture.hpp"
#include "millrace/broker/unknown_topic.hpp"
#include "millrace/common/errors.hpp"

using namespace millrace;
using namespace millrace::contract;
using Strings = std::vector<std::string>;

BOOST_FIXTURE_TEST_SUITE(EmbeddedClients, EmbeddedFixture)

BOOST_AUTO_TEST_CASE(a_destroyed_producer_aborts_its_open_transaction) {
  create("t");
  {
    const auto writer = producer({{"transactional.id", "tx"}});
    writer->init_transactions(kPatience);
    writer->begin_transaction();
    send(*writer, "t", "aborted");
    writer->flush(kPatience);
  }
  write("t", "k", "after", 5);
  BOOST_CHECK(contents("t") == Strings{"2:k=after"});
}

BOOST_AUTO_TEST_CASE(a_destroyed_producer_writes_the_records_it_was_given) {
  create("t");
  { send(*producer({{"linger.ms", "100000"}}), "t", "v"); }
  BOOST_CHECK(contents("t") == Strings{"0:-=v"});
}

BOOST_AUTO_TEST_CASE(a_record_for_a_missing_topic_or_partition_fails_by_name) {
  create("t");
  Deliveries deliveries;
  const auto writer = producer({}, &deliveries);
  send(*writer, "missing", "v");
  send(*writer, "t", "v", 7);
  send(*writer, "t", "v", 0);
  writer->flush(kPatience);
  BOOST_REQUIRE_EQUAL(deliveries.all.size(), 3U);
  BOOST_REQUIRE(deliveries.all[0].error);
  BOOST_CHECK(std::string(deliveries.all[0].error->what()).find("'missing'") != std::string::npos);
  BOOST_CHECK(deliveries.all[1].error);
  BOOST_CHECK(!deliveries.all[2].error);
}

BOOST_AUTO_TEST_CASE(a_producer_notices_that_a_topic_was_made_anew) {
  create("t");
  const auto writer = producer();
  send(*writer, "t", "old");
  writer->flush(kPatience);
  admin()->delete_topic("t", kPatience);
  create("t", {}, 2);
  send(*writer, "t", "new", 1);
  writer->flush(kPatience);
  BOOST_CHECK_EQUAL(writer->partitions_for("t"), 2);
  BOOST_CHECK_EQUAL(admin()->watermarks({"t", 1}, kPatience).high, 1);
  BOOST_CHECK_EQUAL(admin()->watermarks({"t", 0}, kPatience).high, 0);
}

BOOST_AUTO_TEST_CASE(a_reader_of_a_deleted_topic_gets_an_error) {
  create("t");
  write("t", "k", "v", 5);
  const auto reader = consumer();
  reader->assign({{{"t", 0}, Consumer::kOffsetBeginning}});
  (void)poll_records(*reader, 1);
  admin()->delete_topic("t", kPatience);
  std::vector<ConsumerRecord> records;
  BOOST_CHECK_EXCEPTION(reader->poll(records, 10, kPatience), BrokerException,
                        [](const auto& error) { return std::string(error.what()).find("'t'") != std::string::npos; });
}

BOOST_AUTO_TEST_CASE(a_member_of_a_deleted_topic_loses_its_partitions_and_gets_them_back_with_the_topic) {
  create("t");
  Rebalances rebalances;
  const auto reader = consumer({{"group.id", "g"}});
  reader->subscribe({"t"}, rebalances);
  poll_all_until({reader.get()}, [&] { return rebalances.owned.size() == 1; });
  admin()->delete_topic("t", kPatience);
  // The reader gets the exception once, as on Kafka.
  std::vector<ConsumerRecord> records;
  BOOST_CHECK_THROW(reader->poll(records, 1, kPatience), UnknownTopicOrPartitionException);
  BOOST_CHECK(rebalances.owned.empty());
  BOOST_CHECK_NO_THROW(reader->poll(records, 1, Millis(0)));
  create("t", {}, 2);
  poll_all_until({reader.get()}, [&] { return rebalances.owned.size() == 2; });
}

BOOST_AUTO_TEST_CASE(a_member_may_change_what_it_subscribes_to) {
  create("a");
  create("b");
  Rebalances rebalances;
  const auto reader = consumer({{"group.id", "g"}});
  reader->subscribe({"a"}, rebalances);
  poll_all_until({reader.get()}, [&] { return rebalances.owned == std::vector<TopicPartition>{{"a", 0}}; });
  reader->subscribe({"a", "b"}, rebalances);
  poll_all_until({reader.get()}, [&] { return rebalances.owned.size() == 2; });
  BOOST_CHECK(rebalances.revoked.empty());
  reader->subscribe({"b"}, rebalances);
  poll_all_until({reader.get()}, [&] { return rebalances.owned == std::vector<TopicPartition>{{"b", 0}}; });
}

BOOST_AUTO_TEST_CASE(a_new_owner_waits_for_offsets_in_open_transactions) {
  create("t");
  for (int i = 0; i < 4; ++i) write("t", "k", std::to_string(i), 5);
  const auto writer = producer({{"transactional.id", "tx"}});
  writer->init_transactions(kPatience);
  writer->begin_transaction();
  writer->send_offsets_to_transaction({{{"t", 0}, {3, std::nullopt, ""}}}, ConsumerGroupMetadata("g"));

  Rebalances rebalances;
  const auto reader = consumer({{"group.id", "g"}});
  reader->subscribe({"t"}, rebalances);
  std::vector<Seen> seen;
  poll_until(*reader, seen, [&] { return rebalances.owned.size() == 1; });
  poll_into(*reader, seen, Millis{0});
  BOOST_CHECK(seen.empty());
  BOOST_CHECK(reader->position({"t", 0}) == std::nullopt);
  writer->commit_transaction(kPatience);
  BOOST_CHECK_EQUAL(poll_records(*reader, 1).at(0).offset, 3);
}

BOOST_AUTO_TEST_CASE(a_group_with_members_refuses_offsets_of_other_clients) {
  create("t");
  Rebalances rebalances;
  const auto member = consumer({{"group.id", "g"}});
  member->subscribe({"t"}, rebalances);
  poll_all_until({member.get()}, [&] { return rebalances.owned.size() == 1; });
  const auto stranger = consumer({{"group.id", "g"}});
  BOOST_CHECK_THROW(stranger->commit_sync({{{"t", 0}, {1, std::nullopt, ""}}}), BrokerException);
  member->unsubscribe();
  BOOST_CHECK_NO_THROW(stranger->commit_sync({{{"t", 0}, {1, std::nullopt, ""}}}));
}

BOOST_AUTO_TEST_CASE(a_listener_that_throws_still_gives_up_its_partitions) {
  create("t", {}, 2);
  Rebalances first_saw;
  Rebalances second_saw;
  const auto first = consumer({{"group.id", "g"}});
  first->subscribe({"t"}, first_saw);
  poll_all_until({first.get()}, [&] { return first_saw.owned.size() == 2; });
  first_saw.before_revoke = [](const auto&) { throw std::runtime_error("listener"); };
  const auto second = consumer({{"group.id", "g"}});
  second->subscribe({"t"}, second_saw);
  std::vector<ConsumerRecord> records;
  BOOST_CHECK_EXCEPTION(first->poll(records, 1, kPatience), std::runtime_error,
                        [](const auto& error) { return std::string(error.what()) == "listener"; });
  poll_all_until({second.get()}, [&] { return second_saw.owned.size() == 1; });
}

BOOST_AUTO_TEST_CASE(a_subscription_needs_a_group_name_and_a_valid_pattern) {
  create("t");
  Rebalances rebalances;
  BOOST_CHECK_THROW(consumer()->subscribe({"t"}, rebalances), BrokerException);
  BOOST_CHECK_THROW(consumer()->commit_sync({}), BrokerException);
  BOOST_CHECK_THROW((void)consumer()->committed({{"t", 0}}, kPatience), BrokerException);
  const auto reader = consumer({{"group.id", "g"}});
  BOOST_CHECK_EXCEPTION(reader->subscribe({"^(t"}, rebalances), BrokerException,
                        [](const auto& error) { return std::string(error.what()).find("'^(t'") != std::string::npos; });
}

BOOST_AUTO_TEST_CASE(a_topic_that_allows_it_takes_records_of_many_megabytes) {
  create("t", {{"max.message.bytes", "50000000"}, {"retention.ms", "-1"}});
  const std::string large(30 << 20, 'x');
  for (const std::string& value : {std::string("before"), large, std::string("after")}) write("t", "k", value, 5);
  reopen();
  const auto found = contents("t");
  BOOST_REQUIRE_EQUAL(found.size(), 3U);
  BOOST_CHECK_EQUAL(found[0], "0:k=before");
  BOOST_CHECK_EQUAL(found[1].size(), large.size() + 4);
  BOOST_CHECK_EQUAL(found[2], "2:k=after");
}

BOOST_AUTO_TEST_CASE(deleting_records_in_the_middle_of_a_batch_hides_the_first_half) {
  create("t");
  std::vector<ProducerRecord> records(10);
  for (ProducerRecord& record : records) record.value = "v";
  write("t", records);
  admin()->delete_records({{{"t", 0}, 4}}, kPatience);
  BOOST_CHECK_EQUAL(contents("t").front(), "4:-=v");
  BOOST_CHECK_EQUAL(contents("t").size(), 6U);
  reopen();
  BOOST_CHECK_EQUAL(contents("t").front(), "4:-=v");
}

BOOST_AUTO_TEST_SUITE_END()
