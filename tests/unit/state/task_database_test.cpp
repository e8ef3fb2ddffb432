#define BOOST_TEST_DYN_LINK
#include "state/task_database.hpp"

#include <boost/test/unit_test.hpp>
#include <fstream>
#include <string>

#include "unit/state/temp_directory.hpp"

namespace millrace::detail {

namespace {

const TopicPartition kChangelog{"app-counts-changelog", 0};
const TopicPartition kOther{"app-other-changelog", 0};

std::string text(BytesView bytes) { return bytes ? std::string(*bytes) : "(none)"; }

}  // namespace

BOOST_AUTO_TEST_SUITE(TaskDatabases)

BOOST_AUTO_TEST_CASE(a_commit_survives_reopening_and_the_rest_does_not) {
  const TempDirectory directory;
  {
    auto database = TaskDatabase::open(directory.path() / "0_0");
    auto store = database->key_value_store("counts");
    BOOST_TEST(!database->changelog_offset(kChangelog).has_value());
    store->put("a", "1");
    BOOST_TEST(database->uncommitted_bytes() > 0);
    database->commit({{kChangelog, 7}});
    BOOST_TEST(database->uncommitted_bytes() == 0);
    store->put("b", "2");
    BOOST_TEST(text(store->get("b")) == "2");
  }
  auto database = TaskDatabase::open(directory.path() / "0_0");
  auto store = database->key_value_store("counts");
  BOOST_TEST(text(store->get("a")) == "1");
  BOOST_TEST(text(store->get("b")) == "(none)");
  BOOST_TEST(database->changelog_offset(kChangelog).value() == 7);
}

BOOST_AUTO_TEST_CASE(a_commit_keeps_the_offsets_that_it_does_not_name) {
  const TempDirectory directory;
  {
    auto database = TaskDatabase::open(directory.path());
    database->commit({{kChangelog, 7}});
    database->commit({{kOther, 3}});
    BOOST_TEST(database->changelog_offset(kChangelog).value() == 7);
  }
  auto database = TaskDatabase::open(directory.path());
  BOOST_TEST(database->changelog_offset(kChangelog).value() == 7);
  BOOST_TEST(database->changelog_offset(kOther).value() == 3);
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
  BOOST_TEST(!database->changelog_offset(kChangelog).has_value());
}

BOOST_AUTO_TEST_CASE(wiping_a_store_deletes_its_data_and_its_offset_and_nothing_else) {
  const TempDirectory directory;
  {
    auto database = TaskDatabase::open(directory.path());
    auto counts = database->key_value_store("counts");
    auto other = database->key_value_store("other");
    counts->put("a", "1");
    other->put("a", "1");
    database->commit({{kChangelog, 7}, {kOther, 8}});
    counts->put("b", "2");
    other->put("b", "2");
    database->wipe("counts");
    BOOST_TEST(text(counts->get("a")) == "(none)");
    BOOST_TEST(text(counts->get("b")) == "(none)");
    BOOST_TEST(text(other->get("b")) == "2");
    BOOST_TEST(!database->changelog_offset(kChangelog).has_value());
    BOOST_TEST(database->changelog_offset(kOther).value() == 8);
    counts->put("c", "3");
    database->commit({{kChangelog, 1}});
  }
  auto database = TaskDatabase::open(directory.path());
  auto counts = database->key_value_store("counts");
  BOOST_TEST(text(counts->get("a")) == "(none)");
  BOOST_TEST(text(counts->get("c")) == "3");
  BOOST_TEST(database->changelog_offset(kChangelog).value() == 1);
}

BOOST_AUTO_TEST_CASE(a_store_that_changed_its_kind_or_retention_starts_empty) {
  const TempDirectory directory;
  {
    auto database = TaskDatabase::open(directory.path());
    auto store = database->key_value_store("counts");
    store->put("a", "1");
    database->commit({{kChangelog, 7}});
  }
  {
    auto database = TaskDatabase::open(directory.path());
    auto store = database->window_store("counts", {600'000, 1000, false});
    BOOST_TEST(!database->changelog_offset(kChangelog).has_value());
    store->put("a", "1", 5);
    database->commit({{kChangelog, 8}});
  }
  {
    auto database = TaskDatabase::open(directory.path());
    auto store = database->window_store("counts", {600'000, 1000, false});
    BOOST_TEST(text(store->fetch("a", 5)) == "1");
    BOOST_TEST(database->changelog_offset(kChangelog).value() == 8);
  }
  auto database = TaskDatabase::open(directory.path());
  auto store = database->window_store("counts", {6'000'000, 1000, false});
  BOOST_TEST(text(store->fetch("a", 5)) == "(none)");
  BOOST_TEST(!database->changelog_offset(kChangelog).has_value());
}

BOOST_AUTO_TEST_CASE(a_store_whose_values_have_headers_or_none_unlike_before_starts_empty) {
  const TempDirectory directory;
  const auto found = [&](bool headers) {
    auto database = TaskDatabase::open(directory.path());
    database->expect_headers("counts", headers);
    auto store = database->key_value_store("counts");
    auto value = text(store->get("a")) + (database->changelog_offset(kChangelog) ? ", offset" : "");
    store->put("a", headers ? "with" : "without");
    database->commit({{kChangelog, 7}});
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
    database->commit({{kChangelog, 7}});
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
  BOOST_TEST(TaskDatabase::open(directory.path())->changelog_offset(kChangelog).value() == 7);

  for (const auto& file : std::filesystem::directory_iterator(directory.path())) {
    if (file.path().filename().string().starts_with("MANIFEST-")) std::ofstream(file.path()) << "not a manifest";
  }
  BOOST_CHECK_THROW((void)TaskDatabase::open(directory.path()), StateCorruptedException);

  std::filesystem::remove(directory.path() / "CURRENT");
  BOOST_CHECK_THROW((void)TaskDatabase::open(directory.path()), StateCorruptedException);
}

BOOST_AUTO_TEST_CASE(damage_that_only_a_read_finds_is_told_with_the_store_and_the_directory) {
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
