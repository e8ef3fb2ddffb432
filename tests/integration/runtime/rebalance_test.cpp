// SPDX-License-Identifier: Apache-2.0
// Instances of an application that join and leave the group.
#define BOOST_TEST_DYN_LINK
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <thread>

#include "integration/runtime/world.hpp"

namespace millrace::runtime_test {
namespace {

namespace data = boost::unit_test::data;

/// Several instances of applications in this process.
struct Cluster : World {
  /// Adds an instance with its own state directory.
  App& add(const Topology& topology, const std::string& application_id, const std::string& guarantee,
           const std::vector<std::pair<std::string, std::string>>& more = {}) {
    directories_.push_back(std::make_unique<TempDir>());
    auto settings = config(application_id, guarantee, directories_.back()->path());
    for (const auto& [key, value] : more) settings.set(key, value);
    apps.push_back(std::make_unique<App>(*this, topology, settings));
    return *apps.back();
  }

 private:
  std::vector<std::unique_ptr<TempDir>> directories_;  // outlive the applications

 public:
  std::vector<std::unique_ptr<App>> apps;
};

bool is_running(const App& app) { return app.streams.state() == Streams::State::running; }

BOOST_FIXTURE_TEST_SUITE(Rebalance, Cluster)

BOOST_DATA_TEST_CASE(counts_stay_right_while_instances_join_and_leave, data::make({"at_least_once", "exactly_once_v2"}),
                     guarantee) {
  const std::string in = topic("in", 4);
  const std::string out = topic("out", 2);
  const auto topology = counting_values(in, out);
  const std::string id = unique("app");
  int written = 0;
  const auto write_more = [&] {
    write(in, keyed(500, 10));
    written += 500;
  };
  write_more();
  App& first = add(topology, id, guarantee, {{"num.stream.threads", "2"}});
  first.run_until_running();
  write_more();
  App& second = add(topology, id, guarantee);
  second.run_until_running();
  write_more();
  wait_until("both run", [&] { return is_running(first) && is_running(second); });
  wait_until("the second gets work", [&] {
    if (second.streams.counters().processed_records > 0) return true;
    write_more();
    return false;
  });
  BOOST_CHECK(first.streams.close(kPatience));
  write_more();
  App& third = add(topology, id, guarantee, {{"num.stream.threads", "2"}});
  third.run_until_running();
  write_more();
  wait_until_counted(out, written, 10);
  BOOST_CHECK(second.streams.close(kPatience));
  write_more();
  wait_until_counted(out, written, 10);
  BOOST_CHECK(third.streams.close(kPatience));
  if (std::string(guarantee) == "exactly_once_v2") check_counted_once(read(out), written);
  for (const auto& app : apps) BOOST_CHECK(app->failures().empty());
}

BOOST_AUTO_TEST_CASE(a_closed_instance_is_not_waited_for) {
  const std::string in = topic("in", 2);
  const std::string out = topic("out");
  const std::string id = unique("app");
  // The test would take too long if the next instance had to wait for the session timeout of this one.
  const std::vector<std::pair<std::string, std::string>> slow{{"consumer.session.timeout.ms", "300000"}};
  App& first = add(counting(in, out), id, "exactly_once_v2", slow);
  write(in, keyed(10, 2));
  first.run_until_running();
  (void)read_count(out, 10);
  BOOST_CHECK(first.streams.close(kPatience));
  App& second = add(counting(in, out), id, "exactly_once_v2", slow);
  write(in, keyed(10, 2));
  second.run_until_running();
  (void)read_count(out, 20);
  BOOST_CHECK(second.streams.close(kPatience));
  check_counted_once(read(out), 20);
}

// The second instance is closed before the first one has given tasks back. So it has no partitions yet. It must tell
// the group that it leaves, although it has none.
BOOST_DATA_TEST_CASE(an_instance_that_is_closed_while_it_joins_leaves_no_task_behind,
                     data::make({300, 1000, 1900, 2300}), lifetime_ms) {
  const std::string in = topic("in", 4);
  const std::string out = topic("out");
  const std::string id = unique("app");
  // The first instance learns about the second one with its next heartbeat.
  const std::vector<std::pair<std::string, std::string>> slow{{"consumer.session.timeout.ms", "300000"},
                                                              {"consumer.heartbeat.interval.ms", "2000"}};
  App& first = add(counting(in, out), id, "at_least_once", slow);
  first.run_until_running();
  App& second = add(counting(in, out), id, "at_least_once", slow);
  second.start();
  std::this_thread::sleep_for(Millis(lifetime_ms));
  BOOST_CHECK(second.streams.close(kPatience));
  write(in, keyed(400, 40));
  wait_until_counted(out, 400, 40);
  BOOST_CHECK(first.streams.close(kPatience));
}

BOOST_AUTO_TEST_CASE(an_instance_without_tasks_runs) {
  const std::string in = topic("in", 1);
  const std::string out = topic("out");
  const std::string id = unique("app");
  App& first = add(counting(in, out), id, "exactly_once_v2", {{"num.stream.threads", "3"}});
  first.run_until_running();
  App& idle = add(counting(in, out), id, "exactly_once_v2");
  idle.run_until_running();
  write(in, keyed(10, 2));
  (void)read_count(out, 10);
  wait_until("both run", [&] { return is_running(first) && is_running(idle); });
}

BOOST_AUTO_TEST_CASE(a_failed_instance_leaves_the_group_at_once) {
  const std::string in = topic("in", 2);
  const std::string out = topic("out");
  const std::string id = unique("app");
  const std::vector<std::pair<std::string, std::string>> slow{{"consumer.session.timeout.ms", "300000"}};
  App& failing = add(counting(in, out), id, "exactly_once_v2", slow);
  // A value that is not UTF-8 makes the instance fail.
  write(in, {{"\xff", "v", 1, {}, 0}});
  failing.start();
  wait_until("ERROR", [&] { return failing.streams.state() == Streams::State::error; });
  // No one calls close(): the failed application has left the group by itself.
  App& next = add(counting(in, out), id, "exactly_once_v2",
                  {slow[0], {"deserialization.exception.handler", "log-and-continue"}});
  next.run_until_running();
  write(in, keyed(10, 2));
  (void)read_count(out, 10);
  BOOST_CHECK(next.streams.close(kPatience));
  check_counted_once(read(out), 10);
  BOOST_CHECK_EQUAL(next.streams.counters().dropped_records, 1U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace millrace::runtime_test
