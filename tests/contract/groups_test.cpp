// SPDX-License-Identifier: Apache-2.0
#define BOOST_TEST_DYN_LINK
#include <algorithm>
#include <boost/test/unit_test.hpp>

#include "contract/contract.hpp"
#include "millrace/common/errors.hpp"

using namespace millrace;
using namespace millrace::contract;

namespace {

bool fenced_or_abortable(const BrokerException& error) {
  return error.severity() == BrokerException::Severity::fenced ||
         error.severity() == BrokerException::Severity::abortable;
}

std::vector<TopicPartition> partitions_of(const std::string& topic, std::int32_t count) {
  std::vector<TopicPartition> all;
  for (std::int32_t i = 0; i < count; ++i) all.push_back({topic, i});
  return all;
}

/// The partitions of two members, sorted.
std::vector<TopicPartition> together(const Rebalances& a, const Rebalances& b) {
  std::vector<TopicPartition> all = a.owned;
  all.insert(all.end(), b.owned.begin(), b.owned.end());
  std::sort(all.begin(), all.end());
  return all;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(AGroup, Contract)

BOOST_AUTO_TEST_CASE(gives_a_single_member_all_partitions) {
  const std::string topic = this->topic(3);
  for (int p = 0; p < 3; ++p) write(topic, {"v"}, p);
  Rebalances rebalances;
  const auto reader = consumer();
  reader->subscribe({topic}, rebalances);
  BOOST_CHECK_EQUAL(poll_records(*reader, 3).size(), 3U);
  BOOST_CHECK(rebalances.owned == partitions_of(topic, 3));
  reader->unsubscribe();
  BOOST_CHECK(rebalances.owned.empty());
  BOOST_CHECK_EQUAL(rebalances.revoked.size(), 3U);
}

BOOST_AUTO_TEST_CASE(reads_the_partitions_that_the_listener_returns_including_companions) {
  const std::string lead = topic(2);
  const std::string companion = topic(2);
  write(lead, {"lead"}, 1);
  write(companion, {"companion"}, 1);
  Rebalances rebalances;
  rebalances.companions = [&](const TopicPartition& p) {
    return std::vector<TopicPartition>{{companion, p.partition}};
  };
  const auto reader = consumer();
  reader->subscribe({lead}, rebalances);
  auto seen = values(poll_records(*reader, 2));
  std::sort(seen.begin(), seen.end());
  const std::vector<std::string> expected = {"companion", "lead"};
  BOOST_TEST(seen == expected, boost::test_tools::per_element());
  for (const TopicPartition& partition : rebalances.owned) BOOST_CHECK_EQUAL(partition.topic, lead);
}

BOOST_AUTO_TEST_CASE(continues_from_the_committed_offsets_including_companions) {
  const std::string lead = topic();
  const std::string companion = topic();
  write(lead, {"l0", "l1", "l2"});
  write(companion, {"c0", "c1"});
  const std::string group = unique("group");
  Rebalances rebalances;
  rebalances.companions = [&](const TopicPartition&) { return std::vector<TopicPartition>{{companion, 0}}; };
  {
    const auto reader = consumer({{"group.id", group}});
    reader->subscribe({lead}, rebalances);
    (void)poll_records(*reader, 5);
    reader->commit_sync({{{lead, 0}, {1, std::nullopt, ""}}, {{companion, 0}, {1, std::nullopt, ""}}});
    reader->unsubscribe();
  }
  const auto reader = consumer({{"group.id", group}});
  reader->subscribe({lead}, rebalances);
  auto seen = values(poll_records(*reader, 3));
  std::sort(seen.begin(), seen.end());
  const std::vector<std::string> expected = {"c1", "l1", "l2"};
  BOOST_TEST(seen == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(remembers_offsets_with_their_metadata) {
  const std::string topic = this->topic(3);
  write(topic, {"v", "v", "v", "v", "v"});
  const std::string group = unique("group");
  const auto reader = consumer({{"group.id", group}});
  BOOST_CHECK(reader->committed(partitions_of(topic, 3), kPatience).empty());
  reader->commit_sync({{{topic, 0}, {3, std::nullopt, "AgAAAYvP5gRA"}}, {{topic, 1}, {0, std::nullopt, ""}}});
  reader->commit_sync({{{topic, 0}, {5, std::nullopt, "later"}}});

  const auto found = reader->committed(partitions_of(topic, 3), kPatience);
  BOOST_REQUIRE_EQUAL(found.size(), 2U);
  BOOST_CHECK_EQUAL(found.at({topic, 0}).offset, 5);
  BOOST_CHECK_EQUAL(found.at({topic, 0}).metadata, "later");
  BOOST_CHECK_EQUAL(found.at({topic, 1}).offset, 0);
  BOOST_CHECK_EQUAL(found.at({topic, 1}).metadata, "");

  const auto asked = admin->group_offsets(group, kPatience);
  BOOST_REQUIRE_EQUAL(asked.size(), 2U);
  BOOST_CHECK_EQUAL(asked.at({topic, 0}).offset, 5);
  BOOST_CHECK_EQUAL(asked.at({topic, 0}).metadata, "later");
  BOOST_CHECK(admin->group_offsets(unique("group"), kPatience).empty());
}

BOOST_AUTO_TEST_CASE(refuses_metadata_of_more_than_four_kilobytes) {
  const std::string topic = this->topic();
  const auto reader = consumer();
  BOOST_CHECK_NO_THROW(reader->commit_sync({{{topic, 0}, {0, std::nullopt, std::string(4096, 'm')}}}));
  BOOST_CHECK_THROW(reader->commit_sync({{{topic, 0}, {1, std::nullopt, std::string(4097, 'm')}}}), BrokerException);
  BOOST_CHECK_EQUAL(reader->committed({{topic, 0}}, kPatience).at({topic, 0}).offset, 0);
}

BOOST_AUTO_TEST_CASE(moves_companions_together_with_their_partitions) {
  const std::string lead = topic(2);
  const std::string companion = topic(2);
  const std::string group = unique("group");
  Rebalances first_saw;
  Rebalances second_saw;
  first_saw.companions = second_saw.companions = [&](const TopicPartition& p) {
    return std::vector<TopicPartition>{{companion, p.partition}};
  };
  const auto first = consumer({{"group.id", group}});
  const auto second = consumer({{"group.id", group}});
  first->subscribe({lead}, first_saw);
  poll_all_until({first.get()}, [&] { return first_saw.owned.size() == 2; });
  second->subscribe({lead}, second_saw);
  poll_all_until({first.get(), second.get()},
                 [&] { return first_saw.owned.size() == 1 && second_saw.owned.size() == 1; });

  for (int p = 0; p < 2; ++p) write(companion, {"v"}, p);
  std::vector<Seen> by_first;
  std::vector<Seen> by_second;
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (by_first.size() + by_second.size() < 2 && std::chrono::steady_clock::now() < deadline) {
    poll_into(*first, by_first);
    poll_into(*second, by_second);
  }
  BOOST_REQUIRE_EQUAL(by_first.size(), 1U);
  BOOST_REQUIRE_EQUAL(by_second.size(), 1U);
  BOOST_CHECK_EQUAL(by_first[0].partition, first_saw.owned.at(0).partition);
  BOOST_CHECK_EQUAL(by_second[0].partition, second_saw.owned.at(0).partition);
}

BOOST_AUTO_TEST_CASE(moves_only_what_it_must_when_a_member_joins_and_leaves) {
  const std::string topic = this->topic(4);
  const std::string group = unique("group");
  Rebalances first_saw;
  Rebalances second_saw;
  const auto first = consumer({{"group.id", group}});
  first->subscribe({topic}, first_saw);
  poll_all_until({first.get()}, [&] { return first_saw.owned.size() == 4; });
  {
    const auto second = consumer({{"group.id", group}});
    second->subscribe({topic}, second_saw);
    poll_all_until({first.get(), second.get()},
                   [&] { return first_saw.owned.size() == 2 && second_saw.owned.size() == 2; });
    BOOST_CHECK(together(first_saw, second_saw) == partitions_of(topic, 4));
    BOOST_CHECK_EQUAL(first_saw.revoked.size(), 2U);  // the other two were never disturbed
    BOOST_CHECK(first_saw.lost.empty());
    second->unsubscribe();
    BOOST_CHECK_EQUAL(second_saw.revoked.size(), 2U);
  }
  poll_all_until({first.get()}, [&] { return first_saw.owned.size() == 4; });
  BOOST_CHECK_EQUAL(first_saw.revoked.size(), 2U);
}

BOOST_AUTO_TEST_CASE(gives_the_partitions_of_a_destroyed_consumer_to_the_others) {
  const std::string topic = this->topic(2);
  const std::string group = unique("group");
  Rebalances first_saw;
  Rebalances second_saw;
  const auto first = consumer({{"group.id", group}});
  auto second = consumer({{"group.id", group}});
  first->subscribe({topic}, first_saw);
  second->subscribe({topic}, second_saw);
  poll_all_until({first.get(), second.get()},
                 [&] { return first_saw.owned.size() == 1 && second_saw.owned.size() == 1; });
  second.reset();
  poll_all_until({first.get()}, [&] { return first_saw.owned.size() == 2; });
}

BOOST_AUTO_TEST_CASE(lets_a_member_commit_what_it_is_about_to_lose) {
  const std::string topic = this->topic(2);
  for (int p = 0; p < 2; ++p) write(topic, {"0", "1", "2"}, p);
  const std::string group = unique("group");
  Rebalances first_saw;
  Rebalances second_saw;
  const auto first = consumer({{"group.id", group}});
  first_saw.before_revoke = [&](const std::vector<TopicPartition>& partitions) {
    for (const TopicPartition& partition : partitions)
      first->commit_sync({{partition, {2, std::nullopt, "handed over"}}});
  };
  first->subscribe({topic}, first_saw);
  std::vector<Seen> seen = poll_records(*first, 6);

  const auto second = consumer({{"group.id", group}});
  second->subscribe({topic}, second_saw);
  seen.clear();
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (seen.empty() && std::chrono::steady_clock::now() < deadline) {
    poll_all_until({first.get()}, [polls = 0]() mutable { return polls++ > 0; });
    poll_into(*second, seen);
  }
  BOOST_REQUIRE_EQUAL(seen.size(), 1U);
  BOOST_CHECK_EQUAL(seen[0].offset, 2);
  first->unsubscribe();
}

BOOST_AUTO_TEST_CASE(spreads_several_topics_over_its_members) {
  const std::string a = topic(2);
  const std::string b = topic(2);
  const std::string group = unique("group");
  Rebalances first_saw;
  Rebalances second_saw;
  const auto first = consumer({{"group.id", group}});
  const auto second = consumer({{"group.id", group}});
  first->subscribe({a, b}, first_saw);
  second->subscribe({a, b}, second_saw);
  poll_all_until({first.get(), second.get()},
                 [&] { return first_saw.owned.size() == 2 && second_saw.owned.size() == 2; });
}

BOOST_AUTO_TEST_CASE(tells_a_member_without_partitions_that_the_rebalance_is_over) {
  const std::string topic = this->topic(1);
  const std::string group = unique("group");
  Rebalances first_saw;
  Rebalances second_saw;
  const auto first = consumer({{"group.id", group}});
  const auto second = consumer({{"group.id", group}});
  first->subscribe({topic}, first_saw);
  poll_all_until({first.get()}, [&] { return first_saw.owned.size() == 1; });
  second->subscribe({topic}, second_saw);
  poll_all_until({first.get(), second.get()}, [&] { return second_saw.assigned_calls > 0; });
  BOOST_CHECK(second_saw.owned.empty());
  BOOST_CHECK_EQUAL(first_saw.owned.size(), 1U);
}

BOOST_AUTO_TEST_CASE(follows_a_pattern_to_topics_that_come_later) {
  const std::string prefix = unique("pattern");
  const auto create = [&](const std::string& name) {
    NewTopic wanted;
    wanted.name = name;
    BOOST_REQUIRE(admin->create_topic(wanted, kPatience));
  };
  create(prefix + ".a");
  create("x" + prefix + ".a");  // `^` anchors
  write(prefix + ".a", {"a"});
  write("x" + prefix + ".a", {"not me"});
  Rebalances rebalances;
  const auto reader = consumer();
  reader->subscribe({"^" + prefix + "\\.[ab]"}, rebalances);
  BOOST_CHECK_EQUAL(values(poll_records(*reader, 1)).at(0), "a");
  create(prefix + ".b");
  create(prefix + ".c");
  write(prefix + ".c", {"not me"});
  write(prefix + ".b", {"b"});
  BOOST_CHECK_EQUAL(values(poll_records(*reader, 1)).at(0), "b");
  BOOST_CHECK_EQUAL(rebalances.owned.size(), 2U);
}

BOOST_AUTO_TEST_CASE(tells_a_member_that_stopped_polling_what_it_lost) {
  const std::string topic = this->topic(1);
  const std::string group = unique("group");
  Rebalances slow_saw;
  Rebalances quick_saw;
  const auto slow = consumer({{"group.id", group}, {"max.poll.interval.ms", "6000"}, {"session.timeout.ms", "6000"}});
  slow->subscribe({topic}, slow_saw);
  poll_all_until({slow.get()}, [&] { return slow_saw.owned.size() == 1; });
  const auto quick = consumer({{"group.id", group}});
  quick->subscribe({topic}, quick_saw);
  poll_all_until({quick.get()}, [&] { return quick_saw.owned.size() == 1; });  // `slow` is not polled meanwhile
  BOOST_CHECK_EXCEPTION(slow->commit_sync({{{topic, 0}, {0, std::nullopt, ""}}}), BrokerException, fenced_or_abortable);
  // Kafka's client may report the exceeded poll interval as an error of poll() before it reports the loss.
  poll_all_until({quick.get()}, [&] {
    std::vector<Seen> seen;
    try {
      poll_into(*slow, seen, Millis{50});
    } catch (const BrokerException&) {
    }
    return slow_saw.lost.size() + slow_saw.revoked.size() == 1;
  });
  BOOST_CHECK_EQUAL(slow_saw.lost.size(), 1U);
}

BOOST_AUTO_TEST_CASE(says_which_subscribed_topic_is_missing) {
  const std::string missing = unique("missing");
  Rebalances rebalances;
  const auto reader = consumer({{"allow.auto.create.topics", "false"}});
  std::vector<Seen> seen;
  BOOST_CHECK_EXCEPTION(
      {
        reader->subscribe({missing}, rebalances);
        poll_until(*reader, seen, [&] { return !seen.empty(); });
      },
      BrokerException, [&](const auto& error) { return std::string(error.what()).find(missing) != std::string::npos; });
}

BOOST_AUTO_TEST_CASE(starts_at_the_latest_offset_by_reset_policy) {
  const std::string topic = this->topic(1);
  write(topic, {"old"});
  Rebalances rebalances;
  const auto reader = consumer({{"auto.offset.reset", "latest"}});
  reader->subscribe({topic}, rebalances);
  std::vector<Seen> seen;
  poll_until(*reader, seen, [&] { return !rebalances.owned.empty() && reader->position({topic, 0}) == 1; });
  write(topic, {"new"});
  poll_until(*reader, seen, [&] { return !seen.empty(); });
  BOOST_CHECK_EQUAL(values(seen).at(0), "new");
}

BOOST_AUTO_TEST_CASE(keeps_a_seek_made_right_after_the_assignment) {
  constexpr std::int32_t kPartitions = 10;
  const std::string topic = this->topic(kPartitions);
  for (std::int32_t p = 0; p < kPartitions; ++p) write(topic, {"zero"}, p);
  Rebalances rebalances;
  const auto reader = consumer({{"auto.offset.reset", "earliest"}});
  reader->subscribe({topic}, rebalances);
  std::vector<ConsumerRecord> none;
  while (rebalances.owned.empty()) reader->poll(none, 0, Millis(10));
  (void)reader->committed(rebalances.owned, kPatience);
  for (std::int32_t p = 0; p < kPartitions; ++p) {
    reader->seek({topic, p}, reader->query_watermarks({topic, p}, kPatience).high);
  }
  // The test must run for some time: a query for the first offset that the client sent before the seek is repeated
  // within a second, and must not undo the seek.
  std::vector<Seen> seen;
  const auto soon = std::chrono::steady_clock::now() + Millis(1500);
  poll_until(*reader, seen, [&] { return std::chrono::steady_clock::now() >= soon; });
  for (std::int32_t p = 0; p < kPartitions; ++p) write(topic, {"one"}, p);
  poll_until(*reader, seen, [&] { return seen.size() >= kPartitions; });
  BOOST_TEST(values(seen) == std::vector<std::string>(kPartitions, "one"), boost::test_tools::per_element());
}

// --- what the coordinator says about a group

BOOST_AUTO_TEST_CASE(is_described_with_the_clients_of_its_members) {
  const std::string topic = this->topic(2);
  const std::string group = unique("group");
  Rebalances first_saw;
  Rebalances second_saw;
  const auto first = consumer({{"group.id", group}, {"client.id", "first-plan-17"}});
  auto second = consumer({{"group.id", group}, {"client.id", "second"}});
  first->subscribe({topic}, first_saw);
  second->subscribe({topic}, second_saw);
  poll_all_until({first.get(), second.get()},
                 [&] { return first_saw.owned.size() == 1 && second_saw.owned.size() == 1; });
  ConsumerGroupDescription described;
  // The first member may have its partition again before the last rebalance is over.
  poll_all_until({first.get(), second.get()}, [&] {
    described = admin->describe_group(group, kPatience);
    return described.state == "Stable";
  });
  BOOST_REQUIRE_EQUAL(described.members.size(), 2U);
  const auto of = [&](const Consumer& consumer) {
    const auto found =
        std::ranges::find(described.members, consumer.group_metadata().member_id(), &MemberDescription::member_id);
    BOOST_REQUIRE(found != described.members.end());
    return *found;
  };
  BOOST_CHECK_EQUAL(of(*first).client_id, "first-plan-17");
  BOOST_CHECK(of(*first).partitions == first_saw.owned);
  BOOST_CHECK_EQUAL(of(*second).client_id, "second");
  BOOST_CHECK(of(*second).partitions == second_saw.owned);
  BOOST_CHECK(!of(*second).host.empty());
  BOOST_CHECK(described.members[0].member_id < described.members[1].member_id);

  second->unsubscribe();
  second.reset();
  poll_all_until({first.get()}, [&] { return admin->describe_group(group, kPatience).members.size() == 1; });
}

BOOST_AUTO_TEST_CASE(is_described_without_members_when_they_have_left_or_never_came) {
  const std::string topic = this->topic();
  const std::string group = unique("group");
  BOOST_CHECK_EQUAL(admin->describe_group(group, kPatience).state, "Dead");
  Rebalances rebalances;
  const auto reader = consumer({{"group.id", group}});
  reader->subscribe({topic}, rebalances);
  poll_all_until({reader.get()}, [&] { return rebalances.owned.size() == 1; });
  reader->commit_sync({{{topic, 0}, {0, std::nullopt, ""}}});
  reader->unsubscribe();
  const auto described = admin->describe_group(group, kPatience);
  BOOST_CHECK_EQUAL(described.state, "Empty");
  BOOST_CHECK(described.members.empty());
}

BOOST_AUTO_TEST_CASE(tells_a_member_its_id_and_generation) {
  const std::string topic = this->topic(2);
  const std::string group = unique("group");
  Rebalances first_saw;
  Rebalances second_saw;
  const auto first = consumer({{"group.id", group}});
  BOOST_CHECK(first->group_metadata().member_id().empty());
  BOOST_CHECK_EQUAL(first->group_metadata().generation_id(), ConsumerGroupMetadata::kUnknownGeneration);
  first->subscribe({topic}, first_saw);
  poll_all_until({first.get()}, [&] { return first_saw.owned.size() == 2; });
  const auto before = first->group_metadata();
  BOOST_CHECK(!before.member_id().empty());
  BOOST_CHECK_GE(before.generation_id(), 1);
  const auto second = consumer({{"group.id", group}});
  second->subscribe({topic}, second_saw);
  poll_all_until({first.get(), second.get()}, [&] { return second_saw.owned.size() == 1; });
  const auto after = first->group_metadata();
  BOOST_CHECK_EQUAL(after.member_id(), before.member_id());
  BOOST_CHECK_GT(after.generation_id(), before.generation_id());
  first->unsubscribe();
  BOOST_CHECK(first->group_metadata().member_id().empty());
}

BOOST_AUTO_TEST_SUITE_END()
