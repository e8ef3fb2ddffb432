// SPDX-License-Identifier: Apache-2.0
// Limits of the machine: a full disk, and too many open files.
#define BOOST_TEST_DYN_LINK
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <map>
#include <string>

#include "integration/runtime/world.hpp"
#include "support/captured_stderr.hpp"
#include "support/limits.hpp"

namespace millrace::runtime_test {
namespace {

namespace data = boost::unit_test::data;

const auto kGuarantees = data::make({"at_least_once", "exactly_once_v2"});

/// Long keys that do not compress.
std::vector<Input> long_keys(int count) {
  std::vector<Input> records;
  std::uint64_t state = 42;
  for (int i = 0; i < count; ++i) {
    std::string key = std::to_string(i) + "-";
    while (key.size() < 1000) {
      state = state * 6364136223846793005u + 1442695040888963407u;
      key += static_cast<char>('0' + (state >> 58));
    }
    records.push_back({key, "v"});
  }
  return records;
}

BOOST_FIXTURE_TEST_SUITE(Limits, World)

BOOST_DATA_TEST_CASE(of_the_disk_end_the_application_and_cost_no_record, kGuarantees, guarantee) {
  constexpr int kRecords = 20'000;
  const std::string in = topic("in", 2);
  const std::string out = topic("out");
  const std::string id = unique("app");
  SmallDisk disk(16u << 20);
  const auto settings = config(id, guarantee, disk.path()).set("commit.interval.ms", "100");
  write(in, long_keys(kRecords));
  {
    App app(*this, counting(in, out), settings);
    app.start();
    BOOST_REQUIRE(app.streams.wait_for(kPatience));
    BOOST_CHECK(app.streams.state() == Streams::State::error);
    const std::string error = app.streams.error();
    BOOST_CHECK_MESSAGE(error.find(disk.complaint()) != std::string::npos, error);
    BOOST_CHECK_MESSAGE(error.find(disk.path().string()) != std::string::npos, error);
  }
  disk.grow(256u << 20);
  App app(*this, counting(in, out), settings);
  app.run_until_running();
  // The input has each key once.
  std::map<std::string, std::vector<std::int64_t>> by_key;
  wait_until("all keys in " + out, [&] {
    by_key = counts(read(out));
    return by_key.size() == static_cast<std::size_t>(kRecords);
  });
  BOOST_CHECK(app.streams.close(kPatience));
  for (const auto& [key, values] : by_key) {
    for (const std::int64_t value : values) BOOST_REQUIRE_EQUAL(value, 1);
    if (std::string(guarantee) == "exactly_once_v2") BOOST_REQUIRE_EQUAL(values.size(), 1U);
  }
}

BOOST_AUTO_TEST_CASE(of_open_files_that_cannot_suffice_refuse_the_start) {
  const std::string in = topic("in", 2);
  const std::string out = topic("out");
  const TempDir state;
  App app(*this, counting(in, out), config(unique("app"), "at_least_once", state.path()));
  // The broker of this test has already opened files. Their numbers may be higher than the limit; the limit is only for
  // new files.
  const ResourceLimit limit(RLIMIT_NOFILE, 20);
  BOOST_CHECK_EXCEPTION(app.start(), StreamsException, [](const StreamsException& error) {
    const std::string text = error.what();
    return text.find("only 20 files and sockets open (ulimit -n)") != std::string::npos &&
           text.find("raise the limit to") != std::string::npos;
  });
}

BOOST_AUTO_TEST_CASE(of_temporary_directories_are_warned_of) {
  const TempDir state;
  const CapturedStderr log;
  const App app(*this, counting("in", "out"), config(unique("app"), "at_least_once", state.path()));
  // The embedded broker of this test keeps its records in a temporary directory too, so there is no warning with it.
  const bool warned = log.text().find("the state is kept in " + state.path().string()) != std::string::npos;
  BOOST_CHECK_EQUAL(warned, on_kafka());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace millrace::runtime_test
