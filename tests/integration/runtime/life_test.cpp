// SPDX-License-Identifier: Apache-2.0
// How an application starts, changes its state and ends.
#define BOOST_TEST_DYN_LINK
#include <algorithm>
#include <atomic>
#include <boost/test/unit_test.hpp>

#include "integration/runtime/world.hpp"
#include "millrace/dsl/streams_builder.hpp"
#include "millrace/serde/primitives.hpp"

namespace millrace::runtime_test {
namespace {

using States = std::vector<std::string>;

struct Life : World {
  std::string in = topic("in", 2);
  std::string out = topic("out");
  std::string id = unique("app");
  TempDir state;

  [[nodiscard]] StreamsConfig settings() const { return config(id, "exactly_once_v2", state.path()); }

  /// Copies records, and throws at the values "fail" and "fail strangely".
  [[nodiscard]] Topology failing() const {
    StreamsBuilder builder;
    builder.stream<std::string, std::string>(in)
        .peek([](const std::string&, const std::string& value) {
          if (value == "fail") throw std::runtime_error("told to fail");
          if (value == "fail strangely") throw 42;
        })
        .to(out);
    return builder.build();
  }
};

BOOST_FIXTURE_TEST_SUITE(LifeOfAnApplication, Life)

BOOST_AUTO_TEST_CASE(goes_through_its_states_in_order) {
  App app(*this, counting(in, out), settings());
  BOOST_CHECK(app.streams.state() == Streams::State::created);
  app.run_until_running();
  BOOST_CHECK(app.streams.close(kPatience));
  BOOST_CHECK(app.streams.state() == Streams::State::not_running);
  BOOST_TEST(app.states() == (States{"REBALANCING", "RUNNING", "PENDING_SHUTDOWN", "NOT_RUNNING"}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(does_not_start_with_a_topology_without_sources) {
  BOOST_CHECK_EXCEPTION(App(*this, Topology(), settings()), TopologyException, [&](const TopologyException& error) {
    return std::string(error.what()).find("'" + id + "' reads nothing") != std::string::npos;
  });
}

BOOST_AUTO_TEST_CASE(ends_in_the_error_state_after_a_failure) {
  write(in, {{"k", "fail"}});
  App app(*this, failing(), settings());
  app.start();
  BOOST_CHECK(app.streams.wait_for(kPatience));
  BOOST_CHECK(app.streams.state() == Streams::State::error);
  BOOST_CHECK(app.streams.error().find("told to fail") != std::string::npos);
  BOOST_CHECK(app.streams.error().find(in + "-") != std::string::npos);
  // The state is set before its listener is called.
  States heard;
  wait_until("the listener has heard ERROR", [&] {
    heard = app.states();
    return std::ranges::find(heard, "ERROR") != heard.end();
  });
  const States end(heard.end() - 2, heard.end());
  BOOST_TEST(end == (States{"PENDING_ERROR", "ERROR"}), boost::test_tools::per_element());
  BOOST_CHECK(app.streams.close(kPatience));
  BOOST_CHECK(app.streams.state() == Streams::State::error);
}

BOOST_AUTO_TEST_CASE(survives_thrown_objects_that_are_not_std_exceptions) {
  write(in, {{"k", "fail strangely"}});
  App app(*this, failing(), settings());
  app.start();
  BOOST_CHECK(app.streams.wait_for(kPatience));
  BOOST_CHECK(app.streams.state() == Streams::State::error);
  BOOST_TEST(app.streams.error().find("record " + in +
                                      "-0 offset 0 at node KSTREAM-PEEK-0000000001 (task 0_0): threw "
                                      "the number 42, which is not a std::exception") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(does_not_replace_a_failing_thread_in_a_tight_loop) {
  write(in, {{"k", "fail"}});
  App app(*this, failing(), settings());
  app.response = Streams::ExceptionResponse::replace_thread;
  app.start();
  wait_until("four failures", [&] { return app.failures().size() >= 4; });
  const auto before = app.failures().size();
  const auto start = std::chrono::steady_clock::now();
  wait_until("one more", [&] { return app.failures().size() > before; });
  BOOST_CHECK(std::chrono::steady_clock::now() - start > Millis(300));
  BOOST_CHECK(app.streams.close(kPatience));
  BOOST_CHECK(app.streams.state() == Streams::State::not_running);
}

BOOST_AUTO_TEST_CASE(tells_whether_its_last_work_was_committed) {
  /// Cannot commit while `broken` is set.
  struct Hook final : Processor<std::string, std::string> {
    explicit Hook(const std::atomic<bool>& is_broken) : broken(is_broken) {}
    void process(Record<std::string, std::string> record) override { context().forward(std::move(record)); }
    void prepare_commit() override {
      if (broken) throw std::runtime_error("cannot commit");
    }
    const std::atomic<bool>& broken;
  };
  for (const bool fails : {false, true}) {
    std::atomic<bool> broken = false;
    StreamsBuilder builder;
    builder.stream<std::string, std::string>(in).process([&broken] { return std::make_unique<Hook>(broken); }).to(out);
    App app(*this, builder.build(),
            settings().set("processing.guarantee", "at_least_once").set("commit.interval.ms", "3600000"));
    BOOST_TEST(!app.streams.closed_cleanly());
    app.run_until_running();
    write(in, {{"k", "v"}});
    wait_until("the record", [&] { return app.streams.counters().processed_records > 0; });
    BOOST_TEST(!app.streams.closed_cleanly());
    broken = fails;
    BOOST_TEST(app.streams.close(kPatience));
    BOOST_TEST(app.streams.closed_cleanly() == !fails);
    BOOST_CHECK(app.streams.state() == Streams::State::not_running);
  }
}

BOOST_AUTO_TEST_CASE(may_be_closed_by_its_own_listeners) {
  write(in, {{"k", "fail"}});
  App app(*this, failing(), settings());
  std::atomic<bool> asked{false};
  std::atomic<bool> closed{true};
  app.streams.set_uncaught_exception_handler([&](const std::exception&) {
    closed = app.streams.close(kPatience);
    asked = true;
    return Streams::ExceptionResponse::replace_thread;
  });
  app.start();
  BOOST_CHECK(app.streams.wait_for(kPatience));
  BOOST_CHECK(asked);
  BOOST_CHECK(!closed);  // it cannot wait for itself
  BOOST_CHECK(app.streams.state() == Streams::State::not_running);
}

BOOST_AUTO_TEST_CASE(may_be_closed_by_its_state_listener_on_the_callers_thread) {
  App app(*this, counting(in, out), settings());
  std::atomic<int> calls{0};
  // The first call comes from start(), the second from close() in the first.
  std::atomic<bool> waited{false};
  app.streams.set_state_listener([&](Streams::State, Streams::State) {
    ++calls;
    if (app.streams.close(kPatience)) waited = true;
  });
  app.start();
  BOOST_CHECK(app.streams.wait_for(kPatience));
  BOOST_CHECK(app.streams.close(kPatience));
  BOOST_CHECK(app.streams.state() == Streams::State::not_running);
  BOOST_CHECK(!waited);
  BOOST_CHECK_EQUAL(calls, 3);  // REBALANCING, PENDING_SHUTDOWN, NOT_RUNNING
}

BOOST_AUTO_TEST_CASE(may_be_closed_by_its_state_listener_while_close_waits) {
  App app(*this, counting(in, out), settings());
  std::atomic<bool> called{false};
  app.streams.set_state_listener([&](Streams::State now, Streams::State) {
    if (now == Streams::State::pending_shutdown) called = !app.streams.close(kPatience);
  });
  app.run_until_running();
  BOOST_CHECK(app.streams.close(kPatience));
  BOOST_CHECK(app.streams.state() == Streams::State::not_running);
  BOOST_CHECK(called);
}

BOOST_AUTO_TEST_CASE(is_not_hurt_by_listeners_that_throw) {
  write(in, {{"k", "fail"}});
  App app(*this, failing(), settings());
  app.streams.set_state_listener([](Streams::State, Streams::State) { throw std::runtime_error("listener"); });
  app.streams.set_uncaught_exception_handler(
      [](const std::exception&) -> Streams::ExceptionResponse { throw std::runtime_error("handler"); });
  app.start();
  BOOST_CHECK(app.streams.wait_for(kPatience));
  BOOST_CHECK(app.streams.state() == Streams::State::error);
}

BOOST_AUTO_TEST_CASE(can_be_closed_before_it_started_and_more_than_once) {
  App app(*this, counting(in, out), settings());
  BOOST_CHECK(app.streams.close(kPatience));
  BOOST_CHECK(app.streams.close(kPatience));
  BOOST_CHECK(app.streams.state() == Streams::State::not_running);
  BOOST_CHECK_THROW(app.streams.start(), StreamsException);
  // The directory is free again.
  App next(*this, counting(in, out), settings());
  next.run_until_running();
}

BOOST_AUTO_TEST_CASE(refuses_wrong_client_settings_before_it_starts) {
  const std::tuple<const char*, const char*, const char*> cases[] = {
      {"consumer.fetch.min.byte", "2", "did you mean 'fetch.min.bytes'?"},
      {"main.consumer.max.poll.record", "2", "did you mean 'max.poll.records'?"},
      {"global.consumer.fetch.min.bytes", "many", "'fetch.min.bytes'"},
      {"restore.consumer.fetch.min.bytes", "many", "'fetch.min.bytes'"},
      {"consumer.max.poll.records", "0", "'max.poll.records'"},
      {"producer.compression.type", "zipp", "'zipp'"},
      {"producer.linger.ms", "never", "'linger.ms'"},
      {"producer.linger.mss", "2", "did you mean 'linger.ms'?"},
  };
  for (const auto& [key, value, message] : cases) {
    BOOST_TEST_CONTEXT(key) {
      BOOST_CHECK_EXCEPTION(
          Streams(counting(in, out), settings().set(key, value), broker), ConfigException,
          [&](const ConfigException& error) { return std::string(error.what()).find(message) != std::string::npos; });
    }
  }
}

BOOST_AUTO_TEST_CASE(does_not_start_without_its_topics) {
  App app(*this, counting("no-such-topic", "no-output"), settings());
  BOOST_CHECK_EXCEPTION(app.start(), TopologyException, [](const TopologyException& error) {
    const std::string text = error.what();
    return text.find("'no-such-topic' (source") != std::string::npos &&
           text.find("'no-output' (sink") != std::string::npos;
  });
  BOOST_CHECK(app.streams.close(kPatience));
}

BOOST_AUTO_TEST_CASE(does_not_start_a_join_of_unequal_topics) {
  const std::string other = topic("other", 3);
  StreamsBuilder builder;
  builder.stream<std::string, std::string>(in)
      .join(
          builder.stream<std::string, std::string>(other),
          [](const std::string& l, const std::string& r) { return l + r; },
          JoinWindows::of_time_difference_and_grace(1s, 1s))
      .to(out);
  App app(*this, builder.build(), settings());
  BOOST_CHECK_EXCEPTION(app.start(), TopologyException, [&](const TopologyException& error) {
    const std::string text = error.what();
    return text.find(in) != std::string::npos && text.find(other) != std::string::npos;
  });
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace millrace::runtime_test
