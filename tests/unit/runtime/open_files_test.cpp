// SPDX-License-Identifier: Apache-2.0
// Whether the limit of open files (`ulimit -n`) is enough for a topology.
#define BOOST_TEST_DYN_LINK
#include "runtime/open_files.hpp"

#include <boost/test/unit_test.hpp>

#include "millrace/dsl/kgrouped_stream.hpp"
#include "support/captured_stderr.hpp"
#include "unit/runtime/planned.hpp"

namespace millrace::detail {
namespace {

/// Counts `in`, which has so many partitions.
struct Counting {
  explicit Counting(std::int32_t partitions) : admin({{"in", partitions}}) {
    StreamsBuilder builder;
    stream(builder, "in").group_by_key().count(Materialized::as("counts"));
    topology.emplace(builder.build());
  }
  OpenFiles needed(const StreamsConfig& config = {}, std::int64_t threads = 1, bool embedded = false) {
    return open_files(plan(*topology, admin), topology->internal(), config, threads, embedded);
  }

  FakeAdmin admin;
  std::optional<Topology> topology;
};

BOOST_AUTO_TEST_SUITE(OpenFilesSuite)

BOOST_AUTO_TEST_CASE(grow_with_partitions_threads_and_stores) {
  const OpenFiles few = Counting(2).needed();
  const OpenFiles many = Counting(100).needed();
  BOOST_CHECK_EQUAL(few.tasks, 2U);
  BOOST_CHECK_EQUAL(many.tasks, 100U);
  BOOST_CHECK_EQUAL(few.of_clients, many.of_clients);
  BOOST_CHECK_EQUAL(many.of_stores, 50 * few.of_stores);
  BOOST_CHECK_EQUAL(many.all - few.all, many.of_stores - few.of_stores);
  BOOST_CHECK_GT(Counting(2).needed({}, 8).of_clients, few.of_clients);
}

BOOST_AUTO_TEST_CASE(are_few_without_stores_on_disk) {
  StreamsConfig config;
  config.set("default.dsl.store", "in_memory");
  const OpenFiles needed = Counting(100).needed(config);
  BOOST_CHECK_EQUAL(needed.tasks, 0U);
  BOOST_CHECK_EQUAL(needed.of_stores, 0U);
  const Counting counting(1);
  BOOST_CHECK_LT(least_open_files(counting.topology->internal(), config, 1, true),
                 least_open_files(counting.topology->internal(), {}, 1, true));
}

BOOST_AUTO_TEST_CASE(that_suffice_are_no_news) {
  const OpenFiles needed = Counting(10).needed();
  const CapturedStderr log;
  warn_of_few_open_files(needed, std::nullopt, "app");
  warn_of_few_open_files(needed, needed.all, "app");
  require_open_files(100, std::nullopt, "app");
  require_open_files(100, 100, "app");
  BOOST_CHECK_EQUAL(log.text(), "");
}

BOOST_AUTO_TEST_CASE(that_do_not_suffice_for_all_tasks_are_warned_of) {
  const OpenFiles needed = Counting(100).needed();
  const CapturedStderr log;
  warn_of_few_open_files(needed, 1024, "app");
  const std::string text = log.text();
  for (const std::string& part : {std::string("only 1024 files"), std::string("ulimit -n"), std::string("100 tasks"),
                                  "raise the limit to " + std::to_string(needed.all)}) {
    BOOST_CHECK_MESSAGE(text.find(part) != std::string::npos, "'" << part << "' is not in: " << text);
  }
}

BOOST_AUTO_TEST_CASE(that_do_not_suffice_for_one_task_are_refused) {
  BOOST_CHECK_EXCEPTION(require_open_files(100, 99, "app"), StreamsException, [&](const StreamsException& error) {
    const std::string text = error.what();
    return text.find("app: this process may have only 99 files") == 0 && text.find("about 100") != std::string::npos;
  });
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace millrace::detail
