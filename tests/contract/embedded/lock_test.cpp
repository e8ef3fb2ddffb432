// SPDX-License-Identifier: Apache-2.0
#define BOOST_TEST_DYN_LINK
#include <atomic>
#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <fstream>
#include <thread>

#include "broker/embedded/storage.hpp"
#include "contract/contract.hpp"
#include "contract/embedded/writer_process.hpp"
#include "millrace/common/errors.hpp"
#include "support/temp_dir.hpp"

using namespace millrace;
using namespace millrace::detail;
using namespace millrace::contract;

namespace {

auto says(const std::string& what) {
  return [what](const StreamsException& error) { return std::string(error.what()).find(what) != std::string::npos; };
}

}  // namespace

BOOST_AUTO_TEST_SUITE(ADirectory)

BOOST_AUTO_TEST_CASE(is_open_in_one_process_at_a_time) {
  const TempDir directory;
  const std::string path = directory.path().string();
  WriterProcess writer(directory.path(), "open");
  BOOST_REQUIRE_EQUAL(writer.next_confirmed(), 0);
  BOOST_CHECK_EXCEPTION((void)Broker::embedded(path), LockException, says(path));
  BOOST_CHECK_EXCEPTION((void)Broker::embedded(path), LockException, says("process " + std::to_string(writer.id())));
  writer.kill();
  BOOST_CHECK_NO_THROW((void)Broker::embedded(path));
}

BOOST_AUTO_TEST_CASE(is_for_its_user_alone) {
  using std::filesystem::perms;
  const auto rights = [](const std::filesystem::path& path) { return std::filesystem::status(path).permissions(); };
  const TempDir directory;
  const auto made = directory.path() / "a" / "made";
  (void)Broker::embedded(made.string());
  BOOST_CHECK(rights(made) == perms::owner_all);
  // If the directory exists and other users may read it, only the database in it is hidden from them.
  const auto given = directory.path() / "given";
  std::filesystem::create_directory(given);
  std::filesystem::permissions(given, perms::owner_all | perms::group_all | perms::others_all);
  for (int start = 0; start < 2; ++start) {
    (void)Broker::embedded(given.string());
    BOOST_CHECK(rights(given) == perms::all);
    BOOST_CHECK(rights(given / "db") == perms::owner_all);
    BOOST_CHECK(rights(given / "broker.lock") == (perms::owner_read | perms::owner_write));
    // The permissions that an earlier version has left.
    std::filesystem::permissions(given / "db", perms::owner_all | perms::others_read | perms::others_exec);
  }
}

BOOST_AUTO_TEST_CASE(is_one_broker_within_a_process_however_its_path_is_spelled) {
  const TempDir directory;
  const auto one = Broker::embedded(directory.path().string());
  const auto other = Broker::embedded((directory.path() / "x" / ".." / ".").string());
  NewTopic topic;
  topic.name = "shared";
  one->make_admin()->create_topic(topic, kPatience);
  BOOST_CHECK(other->make_admin()->describe_topic("shared", kPatience));
}

BOOST_AUTO_TEST_CASE(is_kept_open_by_clients_and_free_after_the_last_of_them) {
  const TempDir directory;
  const std::string path = directory.path().string();
  auto broker = Broker::embedded(path);
  auto admin = broker->make_admin();
  broker.reset();
  BOOST_CHECK(admin->list_topics(kPatience).empty());
  BOOST_CHECK_NO_THROW((void)Broker::embedded(path));  // shares what the client keeps open
  admin.reset();
  WriterProcess writer(directory.path(), "open");
  BOOST_CHECK_EQUAL(writer.next_confirmed(), 0);
}

BOOST_AUTO_TEST_CASE(may_be_opened_and_closed_by_many_threads_at_once) {
  const TempDir directory;
  std::atomic<int> opened{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 5; ++i) {
        (void)Broker::embedded(directory.path().string())->make_admin()->list_topics(kPatience);
        ++opened;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  BOOST_CHECK_EQUAL(opened, 20);
}

BOOST_AUTO_TEST_CASE(is_named_when_it_cannot_be_created) {
  const TempDir directory;
  const auto file = directory.path() / "file";
  std::ofstream(file) << "in the way";
  const std::string path = (file / "broker").string();
  BOOST_CHECK_EXCEPTION((void)Broker::embedded(path), StreamsException, says(path));
}

BOOST_AUTO_TEST_CASE(is_refused_if_it_has_another_format_version) {
  const TempDir directory;
  {
    embedded::Storage storage(directory.path());
    embedded::Storage::Changes changes(storage);
    changes.put(embedded::format::version_key(), embedded::format::encode_u32(99));
    changes.write();
  }
  BOOST_CHECK_EXCEPTION((void)Broker::embedded(directory.path().string()), StreamsException, says("format version 99"));
}

BOOST_AUTO_TEST_SUITE_END()
