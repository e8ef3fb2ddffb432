// SPDX-License-Identifier: Apache-2.0
#define BOOST_TEST_DYN_LINK
#include <boost/test/unit_test.hpp>

#include "contract/embedded/embedded_fixture.hpp"

using namespace millrace;
using namespace millrace::contract;
using Strings = std::vector<std::string>;

BOOST_FIXTURE_TEST_SUITE(AfterReopening, EmbeddedFixture)

BOOST_AUTO_TEST_CASE(records_topics_and_offsets_are_there) {
  create("t", {{"retention.ms", "-1"}}, 3);
  write("t", "k", "v", 1000);
  consumer({{"group.id", "g"}})->commit_sync({{{"t", 0}, {1, 4, "meta"}}});
  reopen();
  BOOST_CHECK(contents("t") == Strings{"0:k=v"});
  BOOST_CHECK_EQUAL(admin()->describe_topic("t", kPatience)->partitions, 3);
  BOOST_CHECK_EQUAL(admin()->topic_config("t", false, kPatience).at("retention.ms"), "-1");
  const OffsetAndMetadata offset = admin()->group_offsets("g", kPatience).at({"t", 0});
  BOOST_CHECK(offset == (OffsetAndMetadata{1, 4, "meta"}));
  write("t", "k", "w", 1000);
  BOOST_CHECK((contents("t") == Strings{"0:k=v", "1:k=w"}));
}

BOOST_AUTO_TEST_CASE(changed_settings_are_there) {
  create("t", {{"retention.ms", "1000"}});
  admin()->alter_topic_config("t", {{"retention.ms", std::nullopt}, {"cleanup.policy", "compact"}}, kPatience);
  reopen();
  const auto own = admin()->topic_config("t", false, kPatience);
  BOOST_CHECK((own == std::map<std::string, std::string>{{"cleanup.policy", "compact"}}));
  BOOST_CHECK(core->topics.get("t")->settings->compact);
}

BOOST_AUTO_TEST_CASE(aborted_records_stay_hidden) {
  create("t");
  {
    const auto writer = producer({{"transactional.id", "tx"}});
    writer->init_transactions(kPatience);
    for (const bool commit : {false, true}) {
      writer->begin_transaction();
      send(*writer, "t", commit ? "committed" : "aborted");
      if (!commit) writer->flush(kPatience);
      commit ? writer->commit_transaction(kPatience) : writer->abort_transaction(kPatience);
    }
  }
  reopen();
  BOOST_CHECK(contents("t") == Strings{"2:-=committed"});
  BOOST_CHECK_EQUAL(contents("t", {{"isolation.level", "read_uncommitted"}}).size(), 2U);
}

BOOST_AUTO_TEST_CASE(a_deleted_topic_stays_deleted_and_a_new_one_of_its_name_is_empty) {
  create("t");
  write("t", "k", "old", 1000);
  consumer({{"group.id", "g"}})->commit_sync({{{"t", 0}, {1, std::nullopt, ""}}});
  admin()->delete_topic("t", kPatience);
  BOOST_CHECK(admin()->group_offsets("g", kPatience).empty());
  reopen();
  BOOST_CHECK(!admin()->describe_topic("t", kPatience));
  create("t");
  BOOST_CHECK(contents("t").empty());
  write("t", "k", "new", 1000);
  reopen();
  BOOST_CHECK(contents("t") == Strings{"0:k=new"});
}

BOOST_AUTO_TEST_CASE(offsets_are_not_given_out_again_though_all_records_were_deleted) {
  create("t");
  for (int i = 0; i < 3; ++i) write("t", "k", "v", 1000);
  admin()->delete_records({{{"t", 0}, 3}}, kPatience);
  reopen();
  BOOST_CHECK_EQUAL(admin()->watermarks({"t", 0}, kPatience).low, 3);
  write("t", "k", "next", 1000);
  BOOST_CHECK(contents("t") == Strings{"3:k=next"});
}

BOOST_AUTO_TEST_CASE(records_beyond_the_memory_limit_are_read_from_disk) {
  create("t", {{"retention.ms", "-1"}});
  constexpr int kRecords = 60000;  // about three times Core::kTailBytes
  {
    const auto writer = producer();
    for (int i = 0; i < kRecords; ++i) {
      std::string value = std::to_string(i);
      value.resize(800, static_cast<char>('a' + i % 26));
      send(*writer, "t", value);
    }
    writer->flush(kPatience);
  }
  for (const bool reopened : {false, true}) {
    if (reopened) reopen();
    const auto reader = consumer();
    reader->assign({{{"t", 0}, Consumer::kOffsetBeginning}});
    int next = 0;
    std::vector<ConsumerRecord> records;
    while (next < kRecords) {
      records.clear();
      reader->poll(records, 500, kPatience);
      BOOST_REQUIRE(!records.empty());
      for (const ConsumerRecord& record : records) {
        BOOST_REQUIRE_EQUAL(record.offset, next);
        BOOST_REQUIRE(record.value->starts_with(std::to_string(next)));
        BOOST_REQUIRE_EQUAL(record.value->back(), static_cast<char>('a' + next % 26));
        ++next;
      }
    }
    reader->seek({"t", 0}, kRecords / 2 + 1);
    records.clear();
    reader->poll(records, 1, kPatience);
    BOOST_REQUIRE_EQUAL(records.size(), 1U);
    BOOST_CHECK_EQUAL(records[0].offset, kRecords / 2 + 1);
  }
}

BOOST_AUTO_TEST_SUITE_END()
