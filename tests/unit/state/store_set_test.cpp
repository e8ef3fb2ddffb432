// SPDX-License-Identifier: Apache-2.0
// How the stores of a task are restored, discarded and emptied.
#define BOOST_TEST_DYN_LINK
#include "state/store_set.hpp"

#include <boost/test/unit_test.hpp>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "millrace/common/errors.hpp"
#include "millrace/serde/primitives.hpp"
#include "millrace/state/detail/formats.hpp"
#include "millrace/state/stores.hpp"
#include "state/state_memory.hpp"
#include "unit/state/temp_directory.hpp"

namespace millrace::detail {

namespace {

using S = std::string;

const TopicPartition kCounts{"app-counts-changelog", 0};
const TopicPartition kSource{"table", 0};

S text(BytesView bytes) { return bytes ? S(*bytes) : "(none)"; }

StorePlan plan(const StoreBuilder& builder, std::vector<TopicPartition> changelogs, bool from_source = false) {
  return {shared_store(builder), definition_of(builder).spec.persistent, std::move(changelogs), from_source};
}
StorePlan counts(StoreMedium medium = StoreMedium::rocksdb) {
  return plan(Stores::key_value_store<S, S>("counts", medium), {kCounts});
}
/// The store "counts" as the table of the topic "table".
StorePlan table() {
  StorePlan table = counts();
  table.table_of = kSource;
  return table;
}
StorePlan windows(StoreMedium medium, bool duplicates) {
  return plan(Stores::window_store<S, S>("windows", Millis(60'000), Millis(1000), duplicates, medium),
              {{"app-windows-changelog", 0}});
}
StorePlan sessions(StoreMedium medium) {
  return plan(Stores::session_store<S, S>("sessions", Millis(60'000), medium), {{"app-sessions-changelog", 0}});
}

/// A directory in which tests open store sets of task 0_0, also several times in turn.
struct Fixture {
  std::unique_ptr<StoreSet> open(std::vector<StorePlan> plans) const {
    return std::make_unique<StoreSet>("task 0_0", std::move(plans), directory.path(),
                                      std::make_shared<StateMemory>(DatabaseOptions()));
  }
  std::unique_ptr<StoreSet> open_elsewhere(std::vector<StorePlan> plans) const {
    return std::make_unique<StoreSet>("task 0_0", std::move(plans), directory.path() / "elsewhere",
                                      std::make_shared<StateMemory>(DatabaseOptions()));
  }
  const TempDirectory directory;
};

RestoreRecord record(std::string_view key, std::string_view value) { return {key, value, 1, nullptr}; }

KeyValueBytesStore& key_value(StoreSet& set, const S& store) { return *set.bytes(store).key_value; }

}  // namespace

BOOST_FIXTURE_TEST_SUITE(StoreSets, Fixture)

BOOST_AUTO_TEST_CASE(restoring_goes_on_from_the_last_batch_that_was_applied) {
  {
    const auto set = open({counts()});
    StorePosition& position = set->positions().front();
    BOOST_TEST(!position.next_offset().has_value());
    set->begin_restore({{kCounts, {3, 20}}});
    BOOST_TEST(position.next_offset().value() == Offset(3));
    set->restore(position, std::vector{record("a", "1"), record("b", "2")}, Offset(9));
    BOOST_TEST(position.next_offset().value() == Offset(9));
  }
  {
    const auto set = open({counts()});
    StorePosition& position = set->positions().front();
    set->begin_restore({{kCounts, {3, 20}}});
    BOOST_TEST(position.next_offset().value() == Offset(9));
    BOOST_TEST(text(key_value(*set, "counts").get("a")) == "1");
    set->finish_restore(position, Offset(20));
  }
  BOOST_TEST(open({counts()})->positions().front().next_offset().value() == Offset(20));
}

BOOST_AUTO_TEST_CASE(empty_a_store_whose_position_is_no_longer_in_the_changelog) {
  for (const StoreMedium medium : {StoreMedium::rocksdb, StoreMedium::in_memory}) {
    for (const Watermarks held : {Watermarks{10, 20}, Watermarks{0, 4}}) {
      const auto set = open({counts(medium)});
      set->wipe("counts");
      set->begin_restore({{kCounts, {0, 9}}});
      set->restore(set->positions().front(), std::vector{record("a", "1")}, Offset(9));
      set->begin_restore({{kCounts, held}});
      BOOST_TEST(text(key_value(*set, "counts").get("a")) == "(none)");
      BOOST_TEST(set->positions().front().next_offset().value() == Offset(held.low));
    }
  }
}

BOOST_AUTO_TEST_CASE(keep_a_complete_store_whose_changelog_was_made_anew) {
  for (const Watermarks held : {Watermarks{0, 4}, Watermarks{0, 20}}) {
    for (const bool complete : {true, false}) {
      const auto set = open({counts()});
      set->wipe("counts");
      StorePosition& position = set->positions().front();
      set->begin_restore({{kCounts, {0, 9}}});
      set->restore(position, std::vector{record("a", "1")}, {Offset(9), LogProof{8, 1}});
      set->begin_restore({{kCounts, held}}, {.made_anew = {kCounts}, .complete = complete});
      BOOST_TEST(set->rewrites(position) == complete);
      BOOST_TEST(text(key_value(*set, "counts").get("a")) == (complete ? "1" : "(none)"));
      // Until the new records are confirmed, the old position shows that the changelog is not complete.
      if (complete) BOOST_TEST((position.proof() == LogProof{8, 1}));
      set->advance(position, Offset(30));
      BOOST_TEST(!set->rewrites(position));
      BOOST_TEST(!position.proof().has_value());
    }
  }
}

BOOST_AUTO_TEST_CASE(keep_the_proof_while_the_position_moves_without_a_record) {
  const auto set = open({counts()});
  StorePosition& position = set->positions().front();
  set->begin_restore({{kCounts, {0, 9}}});
  set->restore(position, std::vector{record("a", "1")}, {Offset(8), LogProof{7, 1}});
  set->finish_restore(position, Offset(9));
  BOOST_TEST((position.proof() == LogProof{7, 1}));
  set->advance(position, {Offset(12), LogProof{11, 2}});
  BOOST_TEST((position.proof() == LogProof{11, 2}));
  set->discard();
  BOOST_TEST((position.proof() == LogProof{7, 1}));
}

BOOST_AUTO_TEST_CASE(wipe_a_store_of_a_source_topic_with_its_position) {
  const auto set = open({plan(Stores::key_value_store<S, S>("counts"), {kSource}, true)});
  set->begin_restore({{kSource, {0, 9}}});
  set->restore(set->positions().front(), std::vector{record("a", "1")}, Offset(9));
  set->wipe("counts");
  BOOST_TEST(!set->positions().front().next_offset().has_value());
  set->discard();  // back to what the database knows
  BOOST_TEST(!set->positions().front().next_offset().has_value());
}

BOOST_AUTO_TEST_CASE(empty_a_store_of_several_partitions_if_one_does_not_fit) {
  const TopicPartition other{"table", 1};
  const auto set = open({plan(Stores::key_value_store<S, S>("counts"), {kSource, other}, true)});
  set->begin_restore({{kSource, {0, 9}}, {other, {0, 5}}});
  set->restore(set->positions()[0], std::vector{record("a", "1")}, Offset(9));
  set->restore(set->positions()[1], std::vector{record("b", "1")}, Offset(5));
  set->begin_restore({{kSource, {0, 9}}, {other, {0, 3}}});
  BOOST_TEST(set->positions()[0].next_offset().value() == Offset(0));
  BOOST_TEST(set->positions()[1].next_offset().value() == Offset(0));
  BOOST_TEST(text(key_value(*set, "counts").get("a")) == "(none)");
}

BOOST_AUTO_TEST_CASE(discarding_takes_data_and_positions_back_to_the_last_commit) {
  const auto set = open({counts()});
  StorePosition& position = set->positions().front();
  key_value(*set, "counts").put("a", "1");
  set->advance(position, Offset(7));
  set->commit();
  key_value(*set, "counts").put("a", "2");
  set->advance(position, Offset(8));
  BOOST_TEST(set->uncommitted_bytes() > 0);
  set->discard();
  BOOST_TEST(set->uncommitted_bytes() == 0);
  BOOST_TEST(text(key_value(*set, "counts").get("a")) == "1");
  BOOST_TEST(position.next_offset().value() == Offset(7));
}

BOOST_AUTO_TEST_CASE(empty_stores_in_memory_on_discard) {
  for (const bool duplicates : {false, true}) {
    const auto set = open({counts(StoreMedium::in_memory), windows(StoreMedium::in_memory, duplicates),
                           sessions(StoreMedium::in_memory), plan(Stores::lru_map<S, S>("lru", 1), {})});
    key_value(*set, "counts").put("a", "1");
    set->bytes("windows").window->put("a", "1", 50'000);
    set->bytes("sessions").session->put("a", {5, 50'000}, "1");
    key_value(*set, "lru").put("a", "1");
    for (StorePosition& position : set->positions()) set->advance(position, Offset(7));
    set->commit();
    BOOST_TEST(set->positions().front().next_offset().value() == Offset(7));
    set->discard();
    BOOST_TEST(text(key_value(*set, "counts").get("a")) == "(none)");
    BOOST_TEST(!set->bytes("windows").window->fetch("a", 0, 60'000, true)->valid());
    BOOST_TEST(set->bytes("windows").window->observed_stream_time() == kNoTimestamp);
    BOOST_TEST(!set->bytes("sessions").session->find_sessions("a", {0, 60'000}, true)->valid());
    BOOST_TEST(text(key_value(*set, "lru").get("a")) == "(none)");
    for (const StorePosition& position : set->positions()) BOOST_TEST(!position.next_offset().has_value());
    // The store is as new: the first duplicate gets the number 1, and an old window is not expired.
    BOOST_TEST(set->bytes("windows").window->put("a", "1", 5) == Sequence(duplicates ? 1 : 0));
    BOOST_TEST(set->bytes("windows").window->fetch("a", 0, 60'000, true)->valid());
  }
}

BOOST_AUTO_TEST_CASE(reset_an_emptied_versioned_store_completely) {
  StoreBuilder builder = Stores::persistent_versioned_key_value_store<S, S>("versions", Millis(1000));
  definition_of(builder).spec.persistent = false;
  const auto set = open({plan(builder, {})});
  VersionedBytesStore& versions = *set->bytes("versions").versioned;
  versions.put("a", "1", 50'000);
  set->discard();
  BOOST_TEST(versions.observed_stream_time() == kNoTimestamp);
  BOOST_TEST(!versions.get("a").has_value());
}

BOOST_AUTO_TEST_CASE(restore_timestamped_values_with_the_record_s_timestamp) {
  StoreBuilder builder = Stores::key_value_store<S, S>("counts");
  definition_of(builder).spec.format = ValueFormat::timestamped;
  const auto set = open({plan(builder, {kCounts})});
  set->restore(set->positions().front(), std::vector{record("a", "v")}, Offset(1));
  const S stored = text(key_value(*set, "counts").get("a"));
  BOOST_TEST(formats::read_timestamped_value(stored).timestamp == 1);
  BOOST_TEST(formats::read_timestamped_value(stored).value == "v");
}

BOOST_AUTO_TEST_CASE(name_store_and_key_of_a_record_that_is_not_theirs) {
  for (const StoreMedium medium : {StoreMedium::rocksdb, StoreMedium::in_memory}) {
    const auto set = open({windows(medium, false)});
    StorePosition& position = set->positions().front();
    set->begin_restore({{position.changelog(), {0, 10}}});
    S key = "good";
    formats::append_be64(key, 1000);  // a window's start, and a sequence number
    formats::append_be32(key, 0);
    const std::vector<RestoreRecord> records{record(key, "v"), record("strange\n", "value")};
    BOOST_CHECK_EXCEPTION(set->restore(position, records, Offset(2)), SerializationException, [](const auto& error) {
      const S what = error.what();
      return what.find("store 'windows' of task 0_0") != S::npos && what.find("app-windows-changelog-0") != S::npos &&
             what.find("'strange\\x0a' (8 bytes)") != S::npos && what.find("a value of 5 bytes") != S::npos;
    });
    set->flush_to_disk();
  }
}

BOOST_AUTO_TEST_CASE(unlogged_stores_have_no_position_and_keep_their_data) {
  {
    const auto set = open({plan(Stores::key_value_store<S, S>("counts"), {})});
    BOOST_TEST(set->positions().empty());
    key_value(*set, "counts").put("a", "1");
    set->commit();
  }
  const auto set = open({plan(Stores::key_value_store<S, S>("counts"), {})});
  BOOST_TEST(text(key_value(*set, "counts").get("a")) == "1");
}

// --- filling: the changelog of a table lacks what its topic has

BOOST_AUTO_TEST_CASE(fill_a_table_whose_changelog_is_empty) {
  const auto set = open({table()});
  set->begin_restore({{kCounts, {0, 0}}, {kSource, {2, 9}}});
  StorePosition& position = set->positions().front();
  BOOST_TEST(set->fills(position));
  BOOST_TEST(!position.next_offset().has_value());
  set->fill(position, std::vector{record("a", "1")});
  BOOST_TEST(text(key_value(*set, "counts").get("a")) == "1");
  set->advance(position, Offset(1));
  set->commit();
  BOOST_TEST(!set->fills(position));
}

BOOST_AUTO_TEST_CASE(begin_to_fill_again_if_it_was_interrupted) {
  {
    const auto set = open({table()});
    set->begin_restore({{kCounts, {0, 0}}, {kSource, {2, 9}}});
    set->fill(set->positions().front(), std::vector{record("a", "1")});
    set->commit();  // a commit during the filling, for example because another task of the thread commits
  }
  const auto set = open({table()});
  // The changelog has a part of the rows now.
  set->begin_restore({{kCounts, {0, 1}}, {kSource, {2, 9}}});
  BOOST_TEST(set->fills(set->positions().front()));
  BOOST_TEST(text(key_value(*set, "counts").get("a")) == "(none)");
  set->fill(set->positions().front(), std::vector{record("b", "1")});
  set->discard();
  set->begin_restore({{kCounts, {0, 2}}, {kSource, {2, 9}}});
  BOOST_TEST(set->fills(set->positions().front()));
}

BOOST_AUTO_TEST_CASE(fill_a_table_that_was_restored_from_its_topic_before) {
  {
    const auto set = open({plan(Stores::key_value_store<S, S>("counts"), {kSource}, true)});
    set->begin_restore({{kSource, {0, 9}}});
    set->restore(set->positions().front(), std::vector{record("a", "1")}, Offset(9));
  }
  const auto set = open({table()});
  set->begin_restore({{kCounts, {0, 4}}, {kSource, {0, 9}}});  // the changelog is older than the store's data
  BOOST_TEST(set->fills(set->positions().front()));
}

BOOST_AUTO_TEST_CASE(fill_no_table_whose_topic_is_all_input_or_whose_changelog_has_records) {
  const auto set = open({table()});
  set->begin_restore({{kCounts, {0, 0}}, {kSource, {2, 2}}});
  BOOST_TEST(!set->fills_any());
  BOOST_TEST(set->positions().front().next_offset().value() == Offset(0));
  const auto other = open_elsewhere({table()});
  other->begin_restore({{kCounts, {0, 3}}, {kSource, {0, 9}}});
  BOOST_TEST(!other->fills_any());
}

// --- stores that cannot be restored

BOOST_AUTO_TEST_CASE(name_stores_without_a_changelog_that_begin_empty) {
  using Names = std::set<S>;
  const auto unlogged = plan(Stores::key_value_store<S, S>("disk"), {});
  const auto memory = plan(Stores::key_value_store<S, S>("memory", StoreMedium::in_memory), {});
  {
    const auto set = open({counts(), unlogged, memory});
    BOOST_TEST((set->take_emptied() == Names{"disk", "memory"}));
    BOOST_TEST(set->take_emptied().empty());
    set->commit();
    set->discard();
    BOOST_TEST((set->take_emptied() == Names{"memory"}));
    BOOST_TEST((set->unlogged_on_disk() == std::vector<S>{"disk"}));
  }
  BOOST_TEST((open({counts(), unlogged, memory})->take_emptied() == Names{"memory"}));
  const auto windowed = plan(Stores::window_store<S, S>("disk", Millis(60'000), Millis(1000)), {});
  BOOST_TEST((open({counts(), windowed})->take_emptied() == Names{"disk"}));
}

// --- the types of keys and values

BOOST_AUTO_TEST_CASE(refuse_a_store_whose_changelog_has_something_else) {
  using Long = std::int64_t;
  (void)open({plan(Stores::key_value_store<S, Long>("counts"), {kCounts})});
  const auto refused = [&](const StoreBuilder& builder) {
    BOOST_CHECK_EXCEPTION((void)open({plan(builder, {kCounts})}), TopologyException, [](const auto& error) {
      return S(error.what()).find("store 'counts' of task 0_0 had ") != S::npos;
    });
  };
  refused(Stores::key_value_store<S, S>("counts"));
  refused(Stores::key_value_store<S, int>("counts"));
  refused(Stores::key_value_store<Long, Long>("counts"));
  refused(Stores::timestamped_key_value_store<S, S>("counts"));
  refused(Stores::window_store<S, Long>("counts", Millis(60'000), Millis(1000)));
  refused(Stores::session_store<S, Long>("counts", Millis(60'000)));
  // Other kinds of stores with the same changelog format.
  (void)open({plan(Stores::timestamped_key_value_store<S, Long>("counts"), {kCounts})});
  (void)open({plan(Stores::persistent_versioned_key_value_store<S, Long>("counts", Millis(60'000)), {kCounts})});
  (void)open({plan(Stores::key_value_store<S, std::optional<Long>>("counts"), {kCounts})});
}

BOOST_AUTO_TEST_CASE(empty_a_store_that_has_something_else_and_no_changelog_of_its_own) {
  for (const bool from_source : {false, true}) {
    const std::vector<TopicPartition> changelogs = from_source ? std::vector{kSource} : std::vector<TopicPartition>();
    const S name = from_source ? "table" : "unlogged";
    {
      const auto set = open({plan(Stores::key_value_store<S, S>(name), changelogs, from_source)});
      key_value(*set, name).put("a", "1");
      set->commit();
    }
    const auto set = open({plan(Stores::key_value_store<S, std::int64_t>(name), changelogs, from_source)});
    BOOST_TEST(text(key_value(*set, name).get("a")) == "(none)");
    BOOST_TEST(set->take_emptied().size() == (from_source ? 0U : 1U));
  }
}

BOOST_AUTO_TEST_CASE(take_a_store_of_a_database_that_does_not_say_what_it_has) {
  {
    auto database = TaskDatabase::open(directory.path());
    auto store = database->key_value_store("counts");
    store->put("a", "1");
    database->commit({{"counts", {{kCounts, Offset(7)}}}});
  }
  BOOST_TEST(open({counts()})->positions().front().next_offset().value() == Offset(7));
  BOOST_CHECK_THROW((void)open({plan(Stores::key_value_store<S, int>("counts"), {kCounts})}), TopologyException);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace millrace::detail
