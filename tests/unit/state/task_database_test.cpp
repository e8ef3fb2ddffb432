// SPDX-License-Identifier: Apache-2.0
// The RocksDB database of a task: commits, formats, damage.
#define BOOST_TEST_DYN_LINK
#include "state/task_database.hpp"

#include <rocksdb/db.h>

#include <boost/test/unit_test.hpp>
#include <fstream>
#include <memory>
#include <string>

#include "millrace/state/detail/formats.hpp"
#include "state/rocksdb/layout.hpp"
#include "unit/state/temp_directory.hpp"

namespace millrace::detail {

namespace {

const TopicPartition kChangelog{"app-counts-changelog", 0};
const TopicPartition kOther{"app-other-changelog", 0};

std::string text(BytesView bytes) { return bytes ? std::string(*bytes) : "(none)"; }

std::string be32(std::uint32_t number) {
  std::string out;
  formats::append_be32(out, number);
  return out;
}

/// Opens the database with RocksDB directly, to change its metadata by hand.
class RawDatabase {
 public:
  explicit RawDatabase(const std::filesystem::path& directory) {
    std::vector<std::string> names;
    require(rocksdb::DB::ListColumnFamilies({}, directory.string(), &names));
    std::vector<rocksdb::ColumnFamilyDescriptor> families;
    for (const std::string& name : names) families.emplace_back(name, rocksdb::ColumnFamilyOptions());
    rocksdb::DB* db = nullptr;
    require(rocksdb::DB::Open({}, directory.string(), families, &handles_, &db));
    db_.reset(db);
  }
  RawDatabase(const RawDatabase&) = delete;
  RawDatabase& operator=(const RawDatabase&) = delete;
  ~RawDatabase() {
    for (auto* handle : handles_) (void)db_->DestroyColumnFamilyHandle(handle);
  }

  void put(const std::string& key, const std::string& value) { require(db_->Put({}, key, value)); }
  bool has(const std::string& key) {
    std::string value;
    return db_->Get({}, key, &value).ok();
  }

 private:
  static void require(const rocksdb::Status& status) {
    if (!status.ok()) throw std::runtime_error(status.ToString());
  }

  std::unique_ptr<rocksdb::DB> db_;
  std::vector<rocksdb::ColumnFamilyHandle*> handles_;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(TaskDatabases)

BOOST_AUTO_TEST_CASE(a_commit_survives_reopening_and_the_rest_does_not) {
  const TempDirectory directory;
  {
    auto database = TaskDatabase::open(directory.path() / "0_0");
    auto store = database->key_value_store("counts");
    BOOST_TEST(!database->position("counts", kChangelog).has_value());
    store->put("a", "1");
    BOOST_TEST(database->uncommitted_bytes() > 0);
    database->commit({{"counts", {{kChangelog, Offset(7)}}}});
    BOOST_TEST(database->uncommitted_bytes() == 0);
    store->put("b", "2");
    BOOST_TEST(text(store->get("b")) == "2");
  }
  auto database = TaskDatabase::open(directory.path() / "0_0");
  auto store = database->key_value_store("counts");
  BOOST_TEST(text(store->get("a")) == "1");
  BOOST_TEST(text(store->get("b")) == "(none)");
  BOOST_TEST(database->position("counts", kChangelog).value() == Offset(7));
}

BOOST_AUTO_TEST_CASE(a_commit_keeps_the_offsets_that_it_does_not_name) {
  const TempDirectory directory;
  {
    auto database = TaskDatabase::open(directory.path());
    database->commit({{"counts", {{kChangelog, Offset(7)}}}});
    database->commit({{"other", {{kOther, Offset(3)}}}});
    BOOST_TEST(database->position("counts", kChangelog).value() == Offset(7));
  }
  auto database = TaskDatabase::open(directory.path());
  BOOST_TEST(database->position("counts", kChangelog).value() == Offset(7));
  BOOST_TEST(database->position("other", kOther).value() == Offset(3));
}

BOOST_AUTO_TEST_CASE(discarding_brings_the_last_commit_back) {
  const TempDirectory directory;
  auto database = TaskDatabase::open(directory.path());
  auto counts = database->key_value_store("counts");
  auto windows = database->window_store("windows", {600'000, 1000, false});
  counts->put("a", "1");
  windows->put("k", "w1", 1000);
  database->commit({});
  counts->put("a", "2");
  counts->put("b", "2");
  windows->put("k", "w2", 1000);
  windows->put("k", "w3", 900'000);
  BOOST_TEST(text(windows->fetch("k", 1000)) == "(none)");
  database->discard();
  BOOST_TEST(text(counts->get("a")) == "1");
  BOOST_TEST(text(counts->get("b")) == "(none)");
  BOOST_TEST(text(windows->fetch("k", 1000)) == "w1");
  BOOST_TEST(windows->observed_stream_time() == 1000);
}

BOOST_AUTO_TEST_CASE(a_second_database_on_the_same_directory_is_refused) {
  const TempDirectory directory;
  auto database = TaskDatabase::open(directory.path());
  BOOST_CHECK_EXCEPTION((void)TaskDatabase::open(directory.path()), LockException, [&](const LockException& error) {
    return std::string(error.what()).find(directory.path().string()) != std::string::npos;
  });
}

BOOST_AUTO_TEST_CASE(a_store_is_opened_once_at_a_time) {
  const TempDirectory directory;
  auto database = TaskDatabase::open(directory.path());
  auto store = database->key_value_store("counts");
  BOOST_CHECK_THROW((void)database->key_value_store("counts"), ProcessorStateException);
  BOOST_CHECK_THROW((void)database->window_store("counts", {60'000, 1, false}), ProcessorStateException);
  store.reset();
  store = database->key_value_store("counts");
  BOOST_TEST(store->name() == "counts");
}

BOOST_AUTO_TEST_CASE(a_store_may_outlive_its_database) {
  const TempDirectory directory;
  auto database = TaskDatabase::open(directory.path());
  auto counts = database->key_value_store("counts");
  auto windows = database->window_store("windows", {600'000, 1000, true});
  counts->put("a", "1");
  windows->put("a", "1", 5);
  database.reset();
  database = TaskDatabase::open(directory.path());
  counts.reset();
  windows.reset();
  BOOST_TEST(!database->position("counts", kChangelog).has_value());
}

BOOST_AUTO_TEST_CASE(wiping_a_store_deletes_its_data_and_its_offset_and_nothing_else) {
  const TempDirectory directory;
  {
    auto database = TaskDatabase::open(directory.path());
    auto counts = database->key_value_store("counts");
    auto other = database->key_value_store("other");
    counts->put("a", "1");
    other->put("a", "1");
    database->commit({{"counts", {{kChangelog, Offset(7)}}}, {"other", {{kOther, Offset(8)}}}});
    counts->put("b", "2");
    other->put("b", "2");
    database->wipe("counts");
    BOOST_TEST(text(counts->get("a")) == "(none)");
    BOOST_TEST(text(counts->get("b")) == "(none)");
    BOOST_TEST(text(other->get("b")) == "2");
    BOOST_TEST(!database->position("counts", kChangelog).has_value());
    BOOST_TEST(database->position("other", kOther).value() == Offset(8));
    counts->put("c", "3");
    database->commit({{"counts", {{kChangelog, Offset(1)}}}});
  }
  auto database = TaskDatabase::open(directory.path());
  auto counts = database->key_value_store("counts");
  BOOST_TEST(text(counts->get("a")) == "(none)");
  BOOST_TEST(text(counts->get("c")) == "3");
  BOOST_TEST(database->position("counts", kChangelog).value() == Offset(1));
}

BOOST_AUTO_TEST_CASE(keep_a_store_whose_name_ends_in_that_of_a_wiped_one) {
  const TempDirectory directory;
  const TopicPartition of_b4{"app-b4-changelog", 0};
  const TopicPartition of_a_b4{"app-a-b4-changelog", 0};
  const auto check = [&](const TaskDatabase& database) {
    BOOST_TEST(!database.position("b4", of_b4).has_value());
    BOOST_TEST(database.position("a-b4", of_a_b4).value() == Offset(8));
  };
  {
    auto database = TaskDatabase::open(directory.path());
    auto b4 = database->key_value_store("b4");
    auto a_b4 = database->key_value_store("a-b4");
    database->commit({{"b4", {{of_b4, Offset(7)}}}, {"a-b4", {{of_a_b4, Offset(8)}}}});
    database->wipe("b4");
    check(*database);
  }
  check(*TaskDatabase::open(directory.path()));
}

BOOST_AUTO_TEST_CASE(wiping_a_store_forgets_its_positions_in_every_topic) {
  const TempDirectory directory;
  {
    auto database = TaskDatabase::open(directory.path());
    auto counts = database->key_value_store("counts");
    database->commit({{"counts", {{{"table", 0}, Offset(7)}, {{"table", 1}, Offset(8)}}}});
    database->wipe("counts");
    BOOST_TEST(!database->position("counts", {"table", 0}).has_value());
  }
  auto database = TaskDatabase::open(directory.path());
  BOOST_TEST(!database->position("counts", {"table", 0}).has_value());
  BOOST_TEST(!database->position("counts", {"table", 1}).has_value());
}

BOOST_AUTO_TEST_CASE(a_store_that_is_rebuilt_from_another_topic_than_before_starts_empty) {
  const TempDirectory directory;
  const auto open = [&](const std::vector<TopicPartition>& changelogs) {
    auto database = TaskDatabase::open(directory.path());
    database->expect_changelogs("counts", changelogs);
    auto store = database->key_value_store("counts");
    const std::string found = text(store->get("a"));
    store->put("a", "1");
    database->commit({{"counts", {{changelogs.front(), Offset(7)}}}});
    return found;
  };
  BOOST_TEST(open({kChangelog}) == "(none)");
  BOOST_TEST(open({kChangelog}) == "1");
  BOOST_TEST(open({{"table", 0}}) == "(none)");
  BOOST_TEST(open({{"table", 0}, {"table", 1}}) == "1");  // one more partition
  BOOST_TEST(!TaskDatabase::open(directory.path())->position("counts", kChangelog).has_value());
}

BOOST_AUTO_TEST_CASE(read_format_1_and_assign_its_offsets_to_stores) {
  const TempDirectory directory;
  {
    auto database = TaskDatabase::open(directory.path());
    auto store = database->key_value_store("counts");
    store->put("a", "1");
    database->commit({});
    database->flush();
  }
  {
    RawDatabase raw(directory.path());
    raw.put("format", be32(1));
    raw.put(layout::offset_key(kChangelog), std::string("\0\0\0\0\0\0\0\7", 8));
    raw.put(layout::offset_key(kOther), std::string("\0\0\0\0\0\0\0\3", 8));
  }
  {
    auto database = TaskDatabase::open(directory.path());
    BOOST_TEST(!database->position("counts", kChangelog).has_value());
    database->expect_changelogs("counts", {kChangelog});
    auto store = database->key_value_store("counts");
    BOOST_TEST(database->position("counts", kChangelog).value() == Offset(7));
    BOOST_TEST(text(store->get("a")) == "1");
    database->wipe("counts");
    BOOST_TEST(!database->position("counts", kChangelog).has_value());
    database->expect_changelogs("more", {kChangelog});
    BOOST_TEST(!database->position("more", kChangelog).has_value());  // the position belonged to one store
  }
  {
    // The other store is opened for the first time two starts later.
    auto database = TaskDatabase::open(directory.path());
    database->expect_changelogs("counts", {kChangelog});
    BOOST_TEST(!database->position("counts", kChangelog).has_value());
    database->expect_changelogs("other", {kOther});
    BOOST_TEST(database->position("other", kOther).value() == Offset(3));
    database->flush();
  }
  RawDatabase raw(directory.path());
  BOOST_TEST(!raw.has(layout::offset_key(kChangelog)));
  BOOST_TEST(!raw.has(layout::offset_key(kOther)));
  BOOST_TEST(raw.has(layout::position_key("other", kOther)));
}

BOOST_AUTO_TEST_CASE(read_format_2_whose_positions_have_no_proof) {
  const TempDirectory directory;
  {
    auto database = TaskDatabase::open(directory.path());
    auto store = database->key_value_store("counts");
    store->put("a", "1");
    database->commit({{"counts", {{kChangelog, {Offset(7), LogProof{6, 5}}}}}});
    database->flush();
  }
  {
    RawDatabase raw(directory.path());
    raw.put("format", be32(2));
    raw.put(layout::position_key("counts", kChangelog), std::string("\0\0\0\0\0\0\0\7", 8));
  }
  auto database = TaskDatabase::open(directory.path());
  database->expect_changelogs("counts", {kChangelog});
  BOOST_TEST(database->position("counts", kChangelog).value() == Offset(7));
  BOOST_TEST(!database->proof("counts", kChangelog).has_value());
  BOOST_TEST(text(database->key_value_store("counts")->get("a")) == "1");
}

BOOST_AUTO_TEST_CASE(keep_the_proof_of_a_position) {
  const TempDirectory directory;
  const LogProof proof{6, 0xfedcba9876543210ULL};
  {
    auto database = TaskDatabase::open(directory.path());
    database->commit({{"counts", {{kChangelog, {Offset(7), proof}}}}});
    BOOST_TEST((database->proof("counts", kChangelog) == proof));
  }
  {
    auto database = TaskDatabase::open(directory.path());
    BOOST_TEST((database->proof("counts", kChangelog) == proof));
    database->wipe("counts");
    BOOST_TEST(!database->proof("counts", kChangelog).has_value());
  }
  BOOST_TEST(!layout::read_position("0123456789abcdef").has_value());
}

BOOST_AUTO_TEST_CASE(refuse_an_unknown_format_as_damaged) {
  const TempDirectory directory;
  (void)TaskDatabase::open(directory.path());
  for (const std::uint32_t format : {layout::kFormatVersion + 1, 0u}) {
    RawDatabase(directory.path()).put("format", be32(format));
    BOOST_CHECK_THROW((void)TaskDatabase::open(directory.path()), StateCorruptedException);
  }
}

BOOST_AUTO_TEST_CASE(a_store_that_changed_its_kind_or_retention_starts_empty) {
  const TempDirectory directory;
  {
    auto database = TaskDatabase::open(directory.path());
    auto store = database->key_value_store("counts");
    store->put("a", "1");
    database->commit({{"counts", {{kChangelog, Offset(7)}}}});
  }
  {
    auto database = TaskDatabase::open(directory.path());
    auto store = database->window_store("counts", {600'000, 1000, false});
    BOOST_TEST(!database->position("counts", kChangelog).has_value());
    store->put("a", "1", 5);
    database->commit({{"counts", {{kChangelog, Offset(8)}}}});
  }
  {
    auto database = TaskDatabase::open(directory.path());
    auto store = database->window_store("counts", {600'000, 1000, false});
    BOOST_TEST(text(store->fetch("a", 5)) == "1");
    BOOST_TEST(database->position("counts", kChangelog).value() == Offset(8));
  }
  auto database = TaskDatabase::open(directory.path());
  auto store = database->window_store("counts", {6'000'000, 1000, false});
  BOOST_TEST(text(store->fetch("a", 5)) == "(none)");
  BOOST_TEST(!database->position("counts", kChangelog).has_value());
}

BOOST_AUTO_TEST_CASE(start_a_store_empty_if_its_headers_format_changed) {
  const TempDirectory directory;
  const auto found = [&](bool headers) {
    auto database = TaskDatabase::open(directory.path());
    database->expect_headers("counts", headers);
    auto store = database->key_value_store("counts");
    auto value = text(store->get("a")) + (database->position("counts", kChangelog) ? ", offset" : "");
    store->put("a", headers ? "with" : "without");
    database->commit({{"counts", {{kChangelog, Offset(7)}}}});
    return value;
  };
  BOOST_TEST(found(false) == "(none)");
  BOOST_TEST(found(false) == "without, offset");
  BOOST_TEST(found(true) == "(none)");
  BOOST_TEST(found(true) == "with, offset");
  BOOST_TEST(found(false) == "(none)");
}

BOOST_AUTO_TEST_CASE(damage_is_told_apart_from_other_errors) {
  const TempDirectory directory;
  {
    auto database = TaskDatabase::open(directory.path());
    auto store = database->key_value_store("counts");
    store->put("a", "1");
    database->commit({{"counts", {{kChangelog, Offset(7)}}}});
    database->flush();
  }
  std::filesystem::path manifest;
  std::filesystem::path table;
  for (const auto& file : std::filesystem::directory_iterator(directory.path())) {
    if (file.path().filename().string().starts_with("MANIFEST-")) manifest = file.path();
    if (file.path().extension() == ".sst") table = file.path();
  }
  BOOST_REQUIRE(!manifest.empty());
  BOOST_REQUIRE(!table.empty());

  const auto kept = directory.path() / "kept";
  std::filesystem::rename(table, kept);
  BOOST_CHECK_THROW((void)TaskDatabase::open(directory.path()), StateCorruptedException);
  std::filesystem::rename(kept, table);
  BOOST_TEST(TaskDatabase::open(directory.path())->position("counts", kChangelog).value() == Offset(7));

  for (const auto& file : std::filesystem::directory_iterator(directory.path())) {
    if (file.path().filename().string().starts_with("MANIFEST-")) std::ofstream(file.path()) << "not a manifest";
  }
  BOOST_CHECK_THROW((void)TaskDatabase::open(directory.path()), StateCorruptedException);

  std::filesystem::remove(directory.path() / "CURRENT");
  BOOST_CHECK_THROW((void)TaskDatabase::open(directory.path()), StateCorruptedException);
}

BOOST_AUTO_TEST_CASE(name_store_and_directory_of_damage_found_by_a_read) {
  const TempDirectory directory;
  {
    auto database = TaskDatabase::open(directory.path());
    auto store = database->key_value_store("counts");
    for (int i = 0; i < 1000; ++i) store->put("key" + std::to_string(i), "value " + std::to_string(i * 7919));
    database->commit({});
    database->flush();
  }
  for (const auto& file : std::filesystem::directory_iterator(directory.path())) {
    if (file.path().extension() != ".sst" || file.file_size() < 4000) continue;
    std::fstream table(file.path(), std::ios::in | std::ios::out | std::ios::binary);
    table.seekp(100);
    table << std::string(1000, '?');
  }
  auto database = TaskDatabase::open(directory.path());
  auto store = database->key_value_store("counts");
  const auto tells = [&](const StateCorruptedException& error) {
    const std::string text = error.what();
    return text.find("'counts'") != std::string::npos && text.find(directory.path().string()) != std::string::npos;
  };
  BOOST_CHECK_EXCEPTION((void)store->get("key1"), StateCorruptedException, tells);
  BOOST_CHECK_EXCEPTION((void)store->range(std::nullopt, std::nullopt), StateCorruptedException, tells);
}

BOOST_AUTO_TEST_CASE(a_directory_that_cannot_be_made_is_an_error_that_names_it) {
  const TempDirectory directory;
  std::ofstream(directory.path() / "file") << "x";
  BOOST_CHECK_EXCEPTION((void)TaskDatabase::open(directory.path() / "file" / "0_0"), ProcessorStateException,
                        [&](const ProcessorStateException& error) {
                          return std::string(error.what()).find((directory.path() / "file").string()) !=
                                 std::string::npos;
                        });
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace millrace::detail
